"""Tests of chat.commands, a file for each group."""
