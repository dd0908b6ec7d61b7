"""A server that sends from several cores beside one that sends from one: speed, CPU, latency.

The listeners cost nothing: they read only between two rounds, and until then their kernels take
all that they are sent. So the server has all cores to itself.
"""

import os
from collections.abc import Callable
from statistics import median

from measuring.hall import Found, Hall
from measuring.report import Report, percentile, spread
from measuring.server import Server

LISTENERS = 1000
TALKERS = 10

PAIRS, MOST_PAIRS = 5, 10
"""Pairs of rounds, with threads and without, that count; and that are tried at the most."""

IN_FLIGHT = 200
"""Lines on their way at a time, on average over the talkers."""

PACE = 20
"""Lines a second in a round at a slow pace."""

SECONDS = 4.0
"""For which such a round lasts."""

LEAST_SPEED, MOST_CPU, MOST_P99 = 1.4, 1.1, 1.0
"""The bars for threads to be the default: ratios of what is measured with them and without."""


Pair = tuple[Found, Found]
"""Without threads, and with them."""


def send_threads(core: int) -> int:
    """1,000 who cost nothing, 10 talk: speed, CPU, latency with a send thread and without"""
    report = Report(
        f"send threads: {TALKERS} talk, {LISTENERS:,} take everything and read it later; {PAIRS} "
        "pairs in turn, without threads and with one"
    )
    own = os.sched_getaffinity(0)
    cores = {core, *own}
    os.sched_setaffinity(0, cores)
    try:
        with (
            Server(cores, "--send-threads", "0") as one,
            Server(cores, "--send-threads", "1") as other,
        ):
            halls = Hall([one], TALKERS, LISTENERS), Hall([other], TALKERS, LISTENERS)
            works: dict[str, Callable[[Hall], Found]] = {
                "flood": lambda hall: hall.flood(IN_FLIGHT),
                "pace": lambda hall: hall.pace(PACE, SECONDS),
            }
            for what, work in works.items():
                for hall in halls:
                    work(hall)  # what is made once is made now
                _report(report, what, _pairs(halls, work))
    finally:
        os.sched_setaffinity(0, own)
    return report.failures


def _pairs(halls: tuple[Hall, Hall], work: Callable[[Hall], Found]) -> list[Pair]:
    """Pairs of rounds that nothing has disturbed, as far as there are so many."""
    without, with_threads = halls
    quiet, others = list[Pair](), list[Pair]()
    for number in range(MOST_PAIRS):
        if number % 2:
            pair = work(without), work(with_threads)
        else:
            later = work(with_threads)
            pair = work(without), later
        (quiet if all(each.is_quiet for each in pair) else others).append(pair)
        if len(quiet) == PAIRS:
            break
    missing = PAIRS - len(quiet)
    return quiet + sorted(others, key=lambda pair: sum(each.others for each in pair))[:missing]


def _report(report: Report, what: str, pairs: list[Pair]) -> None:
    title = f"{PACE} lines/s" if what == "pace" else f"{IN_FLIGHT} in flight"
    disturbed = sum(not all(each.is_quiet for each in pair) for pair in pairs)
    if disturbed:
        report.figure(f"{title}: {disturbed} of {len(pairs)} pairs", "beside other programs")
    latencies = list[list[float]]()
    for name, rounds in zip(("without", "with one"), zip(*pairs, strict=True), strict=True):
        rates = spread([each.deliveries / each.seconds / 1e6 for each in rounds], ".2f")
        costs = spread([each.cost for each in rounds], ".3f")
        late = [late for each in rounds for late in each.latencies]
        latencies.append(late)
        shown = ", ".join(f"p{each} {percentile(late, each) * 1e3:.2f} ms" for each in (50, 99))
        report.figure(f"{title}, {name}", f"{rates} million deliveries/s")
        report.figure("", f"CPU a delivery {costs} us")
        report.figure("", shown)
    speed = [one.seconds / other.seconds for one, other in pairs]
    cost = [other.cost / one.cost for one, other in pairs]
    before, now = (percentile(late, 99) for late in latencies)
    if what == "flood":
        shown = f"{spread(speed, '.2f')}, at least {LEAST_SPEED}"
        report.check("  speed, ratio", shown, median(speed) >= LEAST_SPEED)
    shown = f"{spread(cost, '.2f')}, at most {MOST_CPU}"
    report.check("  CPU, ratio", shown, median(cost) <= MOST_CPU)
    report.check(
        "  p99, ratio", f"{now / before:.2f}, at most {MOST_P99}", now <= before * MOST_P99
    )
