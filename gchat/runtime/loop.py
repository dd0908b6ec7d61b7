"""Helpers for gevent's event loop: give way, wait for a watcher, hold a lock."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import gevent
from gevent.lock import Semaphore

READABLE, WRITABLE = 1, 2
"""Events of a watcher, as libev numbers them."""

NEXT_POLL = 1e-9
"""Seconds of a timer that ends in the next pass of the loop, when that has polled its sockets."""

LAST = -1
"""A priority below that of all other watchers."""


def give_way() -> None:
    """Let the loop poll its sockets once, and run the greenlets that have waited for them.

    gevent.sleep(0) would not do: the greenlets that it wakes run again before the loop polls, for
    as long as 20 ms (seen with gevent 26.9). The shortest timer polls; of lower priority, it comes
    after the sockets of that poll, which would otherwise wait for whatever gave way to them.
    """
    hub = gevent.get_hub()
    timer = hub.loop.timer(NEXT_POLL, priority=LAST)
    try:
        hub.wait(timer)
    finally:
        timer.close()


def wait_for(watcher: Any) -> None:
    """Wait until `watcher` fires: gevent's Hub.wait with a shallower stack.

    Thousands of greenlets wait here at the same time, and most of a client's memory is the stack
    that its greenlet keeps meanwhile.
    """
    watcher.start(gevent.getcurrent().switch)
    try:
        gevent.get_hub().switch()
    finally:
        watcher.stop()


class Interruptible:
    """`with Interruptible() as interrupt:` within, another greenlet can end the wait of this one.

    It calls `interrupt`, once. (gevent.kill would raise wherever the greenlet has got to.)
    """

    __slots__ = ("_greenlet", "_timer")

    def __enter__(self) -> Self:
        self._greenlet = gevent.getcurrent()
        self._timer: Any = None
        return self

    def __call__(self, exception: BaseException) -> None:
        """Raise `exception` there in the next pass of the loop, if the greenlet is still within."""
        self._timer = gevent.get_hub().loop.timer(0)
        self._timer.start(self._greenlet.throw, exception)

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.close()


class Locks:
    """A lock for each name, as long as somebody has it or waits for it."""

    def __init__(self) -> None:
        self._locks: dict[str, Semaphore] = {}
        self._users = Counter[str]()

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Have the lock of `name` within."""
        lock = self._locks.setdefault(name, Semaphore())
        self._users[name] += 1
        try:
            with lock:
                yield
        finally:
            self._users[name] -= 1
            if not self._users[name]:
                del self._users[name], self._locks[name]
