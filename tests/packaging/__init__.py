"""Tests that build the package, and install it as users do."""
