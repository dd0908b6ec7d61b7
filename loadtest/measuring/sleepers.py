"""Clients with tokens that stop reading, as suspended laptops do, beside people who talk."""

import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from child import run_delay

from measuring.crowd import Crowd, Member
from measuring.report import Report, percentile
from measuring.server import Server

FEW, MANY = 150, 1000

RECEIVE_BUFFER = 2048
"""Bytes that a sleeper's kernel takes (it doubles them): the rest waits at the server."""

FILLING = 7200
"""Short lines: more than the sockets of a sleeper take."""

PAUSE = 0.01
"""Seconds between two lines whose delivery is timed: what else waits is seen as well as they."""

SECONDS = 6.0
"""For which lines are timed, without sleepers and then with them: some checkpoints."""

MOST_RATIO = 2.0
"""Of the 99th percentile of a delivery with FEW sleepers to that without them."""

MOST_PAUSE = 0.05
"""Seconds that any line may take beside MANY, without the time in which the server, or this
process, was ready to run and something else had its core."""


class Delays(NamedTuple):
    """Of lines that were timed, in seconds."""

    taken: list[float]
    own: list[float]
    """Without the time in which the machine did something else."""


def sleepers(core: int) -> int:
    """150 and 1,000 clients with tokens that do not read, with a history file: p99 of a delivery"""
    report = Report(
        f"sleepers: clients with tokens, a receive buffer of {RECEIVE_BUFFER} bytes, and "
        f"{FILLING:,} short lines unread; one line is timed every {PAUSE * 1000:.0f} ms"
    )
    for count in (FEW, MANY):
        with (
            tempfile.TemporaryDirectory() as folder,
            Server(core, "--history", str(Path(folder) / "chat.db")) as server,
        ):
            _measure(report, server, count)
    return report.failures


def _measure(report: Report, server: Server, count: int) -> None:
    crowd = Crowd(server.port)
    talker, listener = crowd.join(2)
    crowd.await_head_count(2)

    def delays() -> Delays:
        return _delays(crowd, talker, listener, server)

    without = delays()
    _show(report, "without sleepers", without)
    asleep = crowd.join(count, reads=False, receive_buffer=RECEIVE_BUFFER)
    for number, member in enumerate(asleep):
        crowd.say(member, b"/nick sleeper%d\n/token\n" % number)
    crowd.await_head_count(2 + count)
    expected = listener.lines + FILLING
    for start in range(0, FILLING, 100):
        crowd.say(talker, b"".join(b"%d\n" % number for number in range(start, start + 100)))
    crowd.until(lambda: listener.lines >= expected, "all is said")
    beside = delays()
    _show(report, f"beside {count:,}", beside)
    ratio = percentile(beside.taken, 99) / percentile(without.taken, 99)
    if count == FEW:
        report.check("  p99, ratio", f"{ratio:.2f}, at most {MOST_RATIO}", ratio <= MOST_RATIO)
    else:
        report.figure("  p99, ratio", f"{ratio:.2f}")
        _check_pause(report, beside)
    blocked = server.output().count("event loop blocked")
    report.figure("  warnings of the watchdog", str(blocked))
    crowd.leave(asleep)
    after = delays()
    _show(report, f"after {count:,} have reset", after)
    if count == MANY:
        _check_pause(report, after)
    crowd.leave([talker, listener])


def _delays(crowd: Crowd, talker: Member, listener: Member, server: Server) -> Delays:
    """How long lines took from one to the other."""
    delays = Delays([], [])

    def waited() -> float:
        return server.waited() + run_delay(os.getpid())

    end = time.monotonic() + SECONDS
    while (begin := time.monotonic()) < end:
        expected, before = listener.lines + 1, waited()
        crowd.say(talker, b"x\n")
        crowd.until(lambda expected=expected: listener.lines >= expected, "the line comes")  # type: ignore[misc]
        taken = time.monotonic() - begin
        delays.taken.append(taken)
        delays.own.append(taken - (waited() - before))
        time.sleep(PAUSE)
    return delays


def _show(report: Report, what: str, delays: Delays) -> None:
    taken = delays.taken
    found = (median(taken), percentile(taken, 99), max(taken), max(delays.own))
    p50, p99, most, own = (f"{value * 1000:.2f} ms" for value in found)
    report.figure(what, f"median {p50}, p99 {p99}, longest {most}, {own} of its own")


def _check_pause(report: Report, delays: Delays) -> None:
    longest = max(delays.own)
    shown = f"{longest * 1000:.1f} ms, at most {MOST_PAUSE * 1000:.0f}"
    report.check("  longest of its own", shown, longest <= MOST_PAUSE)
