"""Notices when gevent's loop is blocked, and by what.

Everybody waits while one greenlet computes, or calls what blocks. gevent's own monitor
would find out which, but traces every switch between greenlets, which makes each half as
dear again. Here the loop has a heartbeat, a timer, and a real thread looks on: when a beat
is overdue, it takes down what the loop is just doing.

That is all the thread does. The next beat logs it, in the loop's own thread: the locks of
the logging module are gevent's, which no other may take.
"""

import logging
import sys
from collections import deque
from statistics import median
from time import monotonic, thread_time
from traceback import walk_stack
from typing import Any, NamedTuple

import gevent
from gevent import monkey

from gchat.runtime.code_places import NOWHERE, show_code_places
from gchat.text.phrases import counted

LIMIT = 0.1
"""Seconds that the loop may be late: what follows within a tenth of one seems immediate."""

BEAT = 0.05
"""Seconds between two beats. With this, all of it takes 0.2 to 0.3 % of a core while nothing
happens. It is not known more exactly when a blockage began: it may be so much longer than told."""

MINUTE = 60.0
"""Seconds that lines are counted in, and that the delay is told of."""

MAX_LINES = 10
"""Lines a minute about a blockage each; further ones are counted."""

MAX_PLACES = 4
"""Places that a line names: where the loop was, and by what way it had come there."""

WAITED = " (it waited for something, or for a busy machine)"
"""What is added if it computed for less than half of the time."""

# The real ones: the thread goes on while the loop does not.
get_ident = monkey.get_original("_thread", "get_ident")
start_new_thread = monkey.get_original("_thread", "start_new_thread")
sleep = monkey.get_original("time", "sleep")

log = logging.getLogger(__name__)


class Delay(NamedTuple):
    """How late the loop was in the last minute, in seconds.

    As late were all who waited for it, to be read from or sent to. Its timers are exact to
    about a millisecond, so that much is no delay.
    """

    worst: float
    typical: float
    """The median."""


class _Sight(NamedTuple):
    """What the thread took down."""

    due: float
    """Which beat was overdue."""
    where: str


class Watchdog:
    """Watches the loop of the thread that starts it.

    Logs, with one line for each, when it was blocked for over `limit` seconds.
    """

    def __init__(self, limit: float = LIMIT) -> None:
        self._limit = limit
        self._delays: deque[float] = deque([0.0], maxlen=round(MINUTE / BEAT))
        # Neither needs a lock, as one thread alone sets it, in one step.
        self._due = 0.0  # when the next beat should come: the loop's thread
        self._sight = _Sight(0.0, NOWHERE)  # the one that looks on
        self._computed = 0.0
        self._timer: Any = None
        self._lines = self._left_out = 0
        self._minute_ends = 0.0

    def start(self) -> None:
        """Begin to watch."""
        # It alone does not keep the loop running.
        self._timer = gevent.get_hub().loop.timer(BEAT, BEAT, ref=False)
        self._timer.start(self._beat, update=True)
        self._due = monotonic() + BEAT
        self._computed = thread_time()
        start_new_thread(self._look_on, (self._timer, get_ident()))

    def stop(self) -> None:
        """Watch no longer. It may be started again."""
        self._timer.stop()
        self._timer.close()
        self._timer = None

    def delay(self) -> Delay:
        """How late the loop was in the last minute."""
        return Delay(max(self._delays), median(self._delays))

    def _beat(self) -> None:
        now, before, self._computed = monotonic(), self._computed, thread_time()
        if now >= self._minute_ends:
            self._begin_minute(now)
        if now - self._due > self._limit:
            self._tell(now - self._due, self._computed - before)
        due = min(self._due, now)  # the loop's timer is never early: it has a new schedule
        # A beat that was left out would have been late as well.
        while due <= now:
            self._delays.append(now - due)
            due += BEAT
        self._due = due

    def _begin_minute(self, now: float) -> None:
        if self._left_out:
            log.warning("the loop was blocked %s in a minute", counted(self._left_out, "more time"))
        self._lines = self._left_out = 0
        self._minute_ends = now + MINUTE

    def _tell(self, blocked: float, computed: float) -> None:
        if self._lines >= MAX_LINES:
            self._left_out += 1
            return
        self._lines += 1
        computed = min(computed, blocked)
        sight = self._sight
        log.warning(
            "the loop was blocked for %d ms, of which it computed %d ms%s, in %s",
            blocked * 1000,
            computed * 1000,
            "" if computed > blocked / 2 else WAITED,
            sight.where if sight.due == self._due else NOWHERE,
        )

    def _look_on(self, timer: object, thread: int) -> None:
        """In a thread of its own: take down where `thread` is when a beat is overdue."""
        while self._timer is timer:
            due = self._due
            sleep(max(BEAT, due + self._limit - monotonic()))
            if self._due == due and self._sight.due != due:
                # This is done long before Python makes a thread give way. The frames do not
                # end meanwhile, so nothing that they hold is disposed of in the wrong thread.
                frames = walk_stack(sys._current_frames()[thread])  # noqa: SLF001 - documented
                self._sight = _Sight(due, show_code_places(frames, MAX_PLACES))
