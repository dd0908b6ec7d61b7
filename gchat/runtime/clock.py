"""The time, for what must not depend on somebody setting the system's clock.

The system's clock (`time.time`) can be set to any other time at any moment: by hand, or at the
start of a machine that has no clock of its own. Such a step is found by comparing with a clock that
only goes forward.
"""

import logging
import time
from collections.abc import Callable
from math import inf

from gchat.text.clock import duration

SLACK = 1.0
"""Seconds by which the two clocks may come apart between two looks: time services do that slowly,
by half a millisecond a second at the most."""

TRIAL = 3600.0
"""Seconds until a step of the system's clock is believed, and the time at which the program was
started."""

log = logging.getLogger(__name__)


def since_boot() -> float:
    """Seconds since the machine was started, with those in which it slept, where that is known."""
    if boot_clock := getattr(time, "CLOCK_BOOTTIME", None):
        return time.clock_gettime(boot_clock)
    return time.monotonic()


class Clock:
    """Times in seconds since the epoch, UTC, which do not jump as the system's clock may."""

    def __init__(
        self,
        system: Callable[[], float] | None = None,
        forward: Callable[[], float] = since_boot,
    ) -> None:
        """`system` can be set by somebody, `time.time` if it is None; `forward` cannot."""
        self._system = system or (lambda: time.time())
        self._forward = forward
        self._begun = forward()
        self._start = self._system() - self._begun
        """What the two were apart when the program started,"""
        self._believed = self._start
        """and are as far as that is believed."""
        self._stepped: float | None = None
        """What they are apart since a step that is not believed yet,"""
        self._since = 0.0
        """which was found then."""

    def elapsed(self) -> float:
        """Seconds since the program started."""
        return self._forward() - self._begun

    def steady(self) -> float:
        """The time as it was at the start, and what has passed since: no step changes it.

        For spans of time, such as those of bans.
        """
        return self._start + self._forward()

    def trusted(self) -> float:
        """The system's time; but a step counts only after an hour."""
        now = self._forward()
        apart = self._system() - now
        if abs(apart - self._believed) <= SLACK:
            self._believed, self._stepped = apart, None
        elif self._stepped is None or abs(apart - self._stepped) > SLACK:
            self._tell(apart - (self._believed if self._stepped is None else self._stepped))
            self._stepped, self._since = apart, now
        elif now - self._since >= TRIAL:
            self._believed, self._stepped = apart, None
        else:
            self._stepped = apart
        return self._believed + now

    def past(self, seconds: float) -> float:
        """The trusted time so many seconds ago. For deleting what is older.

        In the first hour it is before everything, so that nothing is deleted: the program may have
        been started before the clock was set right.
        """
        return self.trusted() - seconds if self.elapsed() >= TRIAL else -inf

    def _tell(self, step: float) -> None:
        log.warning(
            "The system's clock was set %s by %s; nothing is deleted because of that in the next "
            "hour",
            "ahead" if step > 0 else "back",
            duration(abs(step)),
        )
