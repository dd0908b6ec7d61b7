"""From a line said at one server until a client of another one has it, which shares the room."""

import time

from measuring.crowd import PATIENCE, Crowd, Member
from measuring.nodes.cluster import cluster
from measuring.report import Report, percentile
from measuring.talk import line

ROUNDS = 3
SECONDS = 4.0

RATES = 100, 1000
"""Lines a second, one by one."""

MOST = {50: 0.003, 99: 0.020}
"""The aims, in seconds, by percent of the lines; for the other server."""


def delivery(core: int) -> int:
    """From a line at one server to a client of another one, 100 and 1,000 lines a second"""
    report = Report(
        f"delivery: one talks at a server, one listens there and one at another server, "
        f"{ROUNDS} rounds of {SECONDS:.0f} s"
    )
    with cluster(core, "ab") as nodes:
        here, there = nodes.servers
        crowd = Crowd(here.port)
        talker, near = crowd.join(2)
        (far,) = crowd.join(1, port=there.port)
        crowd.await_head_count(3)
        _talk(crowd, talker, (near, far), 100, 0.5)  # what is made once is made now
        for rate in RATES:
            found = [_talk(crowd, talker, (near, far), rate, SECONDS) for _ in range(ROUNDS)]
            for where, index in (("its own server", 0), ("the other server", 1)):
                late = [each for latencies in found for each in latencies[index]]
                for percent, most in MOST.items():
                    took = percentile(late, percent)
                    title = f"{rate:,} lines/s, {where}, p{percent}"
                    if index:
                        shown = f"{took * 1e3:.2f} ms, at most {most * 1e3:.0f}"
                        report.check(title, shown, took <= most)
                    else:
                        report.figure(title, f"{took * 1e3:.2f} ms")
        crowd.leave([talker, near, far])
    return report.failures


def _talk(
    crowd: Crowd, talker: Member, listeners: tuple[Member, ...], rate: int, seconds: float
) -> list[list[float]]:
    """Say so many lines a second; returns after how long each listener had each of them."""
    said = list[float]()
    found = [list[float]() for _ in listeners]
    before = [each.lines for each in listeners]
    total, begin = round(rate * seconds), time.monotonic()
    deadline = begin + seconds + PATIENCE
    while min(map(len, found)) < total:
        now = time.monotonic()
        if now > deadline:
            raise TimeoutError("not all lines have arrived")
        while len(said) < total and begin + len(said) / rate <= now:
            crowd.say(talker, line(0, len(said)))
            said.append(time.monotonic())
        next_one = begin + len(said) / rate - time.monotonic() if len(said) < total else 0.05
        crowd.poll(max(0.0, next_one))
        now = time.monotonic()
        for listener, first, latencies in zip(listeners, before, found, strict=True):
            arrived = listener.lines - first
            latencies += [now - said[number] for number in range(len(latencies), arrived)]
    return found
