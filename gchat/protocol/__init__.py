"""Bytes and what they mean: lines, telnet, JSON, other protocols. No I/O, no gevent."""
