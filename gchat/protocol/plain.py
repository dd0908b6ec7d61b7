"""Plain lines for people: names, colours, times, and what clears a half-typed line."""

from functools import lru_cache
from zlib import crc32

from gchat.model.display import Display
from gchat.model.message import Kind, Message
from gchat.text.naming import name_key

CLEAR_LINE = "\r\x1b[K"
"""To the beginning of the line, and clear all of it: what is half typed there."""

COLORS = (
    26, 27, 28, 29, 30, 31, 32, 33, 61, 62, 63, 64, 67, 68, 94, 97, 98, 99, 100, 128, 129, 130,
    131, 132, 133, 134, 135, 160, 161, 162, 163, 164, 165, 166, 167, 168, 196, 197, 198, 199,
)  # fmt: skip
"""Those of the 256 colours of terminals that can be read on black and on white (a contrast of
3.5 or more to both, by the formula of WCAG 2), without the greyish ones."""

DEFAULT_COLOR = "\x1b[39m"


@lru_cache(maxsize=1024)
def colored(name: str) -> str:
    """`name` in its colour, which is always the same, in upper and lower case."""
    color = COLORS[crc32(name_key(name).encode()) % len(COLORS)]
    return f"\x1b[38;5;{color}m{name}{DEFAULT_COLOR}"


def sentence(message: Message, display: Display) -> str:
    """The line that shows `message`, without time and line end."""
    if message.kind == Kind.SAY:
        return f"{shown_name(message.name, display)}: {message.text}"
    if message.kind == Kind.ACTION:
        return f" ** {shown_name(message.name, display)} {message.text}"
    return f" * {message.text}"


def shown_name(name: str, display: Display) -> str:
    """`name`, in its colour if `look` wants colours."""
    return colored(name) if display.color else name


def finish(line: str, display: Display, shown_time: str) -> bytes:
    """`line` from what comes before it, so that it stands alone, to its end."""
    start = CLEAR_LINE if display.redraw else ""
    if shown_time:
        start += f"[{shown_time}]" if line[0] == " " else f"[{shown_time}] "
    return f"{start}{line}{display.end}".encode()
