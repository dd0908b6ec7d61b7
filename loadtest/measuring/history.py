"""What it costs to keep what is said in a file: deliveries per second, and how late they are."""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from measuring.crowd import Crowd, Member
from measuring.report import Report, percentile, spread
from measuring.server import Server
from measuring.talk import LINE, Talk, line

SIZES = (100, 1000)
TALKERS = 10
IN_FLIGHT = (100, 1000)
ROUNDS = 5
SECONDS = 1.5

LINES = 200
"""That are said one after the other, when all have got the one before, in each round."""

KINDS = {
    "in memory": (),
    **{f"sync {sync}": ("--history-sync", sync) for sync in ("off", "normal", "full")},
}
"""The options for each way to keep what is said."""

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
    for sync in ("off", "full"):
        _measure(core, report, SIZES[0], IN_FLIGHT[0], sync)
    _measure_delay(core, report)
    return report.failures


def _measure(core: int, report: Report, size: int, in_flight: int, sync: str = "normal") -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chat.db"
        with (
            Server(core) as one,
            Server(core, "--history", str(file), "--history-sync", sync) as other,
        ):
            memory, kept = _gather(one, size, in_flight), _gather(other, size, in_flight)
            for talk in (memory, kept):
                talk.run(seconds=SECONDS / 3)  # what is made once is made now
            rounds = [
                (memory.run(seconds=SECONDS), kept.run(seconds=SECONDS)) for _ in range(ROUNDS)
            ]
        size_of_file = file.stat().st_size
    title = f"{size} clients, {in_flight} in flight"
    for what, found in zip(("in memory", f"sync {sync}"), zip(*rounds, strict=True), strict=True):
        rates = spread([one.rate for one in found], ",.0f")
        report.check(f"{title}, {what}", f"{rates} deliveries/s", all(one.exact for one in found))
    ratios = [kept.rate / memory.rate for memory, kept in rounds]
    if size == SIZES[0] and sync == "normal":
        enough = median(ratios) >= LEAST_RATIO
        report.check("  ratio", f"{spread(ratios, '.2f')}, at least {LEAST_RATIO:.2f}", enough)
    else:
        report.figure("  ratio", spread(ratios, ".2f"))
    said = sum(kept.said for _, kept in rounds)
    report.figure("  the file", f"at most {size_of_file / said:.0f} bytes for each message")


def _measure_delay(core: int, report: Report) -> None:
    """How long a line takes until each of SIZES[0] clients has it, if nothing else is said."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        rooms = {}
        for kind, options in KINDS.items():
            kept = ("--history", f"{folder}/{kind}.db") if options else ()
            server = stack.enter_context(Server(core, *kept, *options))
            crowd = Crowd(server.port)
            members = crowd.join(SIZES[0])
            crowd.await_head_count(SIZES[0])
            rooms[kind] = (crowd, members[0])
        delays: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for _ in range(ROUNDS):
            for kind, (crowd, talker) in rooms.items():
                delays[kind] += [_delay(crowd, talker) for _ in range(LINES)]
    for kind, found in delays.items():
        shown = f"median {median(found) * 1000:.2f} ms, p99 {percentile(found, 99) * 1000:.2f}"
        report.figure(f"one line to {SIZES[0]} clients, {kind}", shown)


def _delay(crowd: Crowd, talker: Member) -> float:
    expected = crowd.lines + SIZES[0] - 1
    begin = time.monotonic()
    crowd.say(talker, line(0, 0))
    crowd.until(lambda: crowd.lines >= expected, "all have the line")
    return time.monotonic() - begin


def _gather(server: Server, size: int, in_flight: int) -> Talk:
    crowd = Crowd(server.port)
    members = crowd.join(size)
    crowd.await_head_count(size)
    return Talk(server, crowd, members, TALKERS, in_flight)
