"""Lines that were meant as commands, and are none by a slip: a blank before ` /op PASSWORD`.

If it carries a secret, such a line is never said, by anybody; nor is it obeyed, since what stands
before the command may be meant.
"""

from chat.commands.table import MEANT, TABLE
from chat.text import as_meant, has_unseen

LOOKED_AT = 1024
"""Bytes of a line, behind blanks, in which its first word begins if it has one."""

_BLANKS = bytes(byte for byte in range(0x21) if byte != 0x1B)
_NOT_PLAIN = bytes(byte for byte in range(256) if not 0x21 <= byte <= 0x7E)
_FULL_WIDTH_SLASH = "\N{FULLWIDTH SOLIDUS}".encode()
_KEYS = (b"\x1b", b"\b", b"\x7f")
"""What keys send that hide which character comes first: arrows, backspaces."""

_PUNCTUATION = ".,:;!?=-"
"""What people put behind a command by mistake."""


def may_be_commands(lines: bytes) -> bool:
    """Whether one of `lines`, joined by line feeds, may be a command, or be meant as one."""
    return b"/" in lines or _FULL_WIDTH_SLASH in lines


def is_mistyped_command(line: bytes) -> bool:
    """Whether `line` begins with one slash and a word that has something unseen in it.

    An arrow, say, in the middle of a command.
    """
    if not line.startswith(b"/") or line.startswith(b"//"):
        return False
    return has_unseen(_decoded(line[:LOOKED_AT].split(maxsplit=1)[0]))


def secret_in(line: bytes, by_person: bool) -> str | None:
    """The command with which `line` begins, or was meant to, if it carries a secret: `/op`.

    Also if it is cut short. People mean it by words of other chats as well (`/tell`), and with
    `/op:`; in a program's output that is rather a path.
    """
    begun = line.lstrip(_BLANKS)[:LOOKED_AT]
    is_plain = not any(key in begun for key in _KEYS) and _FULL_WIDTH_SLASH not in begun
    if is_plain and begun.lstrip(_NOT_PLAIN)[:1] != b"/":  # nearly always
        return None
    slash, word = _first_word(as_meant(_decoded(begun)))
    if by_person:
        word = word.rstrip(_PUNCTUATION)
        word = MEANT.get(f"/{word}", f"/{word}")[1:]
    if not (slash and word):
        return None
    secret = (entry.name for entry in TABLE.values() if entry.secret)
    return next((name for name in secret if name.startswith(f"/{word}")), None)


def _first_word(text: str) -> tuple[str, str]:
    """The slash that `text` begins with, or nothing, and the word behind it."""
    words = text[1:].split(maxsplit=1)
    return text[:1] if text[:1] == "/" else "", words[0] if words else ""


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
