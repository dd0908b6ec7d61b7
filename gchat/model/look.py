"""How a client wants its lines: with a time, in colour, as JSON, …"""

from datetime import tzinfo
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from gchat.text.safe import name_key

COLORS = (
    26, 27, 28, 29, 30, 31, 32, 33, 61, 62, 63, 64, 67, 68, 94, 97, 98, 99, 100, 128, 129, 130,
    131, 132, 133, 134, 135, 160, 161, 162, 163, 164, 165, 166, 167, 168, 196, 197, 198, 199,
)  # fmt: skip
"""Those of the 256 colours of terminals that can be read on black and on white (a contrast of
3.5 or more to both, by the formula of WCAG 2), without the greyish ones."""

DEFAULT_COLOR = "\x1b[39m"


class Look(NamedTuple):
    """How lines are shown. Clients with the same look share the bytes."""

    end: str = "\n"
    """What ends a line: a terminal behind telnet needs the carriage return as well."""
    presence: bool = True
    """Who comes and leaves is shown."""
    notices: bool = True
    """The room's other notices are shown."""
    time: bool = False
    """What is said begins with its time."""
    zone: tzinfo | None = None
    """The zone of times; None is the server's."""
    color: bool = False
    """Names are in colours."""
    redraw: bool = False
    """What is half typed is cleared away before each line."""
    json: bool = False
    """Lines are JSON objects; of the rest, only `presence` and `notices` matter then."""


PLAIN = Look()
TELNET = Look(end="\r\n")

PROGRAM = Look(presence=False, notices=False)
"""What is right for who has not turned out to be a person: what people say, and nothing else."""


@lru_cache(maxsize=1024)
def colored(name: str) -> str:
    """`name` in its colour, which is always the same, in upper and lower case."""
    color = COLORS[crc32(name_key(name).encode()) % len(COLORS)]
    return f"\x1b[38;5;{color}m{name}{DEFAULT_COLOR}"
