"""Tests of gchat.commands, a file for each group."""
