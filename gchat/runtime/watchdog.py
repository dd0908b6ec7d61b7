"""Detect that gevent's loop is blocked, and log what blocks it.

All greenlets wait while one computes or makes a blocking call. gevent's own monitor finds out
which one, but it traces every switch between greenlets, which makes a switch half as expensive
again. Here the loop has a heartbeat, a timer, and a native thread watches: when a beat is overdue,
the thread samples the stack of the loop.

The thread does no more. The next beat logs the sample in the loop's own thread, since the locks
of the logging module are gevent's and belong to that thread.
"""

import logging
import sys
from collections import deque
from time import monotonic, thread_time
from traceback import walk_stack
from typing import Any, NamedTuple

import gevent
from gevent import monkey

from gchat.runtime.code_places import NOWHERE, show_code_places
from gchat.text.phrases import counted

LIMIT = 0.1
"""Seconds that the loop may be late: a reaction within 0.1 s seems immediate."""

BEAT = 0.05
"""Seconds between two beats: the watchdog then takes 0.2 to 0.3 % of a core while the server is
idle. A blockage may be longer than logged by up to this much."""

MINUTE = 60.0
"""Seconds over which log lines are counted and delays are kept."""

CALM = 60
"""Beats without delay that are taken for what was before the first one, so that a few late ones
make no median."""

MAX_LINES = 10
"""Lines per minute about blockages; further blockages are counted."""

MAX_PLACES = 4
"""Places that a line names: where the loop was, and its innermost callers."""

WAITED = " (a blocking call, or a busy machine)"
"""Added to a line if the loop computed for less than half of the time."""

# The originals: the thread runs on while the loop does not.
get_ident = monkey.get_original("_thread", "get_ident")
start_new_thread = monkey.get_original("_thread", "start_new_thread")
sleep = monkey.get_original("time", "sleep")

log = logging.getLogger(__name__)


class Delay(NamedTuple):
    """How late the loop was in the last minute, in seconds.

    All reads and writes were as late. The loop's timers are exact to about a millisecond: that
    much is no delay.
    """

    worst: float
    typical: float
    """The median."""


class _Sample(NamedTuple):
    """Where the loop was when a beat was overdue."""

    due: float
    """The time at which that beat was due."""
    where: str


class Watchdog:
    """Watch the loop of the thread that starts it.

    Each blockage of over `limit` seconds is logged with one line.
    """

    def __init__(self, limit: float = LIMIT) -> None:
        self._limit = limit
        self._delays: deque[float] = deque([0.0] * CALM, maxlen=round(MINUTE / BEAT))
        # Neither needs a lock: only one thread sets it, in one step.
        self._due = 0.0  # when the next beat is due; set by the loop's thread
        self._sample = _Sample(0.0, NOWHERE)  # set by the watching thread
        self._computed = 0.0
        self._timer: Any = None
        self._lines = self._left_out = 0
        self._minute_ends = 0.0

    def start(self) -> None:
        """Start watching."""
        # ref=False: the timer alone does not keep the loop running.
        self._timer = gevent.get_hub().loop.timer(BEAT, BEAT, ref=False)
        self._timer.start(self._beat, update=True)
        self._due = monotonic() + BEAT
        self._computed = thread_time()
        start_new_thread(self._watch, (self._timer, get_ident()))

    def stop(self) -> None:
        """Stop watching; `start` may be called again."""
        self._timer.stop()
        self._timer.close()
        self._timer = None

    def delay(self) -> Delay:
        """Return how late the loop was in the last minute."""
        delays = sorted(self._delays)
        return Delay(delays[-1], delays[len(delays) // 2])

    def _beat(self) -> None:
        now, before, self._computed = monotonic(), self._computed, thread_time()
        if now >= self._minute_ends:
            self._begin_minute(now)
        if now - self._due > self._limit:
            self._log_blockage(now - self._due, self._computed - before)
        due = min(self._due, now)  # the timer is never early, so the loop has rescheduled it
        # The beats that were skipped meanwhile count as late, too.
        while due <= now:
            self._delays.append(now - due)
            due += BEAT
        self._due = due

    def _begin_minute(self, now: float) -> None:
        if self._left_out:
            times = counted(self._left_out, "more time")
            log.warning("event loop blocked %s in the last minute", times)
        self._lines = self._left_out = 0
        self._minute_ends = now + MINUTE

    def _log_blockage(self, blocked: float, computed: float) -> None:
        if self._lines >= MAX_LINES:
            self._left_out += 1
            return
        self._lines += 1
        computed = min(computed, blocked)
        sample = self._sample
        log.warning(
            "event loop blocked for %d ms, CPU time %d ms%s, at %s",
            blocked * 1000,
            computed * 1000,
            "" if computed > blocked / 2 else WAITED,
            sample.where if sample.due == self._due else NOWHERE,
        )

    def _watch(self, timer: object, thread: int) -> None:
        """In a thread of its own: sample the stack of `thread` when a beat is overdue."""
        while self._timer is timer:
            due = self._due
            sleep(max(BEAT, due + self._limit - monotonic()))
            if self._due == due and self._sample.due != due:
                # This takes far less time than Python gives a thread before it switches. So the
                # frames do not end meanwhile, and their objects die in their own thread.
                frames = walk_stack(sys._current_frames()[thread])  # noqa: SLF001 - documented
                self._sample = _Sample(due, show_code_places(frames, MAX_PLACES))
