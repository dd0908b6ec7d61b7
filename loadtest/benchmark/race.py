"""A race: every server does every work, in turn, several times; and what that gives."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median, quantiles
from typing import NamedTuple

import psutil

from benchmark.member import Broken
from benchmark.servers import Server
from benchmark.works import Sample, Work, do, together

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
    """The samples of all works and servers."""

    def __init__(self) -> None:
        self._samples: dict[str, dict[str, dict[int, Sample]]] = {}
        """By work, server, and repeat: one that has failed has no sample of that."""
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
        besides befalls all of them, and another one comes first each time. What is compared of
        one of them, it does one after the other as well.
        """
        servers = list(servers)
        for group in together(works):
            for repeat in range(repeats):
                first = repeat % max(1, len(servers))
                for server in servers[first:] + servers[:first]:
                    for work in group:
                        if not work.is_for(server):
                            continue
                        try:
                            sample = do(work, server, core, seconds)
                        except (Broken, OSError, RuntimeError, psutil.Error) as error:
                            self.failures.append(f"{work.name}: {server.name}: {error}")
                            continue
                        self.add(work.name, server.name, repeat, sample)
                        yield work, server, sample

    def add(self, work: str, server: str, repeat: int, sample: Sample) -> None:
        """One more."""
        self._samples.setdefault(work, {}).setdefault(server, {})[repeat] = sample

    @property
    def works(self) -> dict[str, dict[str, list[Sample]]]:
        """All samples, by work and by server, the repeats in their order."""
        return {
            work: {server: list(repeats.values()) for server, repeats in servers.items()}
            for work, servers in self._samples.items()
        }

    def spread(self, work: Work, server: str, figure: Figure) -> Spread | None:
        """Of a figure of one server at one work; None if there are no samples."""
        samples = self._repeats(work, server).values()
        return spread([figure(sample) for sample in samples]) if samples else None

    def ratio(self, work: Work, server: str, figure: Figure, other: str) -> Spread | None:
        """Of `server`'s figure to that of the other one in the same repeat."""
        return _ratio(self._repeats(work, server), self._repeats(work, other), figure)

    def growth(self, work: Work, server: str, figure: Figure, before: Work) -> Spread | None:
        """Of `server`'s figure at one work to that at another one in the same repeat."""
        return _ratio(self._repeats(work, server), self._repeats(before, server), figure)

    def _repeats(self, work: Work, server: str) -> dict[int, Sample]:
        return self._samples.get(work.name, {}).get(server, {})


def _ratio(ones: dict[int, Sample], others: dict[int, Sample], figure: Figure) -> Spread | None:
    both = sorted(ones.keys() & others.keys())
    if not both:
        return None
    return spread([figure(ones[repeat]) / figure(others[repeat]) for repeat in both])


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


def strange(sample: Sample) -> float:
    """Deliveries that came twice, and bytes that were none."""
    return sample.talk.surplus + sample.talk.rest


def load(sample: Sample) -> float:
    """The share of its core that the server used."""
    return sample.talk.cpu.total / sample.talk.seconds


def own_load(sample: Sample) -> float:
    """The share of its core that this process used: with all of it, it may be the limit."""
    return sample.talk.own_load
