"""Marks: where in a stream of bytes each line of a room ends.

The kernel tells how many bytes the other side has acknowledged. Marks turn that number into a
place in the room's log, by bisection: nothing is encoded again and no message is looked at.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import compress
from operator import ne
from typing import NamedTuple

from gchat.model.room_log import Cursor

GROWTH = 256
"""Messages that are added to a trail before the kernel is asked what of it can be forgotten."""


class Marks:
    """Line ends of messages of one log, in their order: 24 bytes of memory a message."""

    __slots__ = ("_ends", "_ids", "_spoken", "forgotten", "start")

    def __init__(self, start: Cursor) -> None:
        """Whoever has nothing of the stream is at `start`."""
        self.start = start
        """The place before the first message of which the end is known."""
        self.forgotten = 0
        """Bytes of the stream up to which ends are no longer known."""
        self._ends = array("Q")
        self._ids = array("Q")
        self._spoken = array("Q")

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, before: int, first: int, ends: Sequence[int], spoken: Sequence[int]) -> None:
        """Add messages that follow one another in the log, from behind the id `first`.

        They begin behind `before` bytes of the stream. `ends` are their ends, counted from there;
        `spoken` is Message.spoken of each.
        """
        self._ends.extend([before + end for end in ends])
        self._ids.extend(range(first + 1, first + 1 + len(ends)))
        self._spoken.extend(spoken)

    def skip(self, before: int, place: Cursor) -> None:
        """Whoever has `before` bytes of the stream is at `place`, though it has no line of that."""
        self.add(before, place.id - 1, (0,), (place.spoken,))

    def copy(self, source: "Marks", base: int, received: int, last: Cursor) -> None:
        """Add what `source` knows of a stream that is `base` bytes behind this one.

        That is what ends behind `received` bytes of this one, up to the place `last`.
        """
        place = source.place(received - base)
        if place is None:  # nothing is known up to there
            self.forgotten = source.forgotten + base
            place = source.start
        self.skip(received, min(place, last))
        ends, ids, spoken = source.between(received - base, last)
        self._ends.extend([base + end for end in ends])
        self._ids.extend(ids)
        self._spoken.extend(spoken)

    def between(self, received: int, last: Cursor) -> "tuple[array[int], array[int], array[int]]":
        """The ends, ids and counts of what ends behind `received` bytes, up to the place `last`."""
        first = bisect_right(self._ends, received)
        stop = max(first, bisect_right(self._ids, last.id))
        return self._ends[first:stop], self._ids[first:stop], self._spoken[first:stop]

    def place(self, received: int) -> Cursor | None:
        """The place behind the last line that ends within the first `received` bytes.

        Messages without bytes that follow it are received as well. None if so little is received
        that it is not known any more.
        """
        if received < self.forgotten:
            return None
        return self._behind(bisect_right(self._ends, received))

    def forget(self, received: int) -> None:
        """Forget the ends of lines within the first `received` bytes, which are never asked for.

        Of messages without bytes behind those only the last one of several is kept: there may be
        any number of them.
        """
        count = bisect_right(self._ends, received)
        if count:
            self.start = self._behind(count)
            self.forgotten = self._ends[count - 1]
        ends = self._ends[count:]
        is_last = [*map(ne, ends, ends[1:]), True]
        self._ends = array("Q", compress(ends, is_last))
        self._ids = array("Q", compress(self._ids[count:], is_last))
        self._spoken = array("Q", compress(self._spoken[count:], is_last))

    def known_before(self, last: int) -> int:
        """How many of the messages before the message `last` have ends that are known."""
        return bisect_left(self._ids, last)

    def _behind(self, count: int) -> Cursor:
        return Cursor(self._ids[count - 1], self._spoken[count - 1]) if count else self.start


class _Followed(NamedTuple):
    """The marks of a cohort, which tell of a connection as long as it is a member's."""

    begin: int
    """Bytes that were sent on the connection before."""
    base: int
    """Bytes by which the connection was ahead of the stream that `marks` count in."""
    marks: Marks


class Trail:
    """What one connection was sent of its room, for as long as that may not have arrived.

    Of what is sent to a cohort, the marks of that tell, as long as the connection is a member's:
    they are the same for all. When it leaves, it takes along those of what has not arrived.

    However much happens while nothing arrives, a trail does not grow, but for lines that are sent.
    """

    __slots__ = ("_counts", "_followed", "_limit", "_marks", "_own")

    def __init__(self) -> None:
        self._marks = Marks(Cursor(0, 0))
        """What it was sent while it followed no others."""
        self._followed: _Followed | None = None
        self._own = array("Q")
        """Ids of its client's own messages, which have no bytes in the stream."""
        self._counts = array("Q")
        """How many each of these stands for: itself, and others behind it."""
        self._limit = GROWTH

    def enter(self, place: Cursor) -> None:
        """Forget everything: the client is in a room at `place`, and was sent nothing there."""
        self._marks = Marks(place)
        del self._own[:], self._counts[:]

    def skip(self, before: int, place: Cursor) -> None:
        """Whoever has `before` bytes of the stream is at `place`."""
        self._marks.skip(before, place)

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
        self._marks.add(before - offset, start.id, ends, spoken)

    def follow(self, before: int, base: int, marks: Marks) -> None:
        """Have `marks` tell, from now on, where lines end: of a stream that is `base` behind."""
        self._followed = _Followed(before, base, marks)

    def stop(self, last: Cursor, received: int) -> None:
        """Follow no further than to `last`. So many bytes of the stream have arrived."""
        assert self._followed is not None
        begin, base, marks = self._followed
        self._marks.copy(marks, base, max(begin, received), last)
        self._followed = None

    def add_own(self, ids: Sequence[int]) -> None:
        """Add messages of the client's own that it has passed."""
        self._own.extend(ids)
        self._counts.extend([1] * len(ids))

    def place(self, received: int) -> Cursor | None:
        """The place of the other side, which has so many bytes of the stream; None if not known."""
        if self._followed is not None and received >= self._followed.begin:
            return self._followed.marks.place(received - self._followed.base)
        return self._marks.place(received)

    def own_behind(self, place: Cursor) -> int:
        """How many of the client's own messages it has passed behind `place`."""
        return sum(self._counts[bisect_right(self._own, place.id) :])

    @property
    def is_long(self) -> bool:
        """Whether it is time to `tidy`."""
        return len(self._marks) + len(self._own) > self._limit

    def tidy(self, received: int) -> None:
        """Forget what is within the first `received` bytes, which have arrived."""
        self._marks.forget(received)
        if place := self.place(received):
            arrived = bisect_right(self._own, place.id)
            del self._own[:arrived], self._counts[:arrived]
        self._count_own_together()
        self._limit = GROWTH + 2 * (len(self._marks) + len(self._own))

    def _count_own_together(self) -> None:
        """Have one stand for all own messages between two places that are known."""
        own, counts, before = array("Q"), array("Q"), -1
        for number, count in zip(self._own, self._counts, strict=True):
            known = self._marks.known_before(number)
            if known == before:
                counts[-1] += count
            else:
                own.append(number)
                counts.append(count)
            before = known
        self._own, self._counts = own, counts
