"""gchat: a chat server that anyone joins with nothing but `nc`."""

__version__ = "0.1.0"
