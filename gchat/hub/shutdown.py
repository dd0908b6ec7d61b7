"""The end of the server, announced: everybody is told how long it still runs."""

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event

from gchat.text.clock import duration

TOLD_AT = (86400, 3600, 1800, 600, 300, 60, 30, 10, 5)
"""Seconds before the end at which it is told again."""

log = logging.getLogger(__name__)


class Shutdown:
    """Whether the server is to end, when, and what clients are told of it."""

    def __init__(self, tell_all: Callable[[str], None]) -> None:
        self.asked = Event()
        """Set when the server is to end now."""
        self.closing = False
        """The server is about to end: joins and leaves are not announced any more."""
        self.goodbye = "the server is going down"
        """What clients are told at the end."""
        self._tell_all = tell_all
        self._greenlet: Any = None

    def ask(self, why: str = "") -> None:
        """Ask for the end of the server now; clients are told `why`, if it is not empty."""
        if why:
            self.goodbye += f": {why}"
        self.asked.set()

    def start(self, seconds: float, by: str, why: str) -> None:
        """Let the server end in `seconds`, in place of what was planned before; 0 is at once."""
        self.cancel()
        when = f"in {duration(seconds)}" if seconds else "now"
        log.warning("shutdown %s, by %s: %s", when, by, why)
        reason = f": {why}" if why else ""
        self._tell_all(f"{by} shuts the server down {when}{reason}")
        self._greenlet = gevent.spawn(self._run, time.monotonic() + seconds, why, reason)

    def cancel(self) -> bool:
        """Let the server run on; False if nothing else was planned."""
        if not self._greenlet:
            return False
        self._greenlet.kill()
        return True

    def _run(self, end: float, why: str, reason: str) -> None:
        for mark in TOLD_AT:
            wait = end - mark - time.monotonic()
            if wait > 1:  # what has just been told is not told again
                gevent.sleep(wait)
                self._tell_all(f"the server goes down in {duration(mark)}{reason}")
        gevent.sleep(max(0.0, end - time.monotonic()))
        self.ask(why)
