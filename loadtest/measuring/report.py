"""What a measurement prints: a heading, then a line for each figure, with its verdict."""

from collections.abc import Sequence
from statistics import median


class Report:
    """Prints results as they come, and counts those that are out of bounds."""

    def __init__(self, heading: str) -> None:
        self.failures = 0
        print(heading, flush=True)

    def figure(self, what: str, value: str) -> None:
        """A figure that has no bound."""
        self._line(what, value, "")

    def check(self, what: str, value: str, holds: bool) -> None:
        """A figure, and whether it is within its bound."""
        self.failures += not holds
        self._line(what, value, "ok" if holds else "FAILED")

    def _line(self, what: str, value: str, verdict: str) -> None:
        print(f"  {what:<34} {value:<64} {verdict}".rstrip(), flush=True)


def spread(values: Sequence[float], form: str) -> str:
    """The median of `values`, and the lowest and highest of them."""
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of one or more `values` lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]
