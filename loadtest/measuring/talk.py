"""Talk in a closed loop: as much as the server delivers, with so many lines on their way."""

import time
from itertools import cycle
from math import inf
from typing import NamedTuple

from measuring.crowd import Crowd, Member
from measuring.server import Server

LINE = 64
"""Bytes of a line as it is typed, its end included."""

BURSTS = 20
"""How many bursts of lines are in flight; a talker says one of them at a time."""


def line(sender: int, number: int) -> bytes:
    """A line of LINE bytes: the sender, a number, padding."""
    return b"%d %d " % (sender, number) + b"." * (LINE - 1 - len(f"{sender} {number} ")) + b"\n"


class Round(NamedTuple):
    """What came of some seconds of talk."""

    said: int
    """Lines."""
    deliveries: int
    """Lines received: each of the lines said, once for everybody but its sender."""
    seconds: float
    """From the first line said to the last one delivered."""
    cpu: float
    """Seconds of a core that the server used meanwhile."""
    exact: bool
    """As many lines and bytes arrived as should, and no more."""

    @property
    def rate(self) -> float:
        """Deliveries per second."""
        return self.deliveries / self.seconds

    @property
    def load(self) -> float:
        """The share of its core that the server used: 1.0 is all of it."""
        return self.cpu / self.seconds


class Talk:
    """Some of a crowd talk, all of it listens; nobody but `members` is in `crowd`.

    `in_flight` lines, a multiple of BURSTS, are on their way at a time: said, and
    not yet delivered to the others, on average over those.
    """

    def __init__(
        self, server: Server, crowd: Crowd, members: list[Member], talkers: int, in_flight: int
    ) -> None:
        self._server = server
        self._burst = in_flight // BURSTS
        self._window = in_flight - self._burst
        self._crowd = crowd
        self._others = len(members) - 1
        self._numbers = [0] * talkers
        self._talkers = members[:talkers]
        self._turn = cycle(range(talkers))

    def run(self, seconds: float = inf, lines: float = inf) -> Round:
        """Talk for so many seconds, or so many lines, then wait until all is delivered.

        Raises TimeoutError if some of it is not.
        """
        crowd, others = self._crowd, self._others
        lines_before, bytes_before, cpu_before = crowd.lines, crowd.bytes, self._server.cpu().total
        said = size = 0
        begin = time.monotonic()
        while said < lines and time.monotonic() - begin < seconds:
            while said * others - (crowd.lines - lines_before) <= self._window * others:
                size += self._say_burst()
                said += self._burst
            crowd.poll(0.05)
        expected = said * others
        crowd.until(lambda: crowd.lines - lines_before >= expected, "all lines are delivered")
        duration = time.monotonic() - begin
        received = crowd.lines - lines_before
        exact = received == expected and crowd.bytes - bytes_before == size * others
        return Round(said, received, duration, self._server.cpu().total - cpu_before, exact)

    def _say_burst(self) -> int:
        """The next talker says some lines; returns their bytes as one receiver sees them."""
        index = next(self._turn)
        talker, first = self._talkers[index], self._numbers[index]
        self._numbers[index] += self._burst
        data = b"".join([line(index, first + n) for n in range(self._burst)])
        self._crowd.say(talker, data)
        return len(data) + self._burst * len(talker.name + b": ")
