"""Timeouts of greenlets that wait for a socket: a few end in each pass of the loop.

With a timer for each, those of hundreds of clients that came at the same moment would end in one
pass, and whoever talks would wait until something was done for each of them.
"""

from heapq import heapify, heappop, heappush
from itertools import count
from time import monotonic
from typing import Any

import gevent

from gchat.runtime.loop import LAST, NEXT_POLL

AT_A_TIME = 8
"""Greenlets that are woken in a pass: what they do next takes half a millisecond."""

REMEMBERED = 1024
"""Alarms, also of those who need none any more, before it is first looked which can be dropped."""

_LATE = object()


class _Alarm:
    """Of one greenlet; `wake` is None when it does not wait any more."""

    __slots__ = ("wake",)

    def __init__(self, wake: Any) -> None:
        self.wake = wake


class Alarms:
    """The timeouts of one loop, in the order of their deadlines."""

    def __init__(self) -> None:
        self._alarms: list[tuple[float, int, _Alarm]] = []
        """A heap, by deadline."""
        self._numbers = count()
        self._remembered = REMEMBERED
        self._timer: Any = None
        self._next = 0.0
        """When the timer ends, if there is one."""

    def wait_for(self, watcher: Any, deadline: float) -> None:
        """Wait until `watcher` fires. Raises TimeoutError soon after `deadline`, of monotonic()."""
        wake = gevent.getcurrent().switch
        alarm = _Alarm(wake)
        heappush(self._alarms, (deadline, next(self._numbers), alarm))
        if len(self._alarms) > self._remembered:
            self._drop_unneeded()
        self._set_for(deadline)
        try:
            watcher.start(wake)
            if gevent.get_hub().switch() is _LATE:
                raise TimeoutError
        finally:
            watcher.stop()
            alarm.wake = None

    def _set_for(self, deadline: float) -> None:
        """Have the loop call `_ring` at `deadline`, if it does not do so before."""
        if self._timer is not None:
            if deadline >= self._next:
                return
            self._timer.close()
        self._next = deadline
        left = max(deadline - monotonic(), NEXT_POLL)
        # Those whose sockets have something come first in a pass.
        self._timer = gevent.get_hub().loop.timer(left, priority=LAST)
        self._timer.start(self._ring)

    def _ring(self) -> None:
        """Wake some of those whose time is over, and come again for the others."""
        self._timer.close()
        self._timer = None
        try:
            self._wake_some(monotonic())
        finally:
            if self._alarms:
                self._set_for(self._alarms[0][0])

    def _wake_some(self, now: float) -> None:
        left = AT_A_TIME
        while self._alarms and left:
            deadline, _, alarm = self._alarms[0]
            if alarm.wake is not None and deadline > now:
                return
            heappop(self._alarms)
            if alarm.wake is not None:
                alarm.wake(_LATE)
                left -= 1

    def _drop_unneeded(self) -> None:
        self._alarms = [each for each in self._alarms if each[2].wake is not None]
        heapify(self._alarms)
        self._remembered = REMEMBERED + 2 * len(self._alarms)


ALARMS = Alarms()
"""The timeouts of the program's loop."""
