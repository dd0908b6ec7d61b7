"""What a victim has measured, and the table of it at the end of a run: pure, no processes."""

from collections.abc import Iterable, Sequence
from math import ceil, inf
from typing import NamedTuple

WORST = 10.0
"""How many times the victim's 99th percentile in peace that during an attack may be."""

DISTURBED = 0.02
"""The share of an attack's time that a server may wait for its core. If it has that core for
itself it is a hundredth of this."""


class Phase(NamedTuple):
    """What Bob got of the lines that Ann said in some seconds. Times are in seconds."""

    said: int
    latencies: list[float]
    """How long each line that he got took, from when it was due to be said."""
    late: list[float]
    """Of that, how long each line was late in being said: what the measuring itself adds."""
    disordered: int
    """Lines that came twice, or in another order."""
    missed: int
    """Lines that were gone before he could be sent them, as he was told."""
    presence: int
    """Notices of who comes and goes."""
    others: int
    """All other lines."""

    @property
    def p50(self) -> float:
        """The median latency."""
        return percentile(self.latencies, 50)

    @property
    def p99(self) -> float:
        """The latency that one line in a hundred exceeds."""
        return percentile(self.latencies, 99)

    @property
    def is_exact(self) -> bool:
        """Nothing was lost, nothing came twice, nothing out of order."""
        return len(self.latencies) == self.said and self.disordered == self.missed == 0


class Ordeal(NamedTuple):
    """One attack."""

    title: str
    peace: Phase
    attack: Phase
    seconds: float
    """How long the attack lasted."""
    growth: int
    """Bytes that the server's memory grew by, at its peak."""
    waited: float
    """Seconds that the server waited for its core, on which something else ran meanwhile."""

    @property
    def ratio(self) -> float:
        """How many times as long the 99th percentile was as in peace."""
        return self.attack.p99 / self.peace.p99

    @property
    def is_exact(self) -> bool:
        """In peace and in the attack the victim got everything, once and in order."""
        return self.peace.is_exact and self.attack.is_exact

    @property
    def is_late(self) -> bool:
        """The victim got it too late."""
        return self.ratio > WORST

    @property
    def is_disturbed(self) -> bool:
        """Something else than the attack may have delayed the victim."""
        return self.waited > DISTURBED * self.seconds


def percentile(values: Sequence[float], percent: float) -> float:
    """The least of `values` that `percent` of them do not exceed; infinite if there are none."""
    rank = ceil(len(values) * percent / 100)
    return sorted(values)[rank - 1] if values else inf


def table(ordeals: Iterable[Ordeal]) -> list[str]:
    """The lines of a table, in Markdown; latencies in milliseconds."""
    return [
        "| attack | peace: p50, ms | p99 | attack: p50 | p99 | ratio | deliveries | memory, MiB "
        "| waited for its core |",
        "| --- " * 9 + "|",
        *map(_row, ordeals),
    ]


def _row(ordeal: Ordeal) -> str:
    peace, attack = ordeal.peace, ordeal.attack
    cells = [
        ordeal.title,
        *(f"{time * 1e3:.2f}" for time in (peace.p50, peace.p99, attack.p50, attack.p99)),
        f"{ordeal.ratio:.1f}",
        f"{len(peace.latencies)} + {len(attack.latencies)}",
        f"+{ordeal.growth / 2**20:.1f}",
        f"{ordeal.waited / ordeal.seconds:.1%}",
    ]
    return f"| {' | '.join(cells)} |"
