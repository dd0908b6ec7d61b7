"""Lines that were meant as commands, and are none by a slip: a blank before ` /op PASSWORD`.

If it carries a secret, such a line is never said, by anybody; nor is it obeyed, since what stands
before the command may be meant.
"""

import re
from collections.abc import Sequence
from functools import cache
from operator import itemgetter

from gchat.commands.table import MEANT, TABLE, is_command
from gchat.text.safe import BEHIND_CSI, BEHIND_ESC, as_meant, edited, has_control

_SLASH_FIRST = re.compile(
    rf"(?:[^!-~\x1b\x9b]++|\x1b++{BEHIND_ESC}|\x9b(?:{BEHIND_CSI})?)*+/".encode("latin-1")
)
"""A slash, before which no letter, digit or other sign of ASCII is seen: what comes of keys (see
text/safe.py) is not. More than that: all bytes of other characters count as not seen."""

_PLAIN = frozenset(range(0x21, 0x7F)) - set(b"/")
"""First bytes of lines that are nothing of the kind."""

_HIDDEN = ("\N{FULLWIDTH SOLIDUS}".encode(), b"\b", b"\x7f")
"""What may make a command of a line of which that is not seen by its first slash."""

_COMMAND = re.compile(r"/ *([a-z]+)( ?)")
"""The letters of a command, and the blank behind it."""

_FIRST_WORD = 256
"""Bytes in which a command ends, with keys that have come into it."""

_first_byte = itemgetter(0)


def may_be_commands(lines: Sequence[bytes]) -> bool:
    """Whether one of `lines`, of which none is empty, may be a command or be meant as one."""
    if not _PLAIN.issuperset(map(_first_byte, lines)) and any(map(_SLASH_FIRST.match, lines)):
        return True
    together = b"\n".join(lines)
    return any(hidden in together for hidden in _HIDDEN)


def is_mistyped_command(line: bytes) -> bool:
    """Whether `line` begins with one slash and a word that would be a command without a key.

    An arrow, say, has come into the middle of it.
    """
    if not line.startswith(b"/") or line.startswith(b"//"):
        return False
    word = _decoded(line[:_FIRST_WORD]).split(maxsplit=1)[0]
    if word.isascii() and word.isprintable():
        return False
    return has_control(word) or is_command(as_meant(edited(word)))


def secret_in(line: bytes, by_person: bool) -> str | None:
    """The command with which `line` begins, or was meant to, if it carries a secret: `/op`.

    Also if it is cut short. People mean it by words of other chats as well (`/tell`), and write
    `/op:PASSWORD`; in a program's output that is rather a path.
    """
    if not (_SLASH_FIRST.match(line) or any(hidden in line for hidden in _HIDDEN)):
        return None
    text = edited(_decoded(line))
    for meant in {as_meant(text), as_meant(text, " ")}:  # what is not seen may part two words
        if secret := _secret_meant(meant, by_person):
            return secret
    return None


def _secret_meant(text: str, by_person: bool) -> str | None:
    command = _COMMAND.match(text)
    if command is None:
        return None
    name, is_whole = f"/{command[1]}", command[2] == " " or command.end() == len(text)
    if by_person and name in _secrets():  # whatever stands behind it: `/op:PASSWORD`
        return name
    if not is_whole:
        return None
    begun = next((secret for secret in _secrets() if secret.startswith(name)), None)
    meant = MEANT.get(name)
    return begun or (meant if by_person and meant in _secrets() else None)


@cache
def _secrets() -> tuple[str, ...]:
    return tuple(name for name, entry in TABLE.items() if entry.secret)


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
