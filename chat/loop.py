"""What the rest needs to know about gevent's loop."""

import gevent

READABLE, WRITABLE = 1, 2
"""What a watcher waits for, as libev numbers it."""

_NEXT_POLL = 1e-9


def give_way() -> None:
    """Let the loop look at its sockets once, and those run who have waited for them.

    gevent.sleep(0) would not do: what it wakes runs again before the loop looks,
    and so for as long as 20 ms (seen with gevent 26.9). The shortest timer does.
    """
    gevent.sleep(_NEXT_POLL)
