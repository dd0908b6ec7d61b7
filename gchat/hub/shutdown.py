"""A planned shutdown: everybody is told how long the server still runs."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.event import Event

from gchat.model.events import RoomEvent, ShutdownPlanned
from gchat.model.peers import Peer
from gchat.text.clock import duration
from gchat.text.phrases import because

TOLD_AT = (86400, 3600, 1800, 600, 300, 60, 30, 10, 5)
"""Seconds before the shutdown at which it is announced again."""

log = logging.getLogger(__name__)


class Shutdown:
    """The end of the server: whether and when it comes, and what clients are told of it.

    A planned shutdown is counted down in a greenlet of its own; at most one is planned at a time.
    """

    def __init__(self, tell_all: Callable[[RoomEvent], None]) -> None:
        """`tell_all` tells all clients of an event."""
        self.asked = Event()
        """Set when the server has to stop now."""
        self.closing = False
        """Whether the server is about to stop: joins and leaves are not announced any more."""
        self.last_peers: Sequence[Peer] | None = None
        """Who was here when it began to stop, as other servers that share the store are told."""
        self.is_for_good = False
        """An operator stops it, and no signal, behind which it mostly starts again."""
        self.goodbye = "The server is going down"
        """The last notice of all clients."""
        self._tell_all = tell_all
        self._greenlet: Any = None

    def ask(self, why: str = "") -> None:
        """Stop the server now; clients are told `why`, if it is not empty."""
        if why:
            self.goodbye += f": {why}"
        self.asked.set()

    def start(self, seconds: float, by: str, why: str) -> None:
        """Plan a shutdown in `seconds` (0: now), in place of an earlier one."""
        self.cancel()
        when = f"in {duration(seconds)}" if seconds else "now"
        log.warning("shutdown %s, by %s%s", when, by, because(why))
        self._tell_all(ShutdownPlanned(seconds, by, why))
        self._greenlet = gevent.spawn(self._run, time.monotonic() + seconds, why)

    def cancel(self) -> bool:
        """Cancel the planned shutdown; False if there is none."""
        if not self._greenlet:
            return False
        self._greenlet.kill()
        return True

    def _run(self, end: float, why: str) -> None:
        for mark in TOLD_AT:
            wait = end - mark - time.monotonic()
            if wait > 1:  # else `start` has just announced it
                gevent.sleep(wait)
                self._tell_all(ShutdownPlanned(mark, "", why))
        gevent.sleep(max(0.0, end - time.monotonic()))
        self.is_for_good = True
        self.ask(why)
