"""Helpers for gevent's event loop: give way, wait for a watcher, take turns."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from gevent.event import Event
from gevent.lock import Semaphore

READABLE, WRITABLE = 1, 2
"""Events of a watcher, as libev numbers them."""

_NEXT_POLL = 1e-9


def give_way() -> None:
    """Let the loop poll its sockets once, and run the greenlets that have waited for them.

    gevent.sleep(0) would not do: the greenlets that it wakes run again before the loop polls, for
    as long as 20 ms (seen with gevent 26.9). The shortest timer does.
    """
    gevent.sleep(_NEXT_POLL)


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


class Gate:
    """Let one greenlet through in each pass of the loop, first come, first served.

    For work that is not cheap, such as commands: however many greenlets have some, those that only
    talk get their turn in between.
    """

    def __init__(self) -> None:
        self._is_taken = False
        self._waiting = deque[Event]()
        """The turns of those who wait. One that is set already is nobody's any more."""

    def pass_through(self) -> None:
        """Wait for a turn, and at least until the loop has polled its sockets.

        Whoever goes through hands the gate on to the first who waits. A semaphore would not do: who
        comes back at once finds it free, and those who waited for it go on waiting.
        """
        if self._is_taken:
            self._wait_for_turn()
        self._is_taken = True
        try:
            give_way()
        finally:
            self._hand_on()

    def _wait_for_turn(self) -> None:
        turn = Event()
        self._waiting.append(turn)
        try:
            turn.wait()
        except BaseException:
            if turn.is_set():
                self._hand_on()
            turn.set()
            raise

    def _hand_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.is_set():
                turn.set()
                return
        self._is_taken = False
