"""Deliveries per second when those who listen want their lines in different looks."""

from measuring.crowd import Crowd
from measuring.report import Report, spread
from measuring.server import Server
from measuring.talk import LINE, Talk

SIZES = (100, 1000)
TALKERS = 10
IN_FLIGHT = 100
ROUNDS = 5
SECONDS = 1.5

LOOKS = (b"", b"/time on\n", b"/color on\n/time Asia/Tokyo\n", b"/json on\n")
"""What every fourth of the listeners says first. Talkers leave it at the plain look."""

ASK = b"/uptime\n"
"""What is answered in one line when the look is set."""

LEAST_RATIO = 0.5
"""Of the throughput with one look, at least: what is encoded is encoded four times."""


def displays(core: int) -> int:
    """100 and 1,000 clients with four different looks, mixed: deliveries per second"""
    report = Report(
        f"looks: {TALKERS} talk, {LINE}-byte lines, {IN_FLIGHT} in flight; all with the plain "
        f"look, and four looks mixed; {ROUNDS} rounds of each kind"
    )
    for size in SIZES:
        _measure(core, report, size)
    return report.failures


def _measure(core: int, report: Report, size: int) -> None:
    with Server(core) as one, Server(core) as other:
        plain, mixed = _gather(one, size, mixed=False), _gather(other, size, mixed=True)
        for talk in (plain, mixed):
            talk.run(seconds=SECONDS / 3)  # what is made once is made now
        rounds = [(plain.run(seconds=SECONDS), mixed.run(seconds=SECONDS)) for _ in range(ROUNDS)]
    for what, found in zip(("one look", "four looks"), zip(*rounds, strict=True), strict=True):
        complete = all(one.deliveries == one.said * (size - 1) for one in found)
        rates = spread([one.rate for one in found], ",.0f")
        report.check(f"{size} clients, {what}", f"{rates} deliveries/s", complete)
    ratios = [mixed.rate / plain.rate for plain, mixed in rounds]
    report.check(
        "  ratio",
        f"{spread(ratios, '.2f')}, at least {LEAST_RATIO:.2f}",
        sorted(ratios)[ROUNDS // 2] >= LEAST_RATIO,
    )


def _gather(server: Server, size: int, *, mixed: bool) -> Talk:
    crowd = Crowd(server.port)
    members = crowd.join(size)
    crowd.await_head_count(size)
    if mixed:
        for index, member in enumerate(members[TALKERS:]):
            display = LOOKS[index % len(LOOKS)]
            crowd.say(
                member, display + (b'{"command": "/uptime"}\n' if b"json" in display else ASK)
            )
        # JSON is confirmed, too.
        answers = size - TALKERS + (size - TALKERS) // len(LOOKS)
        expected = crowd.lines + answers
        crowd.until(lambda: crowd.lines >= expected, "all have their looks")
    return Talk(server, crowd, members, TALKERS, IN_FLIGHT)
