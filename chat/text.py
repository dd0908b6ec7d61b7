"""What may be shown to others, and what may be a name."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import islice

MAX_NAME = 24
"""Characters in a name: IRC servers allow 9 to 30, and a name stands before every line."""

MAX_MARKS = 2
"""Combining marks on one letter: what scripts like हिन्दी need, not what climbs over a line."""

_PLAIN = bytes(range(0x20, 0x7F)) + b"\t"
_ESCAPED = (
    "\x00-\x08\x0a-\x1f\x7f"  # C0 but tab, and DEL
    "\x80-\x9f"  # C1: some terminals obey it even as UTF-8
    "\u2028\u2029"  # separators that some programs take for the end of a line
    "\u202a-\u202e\u2066-\u2069"  # overrides and isolates: text that reads backwards
    "\ufeff"  # a byte order mark in the middle of nowhere
    "\ud800-\udfff"  # bytes that were not UTF-8, as surrogateescape keeps them
)
_UNSAFE = re.compile(f"[{_ESCAPED}]+")

# Letters and marks by their category, but nothing on the screen: fillers, joiners, selectors.
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)


def visible(line: bytes) -> str:
    r"""`line` as text that cannot drive a terminal and is still all there.

    Bytes that are not UTF-8, control characters but tab, and characters that
    change the direction of what follows come out as `\xff` or `\u202e`.
    """
    if not line.translate(None, _PLAIN):  # nearly every line; a hundred times faster
        return line.decode("ascii")
    return escape(line.decode("utf-8", "surrogateescape"))


def escape(text: str) -> str:
    """Like `visible`, for what is text already (names, notices, lines of the server's log)."""
    return _UNSAFE.sub(_escape_run, text)


def _escape_run(match: re.Match[str]) -> str:
    return "".join(map(_escape_one, match[0]))


def _escape_one(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how surrogateescape holds the byte `code & 0xff`
        code &= 0xFF
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class NotAName(ValueError):
    """Why a text cannot be a name, as a clause that a person can read."""


def as_name(text: str) -> str:
    """`text` as a name: 1 to MAX_NAME letters, digits, `-`, `_`, `.`, normalised (NFKC).

    Raises NotAName for anything else, for what looks like an address, and for
    what cannot be seen.
    """
    name = unicodedata.normalize("NFKC", text)
    if not name:
        raise NotAName("it is empty")
    if len(name) > MAX_NAME:
        raise NotAName(f"it has {len(name)} characters, and {MAX_NAME} are the most")
    marks = MAX_MARKS  # none may come before the first letter
    for character in name:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Mc") else 0
        if (
            character in _INVISIBLE
            or marks > MAX_MARKS
            or not (marks or character.isalnum() or character in "-_.")
        ):
            raise NotAName(f"{_naming(character)} cannot be in it, only letters, digits, - _ .")
    if not any(map(str.isalnum, name)):
        raise NotAName("it has neither a letter nor a digit")
    if "." in name and not any(map(str.isalpha, name)):
        raise NotAName("it looks like an address")
    return name


def _naming(character: str) -> str:
    if character == " ":
        return "a space"
    return f"“{character}”" if character.isprintable() else f"U+{ord(character):04X}"


def name_key(name: str) -> str:
    """What two names have in common that count as the same one: upper and lower case are one."""
    return unicodedata.normalize("NFKC", name.casefold())


def listing(names: Iterable[str], total: int, most: int) -> str:
    """`ann`, `ann and bob`, `ann, bob and 310 others`: about `most` of the `total` names.

    Takes no more of `names` than it shows. Empty if there are none.
    """
    # "and 1 other" would be no shorter than the name.
    shown = list(islice(names, total if total <= most + 1 else most))
    if len(shown) < total:
        shown.append(f"{total - len(shown)} others")
    *first, last = shown or [""]
    return f"{', '.join(first)} and {last}" if first else last
