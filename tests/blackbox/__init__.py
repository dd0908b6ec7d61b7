"""Tests that start `python gchat.py` as a process and talk to it with real clients."""
