"""A server that sends from several cores beside one that sends from one: speed, CPU, latency.

The listeners cost nothing (see sinks).
"""

import os
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import NamedTuple

from measuring.crowd import PATIENCE, Crowd
from measuring.report import Report, percentile, spread
from measuring.server import Server
from measuring.sinks import RECEIVE_BUFFER, await_unread, read_all
from measuring.talk import line

LISTENERS = 1000
TALKERS = 10

PAIRS, MOST_PAIRS = 5, 10
"""Pairs of rounds, with threads and without, that count; and that are tried at the most."""

QUIET = 0.1
"""The share of the cores' time that other programs may have taken in a round that counts."""

LINES = 4000
"""Lines of a burst: what is sent of them fits into what the kernels take."""

BURSTS = 3
"""How often so many are said in a round; in between, all are read."""

IN_FLIGHT = 200
"""Lines on their way at a time, on average over the talkers."""

AT_ONCE = 10
"""Lines that a talker says at a time."""

PACE = 20
"""Lines a second in a round at a slow pace."""

SECONDS = 4.0
"""For which such a round lasts."""

LEAST_SPEED, MOST_CPU, MOST_P99 = 1.4, 1.1, 1.0
"""The bars for threads to be the default: ratios of what is measured with them and without."""


class Found(NamedTuple):
    """What came of a round, or of a part of one."""

    seconds: float
    """From the first line said until all is with the listeners' kernels."""
    cpu: float
    """Seconds of CPU that the server took, on all cores."""
    others: float
    """Seconds of CPU that other programs took, this one not counted."""
    deliveries: int
    latencies: Sequence[float]
    """Seconds from a talker's line until the other talkers have it."""

    @property
    def cost(self) -> float:
        """Microseconds of CPU for a delivery."""
        return self.cpu / self.deliveries * 1e6

    @property
    def is_quiet(self) -> bool:
        """Whether other programs left the cores alone."""
        return self.others < QUIET * self.seconds * len(os.sched_getaffinity(0))


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
            halls = Hall(one), Hall(other)
            for what, work in (("flood", Hall.flood), ("pace", Hall.pace)):
                for hall in halls:
                    work(hall)  # what is made once is made now
                _report(report, what, _pairs(halls, work))
    finally:
        os.sched_setaffinity(0, own)
    return report.failures


def _pairs(halls: tuple["Hall", "Hall"], work: Callable[["Hall"], Found]) -> list[Pair]:
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


class Hall:
    """A server, its talkers, and listeners that read between two rounds."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._crowd = Crowd(server.port)
        self._talkers = self._crowd.join(TALKERS)
        listeners = self._crowd.join(LISTENERS, reads=False, receive_buffer=RECEIVE_BUFFER)
        self._sinks = [each.socket for each in listeners]
        self._crowd.await_head_count(TALKERS + LISTENERS)
        self._numbers = [0] * TALKERS
        self._size = 0
        """Bytes that a listener is to get of what was said since it last read."""

    def flood(self) -> Found:
        """The talkers say as much as is delivered, LINES at a time."""
        parts = [self._part(LINES, self._say_all) for _ in range(BURSTS)]
        late = [late for part in parts for late in part.latencies]
        seconds, cpu, others, deliveries = map(sum, list(zip(*parts, strict=True))[:4])
        return Found(seconds, cpu, others, deliveries, late)

    def pace(self) -> Found:
        """The talkers say a line now and then, in turn."""
        return self._part(round(PACE * SECONDS), self._say_slowly)

    def _part(self, lines: int, talk: Callable[[int], list[float]]) -> Found:
        received, others = self._crowd.lines, self._cpu_of_others()
        cpu, begin = self._server.cpu_time(), time.monotonic()
        latencies = talk(lines)
        await_unread(self._sinks, self._size)
        seconds, cpu = time.monotonic() - begin, self._server.cpu_time() - cpu
        others = self._cpu_of_others() - others
        if self._crowd.lines - received != lines * (TALKERS - 1):
            raise RuntimeError("the talkers have got more than was said")
        read_all(self._sinks, self._size)
        self._size = 0
        return Found(seconds, cpu, others, lines * (LISTENERS + TALKERS - 1), latencies)

    def _say(self, index: int, count: int) -> None:
        talker, first = self._talkers[index], self._numbers[index]
        self._numbers[index] += count
        data = b"".join([line(index, first + number) for number in range(count)])
        self._crowd.say(talker, data)
        self._size += len(data) + count * len(talker.name + b": ")

    def _say_all(self, lines: int) -> list[float]:
        """Say so many lines, IN_FLIGHT of which are on their way at a time."""
        crowd, before, turns = self._crowd, self._crowd.lines, cycle(range(TALKERS))
        said = arrived = 0
        begun, latencies = list[float](), list[float]()
        while arrived < lines:
            while said < lines and said - arrived <= IN_FLIGHT - AT_ONCE:
                self._say(next(turns), AT_ONCE)
                said += AT_ONCE
                begun.append(time.monotonic())
            crowd.poll(0.05)
            now, arrived = time.monotonic(), (crowd.lines - before) // (TALKERS - 1)
            latencies += [now - each for each in begun[len(latencies) : arrived // AT_ONCE]]
        return latencies

    def _say_slowly(self, lines: int) -> list[float]:
        crowd, begin, latencies = self._crowd, time.monotonic(), list[float]()
        for number in range(lines):
            while (wait := begin + number / PACE - time.monotonic()) > 0:
                crowd.poll(wait)
            expected, said = crowd.lines + TALKERS - 1, time.monotonic()
            self._say(number % TALKERS, 1)
            while crowd.lines < expected:
                crowd.poll(PATIENCE)
            latencies.append(time.monotonic() - said)
        return latencies

    def _cpu_of_others(self) -> float:
        """Seconds for which the cores of this machine have worked for other programs."""
        user, nice, system, _, _, interrupts, soft, stolen, *_ = map(
            int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        )
        used = (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")
        return used - self._server.cpu_time() - time.process_time()
