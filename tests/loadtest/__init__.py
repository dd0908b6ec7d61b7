"""Tests of the load test: that it counts right, and that it finds what a faulty server does."""
