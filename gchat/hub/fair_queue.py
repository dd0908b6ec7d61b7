"""Whose turn it is to speak in a room in which more is said than can be sent.

As long as the broadcaster keeps up, everybody speaks as they like. Otherwise they wait for
its next round, which has room for so much, and all get as much of it as the others: a turn
puts its speaker back by what is said in it, and who is then least far back comes first (fair
queueing). So one who says a line now and then has it in the next round, however many flood
the room.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count

from gevent.event import Event

UNSENT = 64 * 1024
"""Bytes that may be said in a room while a round is under way: at about what a socket's send
buffer takes (see listener.BUFFER), a round sends to everybody in one call."""

ROUND = 4 * 2**20
"""Bytes that a round may send altogether: in a crowd less may be said for one, or who waits for
the next would wait long."""

LEAST = 8 * 1024
"""Bytes that may be said for one at the least, however many listen. To send so many takes up to
twice as long as to send one line (measured on loopback): with less, a round is little shorter, and
there are many more of them. With twice as much, a line among a thousand who flood their room took
0.2 seconds, and 0.05 to 0.14 with this."""

REMEMBERED = 1024
"""Speakers whose turns are remembered before it is looked for those who need not be."""

PORTION = 256
"""Bytes that one may at least say in a turn, if no line is longer. With less, a thousand who
flood a room would cost more to let speak than to send to."""


class FairQueue:
    """The queue of one room. Sizes are bytes."""

    def __init__(self) -> None:
        self.unsent = 0
        """What was said since the last round began."""
        self._limit = UNSENT
        self._reached = 0
        """How far back those are who had no turn lately: it grows with each one's turn, by their
        share in it, or newcomers without end would come before one with a long line."""
        self._put_back: dict[int, int] = {}
        """How far back the others are after theirs."""
        self._remembered = REMEMBERED
        """How many there may be in it before it is tidied."""
        self._waiting: list[tuple[int, int, _Turn]] = []
        self._numbers = count()

    @property
    def are_awaited(self) -> bool:
        """Somebody waits for the next round."""
        return bool(self._waiting)

    def wait(self, speaker: int, name: int, lines: Sequence[bytes]) -> int:
        """How many of its `lines` the client of the number `speaker` may say now, at least one.

        Waits until it may. `name` is the length of what stands before each.
        """
        if self.unsent <= self._limit and not self._waiting:
            return len(lines)
        number, size = self._portion(name, lines)
        start = max(self._reached, self._put_back.get(speaker, 0))
        self._put_back[speaker] = start + size
        if len(self._put_back) > self._remembered:
            self._forget_those_reached()
        turn = _Turn(start, size)
        heappush(self._waiting, (start + size, next(self._numbers), turn))
        try:
            turn.comes.wait()
        finally:
            turn.size = 0  # if it will not be used
        return number

    def begin_round(self, listeners: int, rooms: int) -> None:
        """What was said up to now is being sent, to so many; it is the turn of those who waited.

        So many `rooms` are served at the time, and share what may be said.
        """
        self.unsent = 0
        each = min(UNSENT, max(LEAST, ROUND // max(1, listeners)))
        self._limit = each // max(1, rooms)
        left = max(1, self._limit)
        while self._waiting and left > 0:
            share = len(self._waiting)
            _, _, turn = heappop(self._waiting)
            self._reached = max(self._reached + turn.size // share, turn.start)
            left -= turn.size
            turn.comes.set()
        if not self._waiting:
            self._put_back.clear()
            self._reached = 0

    def _forget_those_reached(self) -> None:
        """They may have left; for who has not, it makes no difference."""
        self._put_back = {
            speaker: place for speaker, place in self._put_back.items() if place > self._reached
        }
        self._remembered = REMEMBERED + 2 * len(self._put_back)

    def _portion(self, name: int, lines: Sequence[bytes]) -> tuple[int, int]:
        """How many of `lines` make up a turn, and their size."""
        most = max(PORTION, self._limit // (len(self._waiting) + 1))
        number = size = 0
        for line in lines:
            length = name + len(line)
            if number and size + length > most:
                break
            number += 1
            size += length
        return number, size


class _Turn:
    """What somebody waits for."""

    __slots__ = ("comes", "size", "start")

    def __init__(self, start: int, size: int) -> None:
        self.start = start
        self.size = size
        self.comes = Event()
