"""What may reach a terminal."""

import re

UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab (C0, DEL, C1), and what changes the direction of text."""


def assert_safe(line: bytes) -> None:
    """`line`, without its end, is UTF-8 and cannot drive a terminal."""
    text = line.decode("utf-8", "strict")
    unsafe = UNSAFE.search(text)
    assert unsafe is None, f"{unsafe} in {text!r}"
