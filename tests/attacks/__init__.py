"""Tests that attack a server, in one way each, while a victim talks on and measures that."""
