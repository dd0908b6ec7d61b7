"""The history file: what was said, in SQLite. Nothing here knows gevent; all of it may block."""
