"""What it costs to keep what is said in a file: deliveries per second with one and without."""

import tempfile
from pathlib import Path

from measuring.crowd import Crowd
from measuring.report import Report, spread
from measuring.server import Server
from measuring.talk import LINE, Talk

SIZES = (100, 1000)
TALKERS = 10
IN_FLIGHT = (100, 1000)
ROUNDS = 5
SECONDS = 1.5

LEAST_RATIO = 0.6
"""Of the throughput without a file, at least, where 100 listen."""


def history(core: int) -> int:
    """100 and 1,000 clients, 10 of which talk: deliveries per second with a file and without"""
    report = Report(
        f"history: {TALKERS} talk, {LINE}-byte lines; in memory, and in a file as well; "
        f"{ROUNDS} rounds of each kind"
    )
    for size in SIZES:
        for in_flight in IN_FLIGHT:
            _measure(core, report, size, in_flight)
    return report.failures


def _measure(core: int, report: Report, size: int, in_flight: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chat.db"
        with Server(core) as one, Server(core, "--history", str(file)) as other:
            memory, kept = _gather(one, size, in_flight), _gather(other, size, in_flight)
            for talk in (memory, kept):
                talk.run(seconds=SECONDS / 3)  # what is made once is made now
            rounds = [
                (memory.run(seconds=SECONDS), kept.run(seconds=SECONDS)) for _ in range(ROUNDS)
            ]
        size_of_file = file.stat().st_size
    title = f"{size} clients, {in_flight} in flight"
    for what, found in zip(("in memory", "in a file"), zip(*rounds, strict=True), strict=True):
        rates = spread([one.rate for one in found], ",.0f")
        report.check(f"{title}, {what}", f"{rates} deliveries/s", all(one.exact for one in found))
    ratios = [kept.rate / memory.rate for memory, kept in rounds]
    enough = size > 100 or sorted(ratios)[ROUNDS // 2] >= LEAST_RATIO
    report.check("  ratio", f"{spread(ratios, '.2f')}, at least {LEAST_RATIO:.2f}", enough)
    said = sum(kept.said for _, kept in rounds)
    report.figure("  the file", f"at most {size_of_file / said:.0f} bytes for each message")


def _gather(server: Server, size: int, in_flight: int) -> Talk:
    crowd = Crowd(server.port)
    members = crowd.join(size)
    crowd.await_head_count(members[0], size)
    return Talk(server, crowd, members, TALKERS, in_flight)
