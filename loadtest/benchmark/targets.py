"""What gchat has to reach: ratios within one run."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmark.race import Figure, Race, Spread, connecting, cost, latency, memory, rate
from benchmark.servers import GCHAT, NATS, NGIRCD, REFERENCE, REFERENCE_AT_ONCE, THREADS
from benchmark.ways import EVENTS, FRAMES, JSON, TLS
from benchmark.works import (
    HUNDRED,
    MORE_IN_FLIGHT,
    PACED,
    ROOMS,
    SINGLE,
    STALLED,
    TEN_THOUSAND,
    THOUSAND,
    Work,
)


class Target(NamedTuple):
    """gchat's `figure` at `work`, divided by that of `other`, is within bounds."""

    what: str
    work: Work
    figure: Figure
    other: str
    least: float = 0.0
    most: float = float("inf")

    def ratio(self, race: Race) -> Spread | None:
        """None if that was not raced."""
        return race.ratio(self.work, GCHAT, self.figure, self.other)


class Way(NamedTuple):
    """The `figure` of another way in, `way`, divided by that of plain lines, is within bounds."""

    what: str
    work: Work
    figure: Figure
    way: str
    least: float = 0.0
    most: float = float("inf")

    def ratio(self, race: Race) -> Spread | None:
        """None if that was not raced."""
        return race.ratio(self.work, self.way, self.figure, GCHAT)


class Growth(NamedTuple):
    """gchat's `figure` at one work, divided by its own at another, is within bounds."""

    what: str
    work: Work
    figure: Figure
    before: Work
    least: float = 0.0
    most: float = float("inf")

    def ratio(self, race: Race) -> Spread | None:
        """None if that was not raced."""
        return race.growth(self.work, GCHAT, self.figure, self.before)


class Bound(NamedTuple):
    """gchat's `figure` at `work` is within bounds."""

    what: str
    work: Work
    figure: Figure
    least: float = 0.0
    most: float = float("inf")

    def ratio(self, race: Race) -> Spread | None:
        """The figure itself; None if it was not measured."""
        return race.spread(self.work, GCHAT, self.figure)


TARGETS: tuple[Target | Way | Growth | Bound, ...] = (
    Target("throughput to ngircd's", HUNDRED, rate, NGIRCD, least=3),
    Target("throughput to nats-server's", HUNDRED, rate, NATS, least=2),
    Target("throughput to the Rust threads'", HUNDRED, rate, THREADS, least=10),
    Target("throughput to the C reference's", HUNDRED, rate, REFERENCE, least=0.7),
    Target("throughput to ngircd's", THOUSAND, rate, NGIRCD, least=2.5),
    Target("throughput to nats-server's", THOUSAND, rate, NATS, least=3),
    Target("throughput to the Rust threads'", THOUSAND, rate, THREADS, least=8),
    Target("throughput to the C reference's", THOUSAND, rate, REFERENCE, least=0.9),
    *(
        Target("throughput to the C reference's", work, rate, REFERENCE, least=0.9)
        for work in MORE_IN_FLIGHT
    ),
    Target("throughput to the C reference's", TEN_THOUSAND, rate, REFERENCE, least=0.85),
    Target("CPU a delivery to the C reference's", PACED, cost, REFERENCE_AT_ONCE, most=1.25),
    Target("p50 to the C reference's", PACED, latency(50), REFERENCE_AT_ONCE, most=1.25),
    Target("p99 to the C reference's", PACED, latency(99), REFERENCE_AT_ONCE, most=1.25),
    Target("time to connect to the C reference's", TEN_THOUSAND, connecting, REFERENCE, most=2.5),
    Way("throughput inside TLS to plain", THOUSAND, rate, TLS, least=0.65),
    Way("throughput of JSON lines to plain", THOUSAND, rate, JSON, least=0.8),
    Way("throughput of server-sent events to plain", THOUSAND, rate, EVENTS, least=0.8),
    Way("throughput by WebSocket to plain", THOUSAND, rate, FRAMES, least=0.8),
    Bound("KiB of memory for an idle client", TEN_THOUSAND, memory, most=8),
    Growth("throughput to that without them", STALLED, rate, HUNDRED, least=0.8),
    Target("throughput to ngircd's", ROOMS, rate, NGIRCD, least=1),
    Target("throughput to nats-server's", ROOMS, rate, NATS, least=1),
    Growth("CPU a delivery to that with 100", SINGLE[2], cost, SINGLE[0], most=1.5),
)

SHORT_TARGETS: tuple[Target | Way | Growth | Bound, ...] = (
    Target("throughput to the Rust threads'", HUNDRED, rate, THREADS, least=5),
)
"""Of a short run on any machine."""


def verdicts(
    race: Race, targets: tuple[Target | Way | Growth | Bound, ...]
) -> Iterator[tuple[str, bool | None]]:
    """A line for each target, and whether it is reached; None if that is not known."""
    for target in targets:
        ratio = target.ratio(race)
        if ratio is None:
            yield f"       {target.work.name}: {target.what}: not raced", None
            continue
        reached = target.least <= ratio.middle <= target.most
        bound = f"at least {target.least:g}" if target.least else f"at most {target.most:g}"
        yield (
            f"{'ok    ' if reached else 'MISSED'} {target.work.name}: {target.what}: "
            f"{ratio.middle:.3g} [{ratio.lowest:.3g}, {ratio.highest:.3g}], {bound}",
            reached,
        )
