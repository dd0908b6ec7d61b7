"""gchat and nats-server with two cores each, for listeners that cost nothing.

nats-server writes from all the cores that it has, gchat from its loop and a send thread. Each line
is said once and delivered to all but its talker: by gchat in one order for everybody, by
nats-server in the order of each talker alone.
"""

import os
import socket
import time
from itertools import cycle
from statistics import median
from typing import NamedTuple

from benchmark.process import Process
from benchmark.servers import GCHAT, NATS, SERVERS, Missing, Server

from measuring.report import Report, spread
from measuring.sinks import RECEIVE_BUFFER, await_unread, read_all, unread

LISTENERS = 1000
TALKERS = 10

PAIRS = 5
"""Rounds of both, in turn."""

LINES = 4000
"""Lines of a round: what is sent of them fits into what the kernels take."""

IN_FLIGHT = 200
"""Lines on their way at a time, as the last listener sees them."""

AT_ONCE = 10
"""Lines that a talker says at a time."""

CORES = 2

CALM = 3.0
"""Seconds in which nothing more comes, after everybody has got in. nats-server asks each client for
a sign of life within two."""


class Found(NamedTuple):
    """What came of a round."""

    rate: float
    """Deliveries per second, until all is with the listeners' kernels."""
    cost: float
    """Microseconds of CPU for a delivery, on all cores."""


def both_cores(core: int) -> int:
    """nats-server beside gchat, two cores each, 1,000 who cost nothing: deliveries per second"""
    own = os.sched_getaffinity(0)
    cores = sorted({core, *own})[:CORES]
    report = Report(
        f"both cores: {TALKERS} talk, {LISTENERS:,} take everything and read it later, "
        f"{IN_FLIGHT} lines in flight; {PAIRS} rounds of each server in turn"
    )
    nats = SERVERS[NATS]._replace(environment={"GOMAXPROCS": str(CORES)})
    os.sched_setaffinity(0, cores)
    try:
        with Process(SERVERS[GCHAT], cores) as ours, Process(nats, cores) as theirs:
            halls = [Hall(SERVERS[GCHAT], ours), Hall(nats, theirs)]
            for hall in halls:
                hall.flood()  # what is made once is made now
            pairs = [[hall.flood() for hall in halls] for _ in range(PAIRS)]
    except Missing as why:
        report.figure(NATS, f"left out: {why}")
        return 0
    finally:
        os.sched_setaffinity(0, own)
    for name, rounds in zip((GCHAT, NATS), zip(*pairs, strict=True), strict=True):
        report.figure(name, f"{spread([each.rate / 1e6 for each in rounds], '.2f')} million a s")
        report.figure("", f"CPU a delivery {spread([each.cost for each in rounds], '.3f')} us")
    ratios = [ours.rate / theirs.rate for ours, theirs in pairs]
    report.check("  speed, ratio", f"{spread(ratios, '.2f')}, more than 1", median(ratios) > 1)
    return report.failures


class Hall:
    """A server, its talkers, and the listeners, the last of which is read all the time."""

    def __init__(self, server: Server, process: Process) -> None:
        self._dialect = server.dialect
        self._in_one_order = server.name == GCHAT
        self._process = process
        self._sockets = [self._enter(number) for number in range(TALKERS + LISTENERS)]
        self._talkers = self._sockets[:TALKERS]
        self._sinks, self._witness = self._sockets[TALKERS:-1], self._sockets[-1]
        self._numbers = [0] * TALKERS
        self._drop_greetings()
        self._sizes = [self._measure(talker) for talker in range(TALKERS)]

    def flood(self) -> Found:
        """The talkers say LINES, as fast as they are delivered; then all read."""
        before = self._process.cpu()
        seconds = self._burst()
        deliveries = LINES * (LISTENERS + TALKERS - 1)
        used = self._process.cpu().since(before).total
        return Found(deliveries / seconds, used / deliveries * 1e6)

    def _burst(self) -> float:
        """Seconds until all have got everything that is said."""
        turns, said, size, seen = cycle(range(TALKERS)), 0, 0, 0
        ends = list[int]()
        """Bytes that the witness has got when each portion has arrived."""
        arrived = 0
        begin = time.monotonic()
        while arrived < LINES // AT_ONCE:
            while said < LINES and said - arrived * AT_ONCE < IN_FLIGHT:
                size += self._say(next(turns), AT_ONCE)
                said += AT_ONCE
                ends.append(size)
            seen += len(self._witness.recv(2**20))
            while arrived < len(ends) and ends[arrived] <= seen:
                arrived += 1
        await_unread(self._sinks, size)
        seconds = time.monotonic() - begin
        read_all(self._sinks, size, self._in_one_order)
        for number, talker in enumerate(self._talkers):
            own = self._sizes[number] * LINES // TALKERS
            await_unread([talker], size - own)
            read_all([talker], size - own)
        return seconds

    def _say(self, talker: int, count: int) -> int:
        """Bytes that each of the others is to get of it."""
        first = self._numbers[talker]
        self._numbers[talker] += count
        lines = [self._dialect.say(talker, 0, first + number) for number in range(count)]
        self._talkers[talker].sendall(b"".join(lines))
        return count * self._sizes[talker]

    def _enter(self, number: int) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", self._process.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for step in self._dialect.enter(number, 0):
            connection.sendall(step.send)
            answer = b""
            while step.answer not in answer:
                answer += connection.recv(4096)
        return connection

    def _drop_greetings(self) -> None:
        """Read what was sent to each of them because it came."""
        while not self._process.rests():
            pass
        end = time.monotonic() + CALM
        while time.monotonic() < end:
            for each in self._sockets:
                if waiting := unread(each):
                    each.recv(waiting)
                    end = time.monotonic() + CALM

    def _measure(self, talker: int) -> int:
        """The bytes that a line of this talker's has for all others, who get one now."""
        self._numbers[talker] += 1
        self._talkers[talker].sendall(self._dialect.say(talker, 0, 0))
        others = [each for each in self._sockets if each is not self._talkers[talker]]
        await_unread(others, 1)
        size = unread(others[-1])
        await_unread(others, size)
        read_all(others, size)
        return size
