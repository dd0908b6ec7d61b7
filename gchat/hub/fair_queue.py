"""Fair queueing of the senders in a room that sends more than the broadcaster can deliver.

While the broadcaster keeps up, nobody waits. Otherwise senders wait for its next round, whose size
is bounded, and share it equally: each turn advances the virtual time of its sender by the bytes
that it sends, and the turn that ends at the earliest virtual time comes first. So a line of a
client that sends one now and then is in the next round, however many others flood the room.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count
from time import perf_counter

from gevent.event import Event

from gchat.hub.pace import MAX_UNSENT, Pace

LEAST_OF_A_ROOM = 4 * 1024
"""Bytes that may be added to a room, at the least, however many other rooms have something to send:
what is read from a client at a time. A round costs something whatever it carries: without this
bound a line cost five times as much in 50 rooms that were flooded."""

REMEMBERED = 1024
"""Senders whose virtual time is kept before it is first checked which of them can be dropped."""

MIN_TURN = 256
"""Bytes of a turn at least, if no line is longer. With fewer, the turns of a thousand clients that
flood a room would cost more than sending to them."""


class FairQueue:
    """The senders of one room that wait for their turn. Sizes and virtual times are in bytes."""

    def __init__(self) -> None:
        self.unsent = 0
        """Bytes added since the last round began."""
        self._pace = Pace()
        self._limit = MAX_UNSENT
        self._now = 0
        """The virtual time, at which senders without a recent turn start. Each turn advances it by
        its size, divided by the number of waiting senders: if it stood still, endless newcomers
        would come before a sender with a long line."""
        self._ends: dict[int, int] = {}
        """The virtual time at which the last turn of a sender ends, by its number."""
        self._remembered = REMEMBERED
        """Size of `_ends` above which ends in the past are dropped."""
        self._waiting: list[tuple[int, int, _Turn]] = []
        self._numbers = count()

    @property
    def are_awaited(self) -> bool:
        """Whether senders wait for the next round."""
        return bool(self._waiting)

    @property
    def turn(self) -> int:
        """Bytes that a turn has now at the most, if no line is longer."""
        return max(MIN_TURN, self._limit // (len(self._waiting) + 1))

    def wait(self, sender: int, name: int, lines: Sequence[bytes]) -> int:
        """Wait for a turn of the client `sender`; return how many of `lines` it has, at least one.

        `name` is the number of bytes that are sent before each line.
        """
        if self.unsent <= self._limit and not self._waiting:
            return len(lines)
        number, size = self._turn_size(name, lines)
        start = max(self._now, self._ends.get(sender, 0))
        self._ends[sender] = start + size
        if len(self._ends) > self._remembered:
            self._drop_past_ends()
        turn = _Turn(start, size)
        heappush(self._waiting, (start + size, next(self._numbers), turn))
        try:
            turn.comes.wait()
        finally:
            turn.size = 0  # a sender that was stopped meanwhile does not use its turn
        return number

    def begin_round(self, listeners: int, rooms: int) -> None:
        """Start a round to `listeners` clients, and let waiting senders add lines for the next one.

        `rooms` is the number of rooms with something to send; they share what may be added.
        """
        self.unsent = 0
        each = self._pace.begin(perf_counter(), listeners, len(self._waiting))
        self._limit = max(LEAST_OF_A_ROOM, each // rooms)
        left = max(1, self._limit)
        while self._waiting and left > 0:
            share = len(self._waiting)
            _, _, turn = heappop(self._waiting)
            self._now = max(self._now + turn.size // share, turn.start)
            left -= turn.size
            turn.comes.set()
        if not self._waiting:
            self._ends.clear()
            self._now = 0

    def let_all_go(self) -> None:
        """Let all waiting senders add lines: for a while there are no rounds."""
        while self._waiting:
            heappop(self._waiting)[-1].comes.set()
        self._ends.clear()
        self._now = 0

    def _drop_past_ends(self) -> None:
        """Drop ends before the virtual time: they make no difference, and senders may have left."""
        self._ends = {sender: end for sender, end in self._ends.items() if end > self._now}
        self._remembered = REMEMBERED + 2 * len(self._ends)

    def _turn_size(self, name: int, lines: Sequence[bytes]) -> tuple[int, int]:
        """Return how many of `lines` make up a turn, and their size."""
        most = self.turn
        number = size = 0
        for line in lines:
            length = name + len(line)
            if number and size + length > most:
                break
            number += 1
            size += length
        return number, size


class _Turn:
    """A turn that a sender waits for; it starts at the virtual time `start`."""

    __slots__ = ("comes", "size", "start")

    def __init__(self, start: int, size: int) -> None:
        self.start = start
        self.size = size
        self.comes = Event()
