"""Lines that were not meant as they stand: a space before ` /op PASSWORD`, `help` without a slash.

A line that carries a secret is never sent to a room, whoever typed it. It is not obeyed either,
since the text before the command may be intended.
"""

import re
from collections.abc import Sequence
from functools import cache
from operator import itemgetter

from gchat.commands.suggestions import SYNONYMS
from gchat.commands.table import TABLE, is_command
from gchat.text.safe import (
    BEHIND_CSI,
    BEHIND_ESC,
    as_meant,
    edited,
    has_control,
    without_unseen_start,
)

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

_WORDS = {
    "help": "/help lists the commands",
    "?": "/help lists the commands",
    "quit": "/quit leaves the chat",
    "exit": "/quit leaves the chat",
}
"""What a person may type without a slash, and what they look for."""

_WORDS_TYPED = frozenset(map(str.encode, _WORDS))

_LONGEST_WORD = 16
"""Bytes of a line, at most, that may be such a word."""

_LONGEST_KEYS = 256
"""Bytes of a line, at most, that may be nothing but keys."""

ONLY_KEYS = (
    "Not sent: your terminal sent keys such as arrows as text; rlwrap nc HOST PORT is nc with a "
    "line that you can edit"
)

TERMINAL_LINE = 4095
"""Bytes of a line that a terminal of Linux passes on; what is typed beyond them is lost there."""

CUT = (
    f"Your terminal may have cut that line: it passes on {TERMINAL_LINE} bytes. Send longer text "
    "from a file: nc -N HOST PORT < FILE"
)
"""Told to a person whose line has TERMINAL_LINE bytes."""


def may_be_commands(lines: Sequence[bytes]) -> bool:
    """Whether any of `lines`, none of which is empty, may be a command or a mistyped one."""
    if have_slash_first(lines):
        return True
    together = b"\n".join(lines)
    return any(hidden in together for hidden in _HIDDEN)


def have_slash_first(lines: Sequence[bytes]) -> bool:
    """Whether any of `lines`, none of which is empty, may begin with a slash, when it is seen.

    That is all there is to ask of plain lines (text.safe.plain_lines): they hide nothing.
    """
    return not _PLAIN.issuperset(map(_first_byte, lines)) and any(map(_SLASH_FIRST.match, lines))


def is_mistyped_command(line: bytes) -> bool:
    """Whether `line` begins with a command that has the bytes of a key in it, such as an arrow."""
    if not line.startswith(b"/") or line.startswith(b"//"):
        return False
    word = _decoded(line[:_FIRST_WORD]).split(maxsplit=1)[0]
    if word.isascii() and word.isprintable():
        return False
    return has_control(word) or is_command(as_meant(edited(word)))


def may_be_slips(lines: Sequence[bytes]) -> bool:
    """Whether `slip_in` may have something to say to any of `lines`, or a terminal has cut one."""
    return any(
        len(line) == TERMINAL_LINE or b"\x1b" in line or line.strip().lower() in _WORDS_TYPED
        for line in lines
    )


def slip_in(line: bytes, text: str) -> str | None:
    """Why a person's `line`, shown as `text`, is not sent as it stands, and what to do; or None."""
    if len(line) <= _LONGEST_WORD and (meant := _WORDS.get(text.strip().lower())):
        return f"Not sent: {meant} (to say {text.strip()}, add another word)"
    if len(line) <= _LONGEST_KEYS and b"\x1b" in line and not without_unseen_start(_decoded(line)):
        return ONLY_KEYS
    return None


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
