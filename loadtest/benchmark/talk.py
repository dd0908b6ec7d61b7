"""How an audience talks: in a closed loop, for throughput, and in an open one, for latency."""

import time
from collections import Counter
from itertools import cycle
from typing import NamedTuple

from child import Cpu

from benchmark.audience import QUIET, Audience
from benchmark.member import Member
from benchmark.process import Process, own_cpu

BURST = 10
"""Lines that are said in one system call in a closed loop, if as many may be in flight."""

LAST_WAIT = 10.0
"""Seconds without any arrival after which, at the end, what has not come is lost."""


class Talk(NamedTuple):
    """What came of some seconds of talk."""

    seconds: float
    """From the first line said to the last one delivered."""
    said: int
    """Lines."""
    delivered: int
    """Lines received: each of the lines said, once for everybody in the room but its sender, unless
    the server echoes lines to their senders."""
    lost: int
    """Deliveries that did not come."""
    surplus: int
    """Deliveries that came besides."""
    rest: int
    """Bytes that came and make up no delivery: NATS asks everybody for a sign of life."""
    cpu: Cpu
    """What the server used meanwhile."""
    own_load: float
    """The share of its core that this process used: with all of it, it may be the limit."""
    latencies: list[float]
    """Seconds from when a line should be said until it was received, of each delivery to one
    who only listens; in an open loop alone."""

    def behind(self, warm_up: "Talk") -> "Talk":
        """With what went wrong in `warm_up` as well."""
        return self._replace(
            lost=self.lost + warm_up.lost,
            surplus=self.surplus + warm_up.surplus,
            rest=self.rest + warm_up.rest,
        )


class Accounts:
    """What is said from now on, and what arrives of it."""

    def __init__(self, process: Process, audience: Audience) -> None:
        self._audience = audience
        self._process = process
        self._before = audience.received[:]
        self._rooms = Counter(member.room for member in audience.listeners)
        self._said_in = Counter[int]()
        self._said_by = Counter[int]()
        self.said = 0
        self.expected = 0
        """Deliveries."""
        self._total = audience.total
        self._cpu, self._own_cpu = process.cpu(), own_cpu()
        self._begin = time.monotonic()

    def say(self, member: Member, count: int) -> None:
        """`count` lines of `member`."""
        self._audience.say(member, self._said_by[member.descriptor], count)
        self._said_by[member.descriptor] += count
        self._said_in[member.room] += count
        self.said += count
        self.expected += count * (self._rooms[member.room] - (not self._audience.echoes))

    @property
    def delivered(self) -> int:
        """Deliveries that have arrived."""
        return (self._audience.total - self._total) // self._audience.line_bytes

    def close(self, latencies: list[float]) -> Talk:
        """Nothing more is said: wait for the rest, and draw up what came of it."""
        audience = self._audience
        end = time.monotonic()
        while self.delivered < self.expected and time.monotonic() - end < LAST_WAIT:
            before = audience.total
            audience.poll(0.02)
            if audience.total != before:
                end = time.monotonic()
        seconds, own = end - self._begin, own_cpu() - self._own_cpu
        cpu = self._process.cpu().since(self._cpu)
        audience.until_quiet(QUIET)  # is there something that should not come?
        lost = surplus = rest = 0
        for member in audience.listeners:
            own = 0 if audience.echoes else self._said_by[member.descriptor]
            expected = self._said_in[member.room] - own
            size = audience.received[member.descriptor] - self._before[member.descriptor]
            lines = size // audience.line_bytes
            rest += size % audience.line_bytes
            lost += max(0, expected - lines)
            surplus += max(0, lines - expected)
        delivered = self.expected - lost
        load = own / seconds
        return Talk(seconds, self.said, delivered, lost, surplus, rest, cpu, load, latencies)


def closed_loop(
    process: Process, audience: Audience, talkers: list[Member], window: int, seconds: float
) -> Talk:
    """`talkers` talk in turn for so many seconds, as fast as is delivered what they say.

    `window` lines are on their way at a time: said, and not yet delivered to the others, on
    average over those. In many rooms it is so many for all of them.
    """
    accounts = Accounts(process, audience)
    burst = min(BURST, window)
    turns = cycle(talkers)
    most = window * (len(audience.listeners) // len({each.room for each in talkers}) - 1)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        while accounts.expected - accounts.delivered < most:
            accounts.say(next(turns), burst)
        audience.poll(0.02)
    return accounts.close([])


def open_loop(
    process: Process, audience: Audience, talkers: list[Member], rate: float, seconds: float
) -> Talk:
    """`talkers` say in turn `rate` lines a second, for so many seconds, come what may."""
    accounts = Accounts(process, audience)
    latencies = list[float]()
    talking = {member.descriptor for member in talkers}
    before, size = audience.received[:], audience.line_bytes
    begin = time.perf_counter() + 0.1
    turns, said, total = cycle(talkers), 0, int(rate * seconds)

    def listen(timeout: float) -> None:
        for descriptor, count in audience.arrivals(timeout):
            if descriptor not in talking:
                received = audience.received[descriptor] - before[descriptor]
                first, stop = (received - count) // size, received // size
                now = time.perf_counter()
                latencies.extend([now - (begin + number / rate) for number in range(first, stop)])

    while said < total:
        while (wait := begin + said / rate - time.perf_counter()) > 0:
            listen(wait)
        accounts.say(next(turns), 1)
        said += 1
    while accounts.delivered < accounts.expected:
        arrived = audience.total
        listen(LAST_WAIT)
        if audience.total == arrived:
            break
    return accounts.close(latencies)
