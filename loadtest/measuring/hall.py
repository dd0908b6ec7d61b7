"""A crowd of which most members cost nothing: they read only between two rounds of talk.

Until then their kernels take all that they are sent. So the servers have all cores to themselves.
"""

import os
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from child import Child

from measuring.crowd import PATIENCE, Crowd, Member
from measuring.server import Server
from measuring.sinks import RECEIVE_BUFFER, await_unread, read_all
from measuring.talk import line

QUIET = 0.1
"""The share of the cores' time that other programs may have taken in a round that counts."""

LINES = 4000
"""Lines of a burst: what is sent of them fits into what the kernels take."""

BURSTS = 3
"""How often so many are said in a round; in between, all are read."""

AT_ONCE = 10
"""Lines that a talker says at a time."""


class Found(NamedTuple):
    """What came of a round, or of a part of one."""

    seconds: float
    """From the first line said until all is with the listeners' kernels."""
    cpu: float
    """Seconds of CPU that the server took, on all cores."""
    others: float
    """Seconds of CPU that other programs took, this one not counted."""
    deliveries: int
    latencies: Sequence[float]
    """Seconds from a talker's line until the other talkers have it."""

    @property
    def cost(self) -> float:
        """Microseconds of CPU for a delivery."""
        return self.cpu / self.deliveries * 1e6

    @property
    def is_quiet(self) -> bool:
        """Whether other programs left the cores alone."""
        return self.others < QUIET * self.seconds * len(os.sched_getaffinity(0))


class Hall:
    """Servers with one room, its talkers, and listeners that read between two rounds.

    Of the talkers and the listeners, as many are at one server as at another.
    """

    def __init__(
        self, servers: Sequence[Server], talkers: int, listeners: int, store: Child | None = None
    ) -> None:
        """`store` is what the servers share: its CPU is not that of other programs."""
        self._servers = servers
        self._store = store
        self._crowd = Crowd(servers[0].port)
        self._talkers, members = list[Member](), list[Member]()
        for number, server in enumerate(servers):
            self._talkers += self._crowd.join(
                len(range(number, talkers, len(servers))), port=server.port
            )
            members += self._crowd.join(
                len(range(number, listeners, len(servers))),
                reads=False,
                receive_buffer=RECEIVE_BUFFER,
                port=server.port,
            )
        self._listeners = [each.socket for each in members]
        self._crowd.await_head_count(talkers + listeners)
        self._numbers = [0] * talkers
        self._size = 0
        """Bytes that a listener is to get of what was said since it last read."""

    def flood(self, in_flight: int) -> Found:
        """The talkers say as much as is delivered: so many lines are on their way at a time."""
        parts = [
            self._part(LINES, lambda lines: self._say_all(lines, in_flight)) for _ in range(BURSTS)
        ]
        late = [late for part in parts for late in part.latencies]
        seconds, cpu, others, deliveries = map(sum, list(zip(*parts, strict=True))[:4])
        return Found(seconds, cpu, others, deliveries, late)

    def pace(self, rate: int, seconds: float) -> Found:
        """The talkers say a line now and then, in turn: so many lines a second."""
        return self._part(round(rate * seconds), lambda lines: self._say_slowly(lines, rate))

    def _part(self, lines: int, talk: Callable[[int], list[float]]) -> Found:
        received, others = self._crowd.lines, self._cpu_of_others()
        cpu, begin = self._cpu(), time.monotonic()
        latencies = talk(lines)
        await_unread(self._listeners, self._size)
        seconds, cpu = time.monotonic() - begin, self._cpu() - cpu
        others = self._cpu_of_others() - others
        others_talk = len(self._talkers) - 1
        if self._crowd.lines - received != lines * others_talk:
            raise RuntimeError("the talkers have got more than was said")
        read_all(self._listeners, self._size)
        self._size = 0
        return Found(seconds, cpu, others, lines * (len(self._listeners) + others_talk), latencies)

    def _say(self, index: int, count: int) -> None:
        talker, first = self._talkers[index], self._numbers[index]
        self._numbers[index] += count
        data = b"".join([line(index, first + number) for number in range(count)])
        self._crowd.say(talker, data)
        self._size += len(data) + count * len(talker.name + b": ")

    def _say_all(self, lines: int, in_flight: int) -> list[float]:
        """Say so many lines, `in_flight` of which are on their way at a time."""
        crowd, before, talkers = self._crowd, self._crowd.lines, len(self._talkers)
        turns = cycle(range(talkers))
        said = arrived = 0
        begun, latencies = list[float](), list[float]()
        while arrived < lines:
            while said < lines and said - arrived <= in_flight - AT_ONCE:
                self._say(next(turns), AT_ONCE)
                said += AT_ONCE
                begun.append(time.monotonic())
            crowd.poll(0.05)
            now, arrived = time.monotonic(), (crowd.lines - before) // (talkers - 1)
            latencies += [now - each for each in begun[len(latencies) : arrived // AT_ONCE]]
        return latencies

    def _say_slowly(self, lines: int, rate: int) -> list[float]:
        crowd, begin, latencies = self._crowd, time.monotonic(), list[float]()
        talkers = len(self._talkers)
        for number in range(lines):
            while (wait := begin + number / rate - time.monotonic()) > 0:
                crowd.poll(wait)
            expected, said = crowd.lines + talkers - 1, time.monotonic()
            self._say(number % talkers, 1)
            while crowd.lines < expected:
                crowd.poll(PATIENCE)
            latencies.append(time.monotonic() - said)
        return latencies

    def _cpu_of_others(self) -> float:
        """Seconds for which the cores of this machine have worked for other programs."""
        user, nice, system, _, _, interrupts, soft, stolen, *_ = map(
            int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        )
        used = (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")
        store = self._store.cpu().total if self._store else 0.0
        return used - self._cpu() - store - time.process_time()

    def _cpu(self) -> float:
        """Seconds of CPU that the servers have used."""
        return sum(server.cpu_time() for server in self._servers)
