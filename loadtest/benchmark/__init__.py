"""The parts of fanout.py, which races gchat against other servers."""
