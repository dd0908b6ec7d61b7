"""What a client is owed: answers, and what others have sent it alone."""

from collections import deque
from sys import getsizeof
from typing import NamedTuple

from gchat.model.message import Private
from gchat.model.room_log import Cursor

OWED_BYTES = 256
"""What something owed takes besides its bytes: two objects and a place in a deque (CPython
3.11)."""

PRIVATE_BYTES = 128
"""What a private message takes besides its text."""


class Owed(NamedTuple):
    """Something for one client alone, at its place among what its room sees."""

    after: Cursor
    """It is sent when the client has got everything up to here."""
    data: bytes
    private: Private | None = None
    """What it says, if it is what somebody else has sent."""

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        kept = PRIVATE_BYTES + getsizeof(self.private.text) if self.private else 0
        return OWED_BYTES + len(self.data) + kept


class InFlight(NamedTuple):
    """Something that was owed, and was sent not long ago: it need not have arrived."""

    after: Cursor
    """As Owed has it."""
    size: int
    """The bytes that were sent."""
    private: Private | None
    """As Owed has it."""


OWED_LIMIT = 16 * 1024
"""Bytes that a client may be owed in answers and still be listened to."""

NOTHING_OWED: deque[Owed] = deque(maxlen=0)
NOTHING_IN_FLIGHT: deque[InFlight] = deque(maxlen=0)
"""What the many have that are owed nothing: a deque of their own would be 3/4 KiB for each."""

MOST_IN_FLIGHT = 256
"""How many things are remembered that a client was owed and has not acknowledged yet."""
