"""A race: every server does every work, in turn, several times; and what that gives."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median, quantiles
from typing import NamedTuple

from benchmark.member import Broken
from benchmark.servers import Server
from benchmark.works import Sample, Work, do

Figure = Callable[[Sample], float]


class Spread(NamedTuple):
    """Of several values."""

    middle: float
    """The median."""
    lowest: float
    highest: float


def spread(values: Sequence[float]) -> Spread:
    """Of one or more values."""
    return Spread(median(values), min(values), max(values))


class Race:
    """The samples of all works and servers, the repeats in their order."""

    def __init__(self) -> None:
        self._samples: dict[str, dict[str, list[Sample]]] = {}
        self.failures: list[str] = []
        """What went wrong: a line each."""

    def run(
        self,
        works: Iterable[Work],
        servers: Iterable[Server],
        repeats: int,
        seconds: float,
        core: int,
    ) -> Iterable[tuple[Work, Server, Sample]]:
        """Yields each sample as it is taken.

        In each repeat the servers come one after the other, so that what the machine does
        besides befalls all of them.
        """
        servers = list(servers)
        for work in works:
            for _ in range(repeats):
                for server in servers:
                    if not work.is_for(server):
                        continue
                    try:
                        sample = do(work, server, core, seconds)
                    except (Broken, OSError, RuntimeError) as error:  # TimeoutError is among them
                        self.failures.append(f"{work.name}: {server.name}: {error}")
                        continue
                    self.add(work.name, server.name, sample)
                    yield work, server, sample

    def add(self, work: str, server: str, sample: Sample) -> None:
        """One more."""
        self._samples.setdefault(work, {}).setdefault(server, []).append(sample)

    @property
    def works(self) -> dict[str, dict[str, list[Sample]]]:
        """All samples, by work and by server."""
        return self._samples

    def spread(self, work: Work, server: str, figure: Figure) -> Spread | None:
        """Of a figure of one server at one work; None if there are no samples."""
        samples = self._samples.get(work.name, {}).get(server)
        return spread([figure(sample) for sample in samples]) if samples else None

    def ratio(self, work: Work, server: str, figure: Figure, other: str) -> Spread | None:
        """Of `server`'s figure to that of the other one in the same repeat."""
        samples = self._samples.get(work.name, {})
        pairs = list(zip(samples.get(server, []), samples.get(other, []), strict=False))
        return spread([figure(one) / figure(two) for one, two in pairs]) if pairs else None


# Figures


def rate(sample: Sample) -> float:
    """Deliveries a second."""
    return sample.talk.delivered / sample.talk.seconds


def messages(sample: Sample) -> float:
    """Messages a second."""
    return sample.talk.said / sample.talk.seconds


def cost(sample: Sample) -> float:
    """Seconds of the server's CPU for a million deliveries: microseconds for each."""
    return sample.talk.cpu.total / sample.talk.delivered * 1e6


def cost_in_user_mode(sample: Sample) -> float:
    """The part of it that the kernel has not used."""
    return sample.talk.cpu.user / sample.talk.delivered * 1e6


def latency(percent: float) -> Figure:
    """The percentile, in seconds; 0 where it was not measured."""

    def figure(sample: Sample) -> float:
        values = sample.talk.latencies
        if not values:
            return 0.0
        return quantiles(values, n=1000, method="inclusive")[round(percent * 10) - 1]

    return figure


def connecting(sample: Sample) -> float:
    """Seconds until all were in."""
    return sample.connecting


def memory(sample: Sample) -> float:
    """KiB for each client."""
    return sample.memory / 1024


def lost(sample: Sample) -> float:
    """Deliveries that did not come."""
    return sample.talk.lost


def load(sample: Sample) -> float:
    """The share of its core that the server used."""
    return sample.talk.cpu.total / sample.talk.seconds


def own_load(sample: Sample) -> float:
    """The share of its core that this process used: with all of it, it may be the limit."""
    return sample.talk.own_load
