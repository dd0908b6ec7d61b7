"""For how long Redis has not been usable."""

from time import monotonic

from gchat.text.clock import duration

TOLD_AFTER = 2.0
"""Seconds for which Redis may not answer before that is trouble: a restart takes less."""


class Absence:
    """For how long something has not been possible."""

    def __init__(self) -> None:
        self._since = 0.0
        self.why = ""

    def note(self, why: str) -> None:
        """It was not possible now."""
        self._since, self.why = self._since or monotonic(), why

    def end(self) -> None:
        """It was possible now."""
        self._since = 0.0

    @property
    def told(self) -> str:
        """What operators are told of it; empty if it has not lasted for long."""
        lasted = monotonic() - self._since
        if not self._since or lasted < TOLD_AFTER:
            return ""
        return f"The store has not been usable for {duration(lasted)}: {self.why}"
