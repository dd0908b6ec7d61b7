"""Data queued for one client alone: answers, and direct messages from others."""

from collections import deque
from sys import getsizeof
from typing import NamedTuple

from gchat.hub.remainder import Remainder
from gchat.model.message import Private
from gchat.model.room_log import Cursor

OWED_BYTES = 256
"""Bytes of memory for a queued item besides its data: two objects and an entry in a deque (CPython
3.11)."""

PRIVATE_BYTES = 128
"""Bytes of memory for a direct message besides its text."""


class Owed(NamedTuple):
    """An item for one client alone, placed among the messages of its room."""

    after: Cursor
    """The cursor behind which it is sent: the client has got all messages up to there."""
    data: bytes
    private: Private | None = None
    """The direct message in `data`, if it is one; None for an answer."""
    remainder: Remainder | None = None
    """The remainder of a room that the client had left, if `data` is that."""

    @property
    def size(self) -> int:
        """Bytes of memory that the item takes."""
        kept = PRIVATE_BYTES + getsizeof(self.private.text) if self.private else 0
        return OWED_BYTES + len(self.data) + kept


class InFlight(NamedTuple):
    """A direct message that was sent, and perhaps has not arrived."""

    end: int
    """Bytes of the connection's stream up to the message's end."""
    size: int
    """Bytes of its quota, which it takes up until it has arrived."""
    private: Private


OWED_LIMIT = 16 * 1024
"""Bytes of unread answers above which the server reads no more lines from the client."""

NOTHING_OWED: deque[Owed] = deque(maxlen=0)
NOTHING_IN_FLIGHT: deque[InFlight] = deque(maxlen=0)
"""Shared by all clients with nothing queued or in flight: an empty deque takes 3/4 KiB."""
