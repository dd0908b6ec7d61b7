"""What a room's log holds: one line that somebody said, or a notice of the server's."""

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What sort of message it is; the value is its name for programs."""

    SAY = "say"
    NOTICE = "notice"


SERVER = 0
"""The `sender` of messages that are nobody's own."""


class Message(NamedTuple):
    """One entry of a room's log. Never changed once it is in there."""

    id: int
    """1, 2, 3, … within its room, without a hole."""
    spoken: int
    """How many of the room's messages up to this one, itself included, people have said."""
    time: float
    """When it was said, in seconds since the epoch, UTC."""
    room: str
    kind: Kind
    sender: int
    """The number of the client that it came from, which is not sent its own words; or SERVER."""
    name: str
    """Who said it, as they were called at that moment; empty for a notice."""
    text: str
    """One line without its end, safe to show (see text.visible)."""
