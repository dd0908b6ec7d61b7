"""Time that passes only while somebody sleeps, so that nothing really waits."""

from collections.abc import Callable
from typing import Any

import gevent

SHORTEST = 1e-6
"""Seconds that any sleep takes, and a greenlet to begin, as really they do: what adds less might
leave the time as it was."""


class FakeTime:
    """Stands in for `time` and `gevent` in a module that is tested."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        """How long it was slept, each time."""
        self.while_sleeping: Callable[[], object] = lambda: None
        """Called in each sleep, at its end."""

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        gevent.sleep(0)
        self.slept.append(seconds)
        self.now += max(seconds, SHORTEST)
        self.while_sleeping()

    def spawn(self, function: Callable[..., object], *arguments: object) -> Any:
        self.now += SHORTEST
        return gevent.spawn(function, *arguments)
