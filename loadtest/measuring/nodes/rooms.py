"""A thousand rooms that three servers have open: what they cost in silence, and with talk."""

import time
from random import Random
from typing import NamedTuple, Self

from measuring.crowd import Crowd, Member
from measuring.nodes.cluster import Cluster, cluster
from measuring.report import Report, percentile
from measuring.talk import line

ROOMS = 999
"""Besides the lobby, 1,000 in all. An address may open a few of them, so each room has its own."""
SERVERS = "abc"

QUIET_SECONDS = 10.0
SECONDS = 10.0

RATE = 100
"""Lines a second in all rooms together."""

SETTLING = 2.0
"""Seconds behind the last join, in which everybody hears of everybody."""

AT_ONCE = 20
"""Rooms that are joined before all that were joined are waited for: a server opens one after the
other, and refuses those for which it takes over a second."""


class Used(NamedTuple):
    """Percent of a core."""

    servers: list[float]
    redis: float

    def __str__(self) -> str:
        return f"{', '.join(f'{each:.1f}' for each in self.servers)} %, Redis {self.redis:.1f} %"


def rooms(core: int) -> int:
    """1,000 rooms, each open at three servers: CPU in silence and with 100 lines a second"""
    report = Report(
        f"rooms: {ROOMS:,} with a client at each of {len(SERVERS)} servers, {RATE} lines a second "
        "in all of them together"
    )
    with cluster(core, SERVERS) as nodes:
        crowd = Crowd(nodes.servers[0].port)
        began = time.monotonic()
        members = _join(nodes, crowd)
        report.figure("until all are in their rooms", f"{time.monotonic() - began:.1f} s")
        _poll(crowd, SETTLING)
        with _Usage(nodes) as quiet:
            _poll(crowd, QUIET_SECONDS)
        report.figure("CPU in silence", str(quiet.used))
        with _Usage(nodes) as busy:
            latencies, missing = _talk(crowd, members)
        report.figure("CPU with talk", str(busy.used))
        for percent in (50, 99):
            took = percentile(latencies, percent) * 1e3
            report.figure(f"until the other two servers have it, p{percent}", f"{took:.2f} ms")
        report.check("lines that did not arrive", f"{missing}", not missing)
    return report.failures


def _join(nodes: Cluster, crowd: Crowd) -> list[tuple[Member, ...]]:
    """Have a client of each server join each room; returns those of each room."""
    members = list[tuple[Member, ...]]()
    for number in range(ROOMS):
        source = f"127.1.{number // 250}.{1 + number % 250}"
        ports = [server.port for server in nodes.servers]
        some = tuple(crowd.join(1, port=port, source=source)[0] for port in ports)
        for each in some:
            crowd.say(each, b"/join room%d\n/who\n" % number)
        members.append(some)
        if number % AT_ONCE == AT_ONCE - 1 or number == ROOMS - 1:
            everybody = [each for some in members for each in some]
            crowd.until(lambda all_=everybody: all(each.lines for each in all_), "all have joined")  # type: ignore[misc]
    return members


def _poll(crowd: Crowd, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        crowd.poll(left)


def _talk(crowd: Crowd, members: list[tuple[Member, ...]]) -> tuple[list[float], int]:
    """Have somebody in some room say a line, RATE times a second.

    Returns after how long each of the others in the room had it, and how many never did.
    """
    random, begin = Random(1), time.monotonic()
    waiting = dict[Member, tuple[int, float]]()
    latencies = list[float]()
    number = 0
    while number < RATE * SECONDS or waiting:
        now = time.monotonic()
        if now > begin + SECONDS + 10:
            break
        due = begin + number / RATE
        if number < RATE * SECONDS and due <= now:
            talker, *others = random.sample(random.choice(members), len(SERVERS))
            number += 1
            if any(each in waiting for each in others):
                continue  # another line is on its way there: they could not be told apart
            for each in others:
                waiting[each] = each.lines + 1, now
            crowd.say(talker, line(0, number))
        crowd.poll(max(0.0, min(0.01, begin + number / RATE - time.monotonic())))
        now = time.monotonic()
        for member, (lines, said) in [*waiting.items()]:
            if member.lines >= lines:
                del waiting[member]
                latencies.append(now - said)
    return latencies, len(waiting)


class _Usage:
    """Measures what is used within, as a context manager; then it is `used`."""

    def __init__(self, nodes: Cluster) -> None:
        self._nodes = nodes
        self.used = Used([], 0.0)

    def __enter__(self) -> Self:
        self._before, self._began = self._now(), time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        share = 100 / (time.monotonic() - self._began)
        *servers, redis = [
            (now - before) * share for now, before in zip(self._now(), self._before, strict=True)
        ]
        self.used = Used(servers, redis)

    def _now(self) -> list[float]:
        servers = [each.cpu_time() for each in self._nodes.servers]
        return [*servers, self._nodes.redis.cpu().total]
