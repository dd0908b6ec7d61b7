"""The works that the servers are raced at, and what one server did at one of them."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from benchmark.audience import PATIENCE, Audience
from benchmark.member import Broken
from benchmark.process import Process
from benchmark.servers import (
    GCHAT,
    NATS,
    NGIRCD,
    REFERENCE,
    REFERENCE_AT_ONCE,
    SERVERS,
    THREADS,
    Server,
)
from benchmark.talk import Talk, closed_loop, open_loop
from benchmark.ways import WAYS

WARM_UP = 0.5
"""Seconds for which a closed loop runs before it is measured."""

FILLING = 5.0
"""The same where some never read: it takes so long until their sockets are full."""

CALIBRATING = 3
"""Talkers whose lines are measured."""


class Work(NamedTuple):
    """What is to be done."""

    name: str
    clients: int
    servers: tuple[str, ...] = tuple(SERVERS)
    """Who does it."""
    talkers: int = 10
    rooms: int = 1
    window: int = 100
    """Lines in flight, in a closed loop."""
    rate: float = 0.0
    """Lines a second, in an open loop; 0 is a closed one."""
    stalled: int = 0
    """So many are there besides who never read."""
    longer: int = 1
    """Times as long as is asked for: in an open loop few lines are said, of which the slowest one
    would be the 99th percentile."""

    @property
    def is_special(self) -> bool:
        """Whether it is only for some servers."""
        return self.servers != tuple(SERVERS)

    @property
    def in_a_room(self) -> int:
        """Clients."""
        return self.clients // self.rooms

    def is_for(self, server: Server) -> bool:
        """Whether `server` does it."""
        is_named = server.name in self.servers or (server.name in WAYS and not self.is_special)
        return is_named and self.in_a_room <= server.most_in_room


class Sample(NamedTuple):
    """What one server did once."""

    connecting: float
    """Seconds until all were in, and a line reached them."""
    memory: int
    """Bytes of memory for each client, when nobody had talked but for that line."""
    talk: Talk


HUNDRED = Work("100 clients", 100)
THOUSAND = Work("1,000 clients", 1000)
TEN_THOUSAND = Work("10,000 clients", 10_000)
PACED = Work(
    "1,000 clients, 20 lines a second",
    1000,
    (GCHAT, REFERENCE, REFERENCE_AT_ONCE, NATS, NGIRCD, THREADS),
    rate=20,
    longer=4,
)
STALLED = Work("100 clients beside 1,000 who never read", 100, (GCHAT, REFERENCE), stalled=1000)
ROOMS = Work(
    "100 rooms of 100, all talk",
    10_000,
    (GCHAT, NATS, NGIRCD),
    talkers=10_000,
    rooms=100,
    window=1000,
)
SINGLE = tuple(
    Work(f"{clients:,} clients, one line in flight", clients, (GCHAT, REFERENCE_AT_ONCE), window=1)
    for clients in (100, 1000, 10_000)
)
MORE_IN_FLIGHT = tuple(
    Work(f"1,000 clients, {window:,} lines in flight", 1000, (GCHAT, REFERENCE), window=window)
    for window in (200, 1000)
)

WORKS = (HUNDRED, THOUSAND, TEN_THOUSAND, PACED, STALLED, ROOMS, *SINGLE, *MORE_IN_FLIGHT)
"""All of them."""

COMPARED = ((HUNDRED, STALLED), SINGLE)
"""What a server does at the one is compared with what it does at the others."""


def together(works: Iterable[Work]) -> list[list[Work]]:
    """Those of `works` that are compared, one behind the other, and each other one by itself."""
    groups: list[list[Work]] = []
    for work in works:
        related = next((each for each in COMPARED if work in each), ())
        group = next((each for each in groups if each[0] in related), None)
        if group is None:
            groups.append([work])
        else:
            group.append(work)
    return groups


def do(work: Work, server: Server, core: int, seconds: float) -> Sample:
    """Have `server`, on `core`, do `work` once, for so many seconds.

    Raises Broken, TimeoutError, RuntimeError, OSError.
    """
    with Process(server, core) as process:
        audience = Audience(process.port, server.dialect, server.member)
        seconds *= work.longer
        try:
            connecting, memory = _enter(work, server, process, audience)
            talkers = audience.members[: work.talkers]
            audience.measure_line(talkers[:CALIBRATING])
            audience.stall(work.stalled)
            if work.rate:
                talk = open_loop(process, audience, talkers, work.rate, seconds)
            else:
                warm_up = FILLING if work.stalled else WARM_UP
                before = closed_loop(process, audience, talkers, work.window, warm_up)
                talk = closed_loop(process, audience, talkers, work.window, seconds).behind(before)
        finally:
            audience.close()
    if not talk.delivered:
        raise Broken("nothing is delivered")
    return Sample(connecting, memory, talk)


def _enter(work: Work, server: Server, process: Process, audience: Audience) -> tuple[float, int]:
    """All come; the seconds that it takes, and the bytes of memory for each."""
    # It listens before it has loaded all that it needs.
    audience.until(process.rests, "the server has started")
    memory, descriptors = process.rss(), process.descriptors()
    begin = time.monotonic()
    audience.enter(work.clients, work.rooms, server.at_once)
    # Before the server has accepted a connection, its side of it is the kernel's alone.
    audience.until(lambda: process.descriptors() >= descriptors + work.clients, "all are accepted")
    # They may not be in yet, and to say a line again and again would only keep the server busy.
    audience.until(process.rests, "the server rests")
    deadline = time.monotonic() + PATIENCE
    while not audience.probe(audience.members[0]):
        if time.monotonic() > deadline:
            raise TimeoutError(f"in {PATIENCE:.0f} s no line has reached everybody")
    connecting = time.monotonic() - begin
    audience.until_quiet()
    return connecting, (process.rss() - memory) // work.clients
