"""Lines that were meant as commands and by a slip are none: a space before ` /op PASSWORD`.

A line that carries a secret is never sent to a room, whoever typed it. It is not obeyed either,
since the text before the command may be intended.
"""

import re
from collections.abc import Sequence
from functools import cache
from operator import itemgetter

from gchat.commands.suggestions import SYNONYMS
from gchat.commands.table import TABLE, is_command
from gchat.text.safe import BEHIND_CSI, BEHIND_ESC, as_meant, edited, has_control

_SLASH_FIRST = re.compile(
    rf"(?:[^!-~\x1b\x9b]++|\x1b++{BEHIND_ESC}|\x9b(?:{BEHIND_CSI})?)*+/".encode("latin-1")
)
"""A slash with no visible ASCII character before it. Escape sequences of keys (text/safe.py) count
as invisible, and so do all bytes of non-ASCII characters, which lets too many lines through."""

_PLAIN = frozenset(range(0x21, 0x7F)) - set(b"/")
"""First bytes of lines that cannot be commands."""

_HIDDEN = ("\N{FULLWIDTH SOLIDUS}".encode(), b"\b", b"\x7f", b"\x15")
"""Bytes that may make a command of a line in which _SLASH_FIRST finds none."""

_COMMAND = re.compile(r"/ *([a-z]+)( ?)")
"""The letters of a command, and the space after it."""

_FIRST_WORD = 256
"""Bytes at the beginning of a line in which the word of a command ends, keys included."""

_first_byte = itemgetter(0)


def may_be_commands(lines: Sequence[bytes]) -> bool:
    """Whether any of `lines`, none of which is empty, may be a command or a mistyped one."""
    if not _PLAIN.issuperset(map(_first_byte, lines)) and any(map(_SLASH_FIRST.match, lines)):
        return True
    together = b"\n".join(lines)
    return any(hidden in together for hidden in _HIDDEN)


def is_mistyped_command(line: bytes) -> bool:
    """Whether `line` begins with a command that has the bytes of a key in it, such as an arrow."""
    if not line.startswith(b"/") or line.startswith(b"//"):
        return False
    word = _decoded(line[:_FIRST_WORD]).split(maxsplit=1)[0]
    if word.isascii() and word.isprintable():
        return False
    return has_control(word) or is_command(as_meant(edited(word)))


def secret_in(line: bytes, by_person: bool) -> str | None:
    """The secret command that `line` was meant as, such as `/op`; None if there is none.

    Abbreviations count. From a person, so do words of other chats (`/tell`) and `/op:PASSWORD`; in
    the output of a program these are more likely paths.
    """
    if not (_SLASH_FIRST.match(line) or any(hidden in line for hidden in _HIDDEN)):
        return None
    text = edited(_decoded(line))
    for meant in {as_meant(text), as_meant(text, " ")}:  # an invisible character may separate words
        if secret := _secret_meant(meant, by_person):
            return secret
    return None


def _secret_meant(text: str, by_person: bool) -> str | None:
    command = _COMMAND.match(text)
    if command is None:
        return None
    name, is_whole = f"/{command[1]}", command[2] == " " or command.end() == len(text)
    if by_person and name in _secrets():  # whatever follows: `/op:PASSWORD`
        return name
    if not is_whole:
        return None
    begun = next((secret for secret in _secrets() if secret.startswith(name)), None)
    meant = SYNONYMS.get(name)
    return begun or (meant if by_person and meant in _secrets() else None)


@cache
def _secrets() -> tuple[str, ...]:
    return tuple(name for name, entry in TABLE.items() if entry.secret)


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
