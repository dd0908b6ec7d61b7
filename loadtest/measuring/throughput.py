"""Deliveries per second."""

from statistics import median

from measuring.crowd import Crowd
from measuring.report import Report, spread
from measuring.server import Server
from measuring.talk import LINE, Talk

SIZES = (100, 1000)
IN_FLIGHT = (100, 1000)
"""Lines on their way: 10 and 100 of each talker. The more they are, the more go out together."""
TALKERS = 10
ROUNDS = 5
SECONDS = 1.5

SATURATED = 0.9
"""The share of its core from which on the server, and not its clients, sets the pace."""


def throughput(core: int) -> int:
    """100 and 1,000 clients, 10 of which talk: deliveries per second, CPU per delivery"""
    report = Report(f"throughput: {TALKERS} talk, {LINE}-byte lines, {ROUNDS} rounds")
    for size in SIZES:
        for in_flight in IN_FLIGHT:
            _measure(core, report, size, in_flight)
    return report.failures


def _measure(core: int, report: Report, size: int, in_flight: int) -> None:
    with Server(core) as server:
        crowd = Crowd(server.port)
        members = crowd.join(size)
        crowd.await_head_count(members[0], size)
        talk = Talk(server, crowd, members, TALKERS, in_flight)
        talk.run(seconds=SECONDS / 3)  # what is made once is made now
        rounds = [talk.run(seconds=SECONDS) for _ in range(ROUNDS)]
        crowd.leave(members)
    report.check(
        f"{size} clients, {in_flight} in flight",
        f"{spread([one.rate for one in rounds], ',.0f')} deliveries/s",
        all(one.exact for one in rounds),
    )
    load = median(one.load for one in rounds)
    limit = "saturated" if load >= SATURATED else "not saturated: the clients set the pace"
    report.figure("  the server's core", f"{load:.0%}, {limit}")
    costs = [one.cpu / one.deliveries * 1e6 for one in rounds]
    report.figure("  its seconds/million deliveries", spread(costs, ".3f"))
