"""What the rest needs to know about gevent's loop."""

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
