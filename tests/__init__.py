"""Tests: `unit` calls the modules, `blackbox` starts the program and talks to it."""
