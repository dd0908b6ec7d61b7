"""What may reach a terminal."""

import re

UNSAFE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
)
"""Control characters but tab (C0, DEL, C1), what changes the direction of text, and what shows
nothing wherever it stands."""


def assert_safe(line: bytes) -> None:
    """`line`, without its end, is UTF-8 and cannot drive a terminal."""
    text = line.decode("utf-8", "strict")
    unsafe = UNSAFE.search(text)
    assert unsafe is None, f"{unsafe} in {text!r}"
