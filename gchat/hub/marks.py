"""Marks: where in a stream of bytes each line of a room ends.

The kernel tells how many bytes the other side has acknowledged. Marks turn that number into a
place in the room's log, by bisection: nothing is encoded again and no message is looked at.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from gchat.model.room_log import Cursor

GROWTH = 256
"""Messages that are added to a trail before the kernel is asked what of it can be forgotten."""

SEGMENT = 16
"""Messages that a segment counts for: a talker has two in each round, of half a kilobyte."""


class Marks:
    """Line ends of messages that follow one another in a log: 16 bytes of memory a message."""

    __slots__ = ("_ends", "_spoken", "forgotten", "start")

    def __init__(self, start: Cursor) -> None:
        """The first message that is added will be the one behind `start`."""
        self.start = start
        """The place before the first message of which the end is known."""
        self.forgotten = 0
        """Bytes of the stream up to which ends are no longer known."""
        self._ends = array("Q")
        self._spoken = array("Q")

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def last(self) -> int:
        """The id of the last message that was added."""
        return self.start.id + len(self._ends)

    def add(self, before: int, ends: Sequence[int], spoken: Sequence[int]) -> None:
        """Add the messages that follow.

        They begin behind `before` bytes of the stream. `ends` are their ends, counted from there;
        `spoken` is Message.spoken of each.
        """
        self._ends.extend([before + end for end in ends])
        self._spoken.extend(spoken)

    def place(self, received: int) -> Cursor | None:
        """The place behind the last line that ends within the first `received` bytes.

        Messages without bytes that follow it are received as well. None if so little is received
        that it is not known any more.
        """
        if received < self.forgotten:
            return None
        return self._behind(bisect_right(self._ends, received))

    def forget(self, received: int) -> None:
        """Forget the ends of lines within the first `received` bytes, which are never asked for."""
        count = bisect_right(self._ends, received)
        if count:
            self.start = self._behind(count)
            self.forgotten = self._ends[count - 1]
            del self._ends[:count], self._spoken[:count]

    def _behind(self, count: int) -> Cursor:
        return Cursor(self.start.id + count, self._spoken[count - 1]) if count else self.start


class _Segment(NamedTuple):
    """A part of a connection's stream, and where its lines end."""

    begin: int
    """Bytes that were sent on the connection before it."""
    base: int
    """Bytes by which the connection was ahead of the stream that `marks` count in."""
    marks: Marks
    last: Cursor | None
    """The place behind its last message; None while it goes on."""


class Trail:
    """What one connection was sent of its room, for as long as that may not have arrived.

    It is made of segments: some were sent to this connection alone, others to a cohort, which
    keeps the marks of all its members.
    """

    __slots__ = ("_alone", "_grown", "_own", "_segments")

    def __init__(self) -> None:
        self._segments: list[_Segment] = []
        self._alone: Marks | None = None
        """Marks of the last segment, if it is this connection's alone."""
        self._own = array("Q")
        """Ids of its client's own messages, which have no bytes in the stream."""
        self._grown = 0

    def enter(self, place: Cursor) -> None:
        """Forget everything: the client is in a room at `place`, and was sent nothing there."""
        self._segments.clear()
        del self._own[:]
        self.skip(0, place)

    def skip(self, before: int, place: Cursor) -> None:
        """Begin behind `before` bytes of the stream: whoever has these is at `place`."""
        self._alone = Marks(place)
        self._append(_Segment(before, 0, self._alone, None))

    def add(
        self,
        before: int,
        start: Cursor,
        ends: Sequence[int],
        spoken: Sequence[int],
        offset: int = 0,
    ) -> None:
        """Add messages that were sent to this connection alone, from the place `start` on.

        They begin behind `before` bytes of the connection's stream. `ends` are their ends, counted
        from `offset` bytes before there; `spoken` is Message.spoken of each.
        """
        if self._alone is None or self._alone.last != start.id:
            self.skip(before, start)
        assert self._alone is not None
        self._alone.add(before - offset, ends, spoken)
        self._grown += len(ends)

    def follow(self, before: int, base: int, marks: Marks) -> None:
        """Have `marks` tell, from now on, where lines end: of a stream that is `base` behind."""
        self._alone = None
        self._append(_Segment(before, base, marks, None))

    def stop(self, last: Cursor) -> None:
        """Follow no further than to `last`."""
        self._segments[-1] = self._segments[-1]._replace(last=last)

    def add_own(self, ids: Iterable[int]) -> None:
        """Add messages of the client's own that it has passed."""
        self._own.extend(ids)

    def place(self, received: int) -> Cursor | None:
        """The place of the other side, which has so many bytes of the stream; None if not known."""
        segment = self._segments[self._find(received)]
        place = segment.marks.place(received - segment.base)
        if place is not None and segment.last is not None and place.id > segment.last.id:
            return segment.last
        return place

    def own_behind(self, place: Cursor) -> int:
        """How many of the client's own messages it has passed behind `place`."""
        return len(self._own) - bisect_right(self._own, place.id)

    @property
    def is_long(self) -> bool:
        """Whether it is time to `tidy`."""
        return self._grown > GROWTH

    def tidy(self, received: int) -> None:
        """Forget what is within the first `received` bytes, which have arrived."""
        self._grown = 0
        if place := self.place(received):
            del self._own[: bisect_right(self._own, place.id)]
        del self._segments[: self._find(received)]
        if len(self._segments) == 1 and self._alone is not None:
            self._alone.forget(received)

    def _append(self, segment: _Segment) -> None:
        self._segments.append(segment)
        self._grown += SEGMENT

    def _find(self, received: int) -> int:
        return max(0, bisect_right(self._segments, received, key=attrgetter("begin")) - 1)
