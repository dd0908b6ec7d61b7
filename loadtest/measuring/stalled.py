"""Clients that do not read, beside others that talk."""

import time

from measuring.crowd import Crowd, Member
from measuring.report import Report, spread
from measuring.server import MIB, Server
from measuring.talk import LINE, Round, Talk
from measuring.transcript import Follower, Transcript

STALLED = 1000
OTHERS = 100
TALKERS = 10
IN_FLIGHT = 100
ROUNDS = 5
SECONDS = 1.5

FILLING = 8_000
"""Lines that are more than a socket takes of which nobody reads."""

KEPT = 50_000
"""Lines that the server still has when those who stalled begin to read."""

TOO_MANY = 150_000
"""Lines of which it no longer has the first ones."""

MOST_SECONDS = 8.0
"""In which those who stalled have caught up with KEPT lines, if the machine does nothing else."""

LEAST_RATIO = 0.70
MOST_GROWTH = 50 * MIB


def stalled(core: int) -> int:
    """1,000 clients that do not read, while 100 others talk, and then do: speed, memory, misses"""
    report = Report(
        f"stalled: {STALLED:,} do not read, {OTHERS} do, {TALKERS} of whom talk, {LINE}-byte "
        f"lines, {IN_FLIGHT} in flight, {ROUNDS} rounds of each kind"
    )
    with Server(core) as server:
        crowd = Crowd(server.port)
        members = crowd.join(OTHERS)
        crowd.await_head_count(OTHERS)
        before = server.rss()
        server.forget_peak()
        talk = Talk(server, crowd, members, TALKERS, IN_FLIGHT)
        _compare(server, report, crowd, members, talk)
        _check_growth(report, "memory, while they do not read", server, before)
        server.forget_peak()
        _read_at_last(report, crowd, members, talk, KEPT)
        _read_at_last(report, crowd, members, talk, TOO_MANY)
        _check_growth(report, "memory, when they read at last", server, before)
        crowd.leave(members)
    return report.failures


def _compare(
    server: Server, report: Report, crowd: Crowd, members: list[Member], talk: Talk
) -> None:
    """Throughput with and without them, in turns."""
    with_them: list[Round] = []
    without: list[Round] = []
    for _ in range(ROUNDS):
        without.append(talk.run(seconds=SECONDS))
        sleepers = _join_stalled(crowd, members)
        talk.run(lines=FILLING)
        with_them.append(talk.run(seconds=SECONDS))
        crowd.leave(sleepers)
        crowd.await_head_count(OTHERS)
    ratios = [one.rate / other.rate for one, other in zip(with_them, without, strict=True)]
    for what, rounds in (("without them", without), ("with them", with_them)):
        rates = [one.rate for one in rounds]
        exact = all(one.exact for one in rounds)
        report.check(f"{what}, deliveries/s", spread(rates, ",.0f"), exact)
    report.check(
        "ratio",
        f"{spread(ratios, '.2f')}, at least {LEAST_RATIO:.2f}",
        sorted(ratios)[ROUNDS // 2] >= LEAST_RATIO,
    )


def _join_stalled(crowd: Crowd, members: list[Member]) -> list[Member]:
    sleepers = crowd.join(STALLED, reads=False)
    crowd.await_head_count(OTHERS + STALLED)
    return sleepers


def _read_at_last(
    report: Report, crowd: Crowd, members: list[Member], talk: Talk, lines: int
) -> None:
    """They sleep while so many `lines` are said, then read: compare what each of them gets."""
    sleepers = _join_stalled(crowd, members)
    kept = members[-1].keep()  # who is no talker
    talk.run(lines=lines)
    members[-1].sink = None
    transcript = Transcript(bytes(kept))
    followers = [Follower(transcript) for _ in sleepers]
    begin = time.monotonic()
    for sleeper, follower in zip(sleepers, followers, strict=True):
        sleeper.sink = follower.feed
        crowd.read(sleeper)
    overdue = ""
    try:
        crowd.until(lambda: all(one.finished for one in followers), "all have read", 60)
    except TimeoutError as error:
        overdue = f"; {error}"
    exact = sum(follower.exact for follower in followers)
    told = [follower.missed for follower in followers]
    seconds = time.monotonic() - begin
    but = f" but the {min(told):,} to {max(told):,} they were told of" if max(told) else ""
    report.check(
        f"{transcript.lines:,} lines later, they read",
        f"{exact:,} got everything in order{but}",
        exact == STALLED and transcript.lines >= lines,
    )
    faults = [follower.fault for follower in followers if follower.fault]
    took = f"in {seconds:.1f} s{overdue}{f'; {faults[0]} came' if faults else ''}"
    if lines == KEPT:
        report.check("", f"{took}, at most {MOST_SECONDS:.0f} s", seconds <= MOST_SECONDS)
    else:
        report.figure("", took)
    crowd.leave(sleepers)
    crowd.await_head_count(OTHERS)


def _check_growth(report: Report, what: str, server: Server, before: int) -> None:
    growth = server.peak() - before
    report.check(
        what,
        f"{before / MIB:.0f} MiB, grew by {growth / MIB:.1f} at its peak; most is 50",
        growth <= MOST_GROWTH,
    )
