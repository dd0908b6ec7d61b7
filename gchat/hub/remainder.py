"""The remainder of a room that a client has left: what it was sent last, until that has arrived."""

from collections.abc import Sequence

from gchat.hub.marks import Trail
from gchat.model.identities import LeftRoom
from gchat.model.room_log import Cursor


class Remainder:
    """The end of what a client was sent in a room, and where that lies in its connection's stream.

    It is not needed any more when all of it has arrived.
    """

    __slots__ = ("_end", "_ends", "_left", "_trail")

    def __init__(
        self, left: LeftRoom, trail: Trail, end: int | None = None, ends: Sequence[int] = ()
    ) -> None:
        """`trail` has the marks of what was sent up to the byte `end` of the stream.

        If it is still to be sent, `end` is None, and `ends` are the ends of the lines in what will
        be sent, one for each message of `left`.
        """
        self._left = left
        self._trail = trail
        self._end = end
        self._ends = ends

    def begin(self, before: int) -> None:
        """What was still to be sent is so now, behind `before` bytes of the stream."""
        start = Cursor(self._left.last, 0)
        self._trail.skip(before, start)
        self._trail.add(before, start, self._ends, [0] * len(self._ends))
        self._end = before + self._ends[-1]

    def missing(self, arrived: int) -> LeftRoom | None:
        """What of it has not arrived, if `arrived` bytes of the stream have; None if all has."""
        if self._end is None:
            return self._left
        if arrived >= self._end:
            return None
        place = self._trail.place(arrived)
        if place is not None and self._left.last < place.id <= self._left.end:
            self._left = self._left._replace(last=place.id)
        return self._left
