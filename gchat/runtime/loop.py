"""What the rest needs to know about gevent's loop."""

from typing import Any

import gevent
from gevent.lock import Semaphore

READABLE, WRITABLE = 1, 2
"""What a watcher waits for, as libev numbers it."""

_NEXT_POLL = 1e-9


def give_way() -> None:
    """Let the loop look at its sockets once, and those run who have waited for them.

    gevent.sleep(0) would not do: what it wakes runs again before the loop looks,
    and so for as long as 20 ms (seen with gevent 26.9). The shortest timer does.
    """
    gevent.sleep(_NEXT_POLL)


def wait_for(watcher: Any) -> None:
    """Wait until what `watcher` waits for has happened: gevent's Hub.wait, made small.

    Thousands wait here at the same time, and most of what a client takes is what is kept of
    its greenlet's stack meanwhile: it is this shallow for that.
    """
    watcher.start(gevent.getcurrent().switch)
    try:
        gevent.get_hub().switch()
    finally:
        watcher.stop()


class Gate:
    """Lets one greenlet through in a pass of the loop, who came first first.

    For work that is not cheap: however many have some to do, the others, who only talk, have
    their turn between two of them.
    """

    def __init__(self) -> None:
        self._lock = Semaphore()

    def pass_through(self) -> None:
        """Wait for it; at least until the loop has looked at its sockets."""
        with self._lock:
            give_way()
