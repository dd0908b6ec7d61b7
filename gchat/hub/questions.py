"""What this server has asked others, and they have not answered yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from gevent.event import AsyncResult
from gevent.lock import BoundedSemaphore

MOST_AT_ONCE = 100
"""Questions that one other server is asked at a time: each may have a message of `--max-line`, and
that server has to read it before the next client may ask."""


class Questions:
    """Questions by their numbers; each client has one at a time, since it waits for the answer."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._open: dict[int, Any] = {}
        """Where the answers come (AsyncResult)."""
        self._turns: dict[str, BoundedSemaphore] = {}

    @contextmanager
    def turn(self, server: str, seconds: float) -> Iterator[bool]:
        """Wait for a turn to ask `server`; False within if that took longer than `seconds`."""
        turns = self._turns.setdefault(server, BoundedSemaphore(MOST_AT_ONCE))
        is_ours = turns.acquire(timeout=seconds)
        try:
            yield is_ours
        finally:
            if is_ours:
                turns.release()

    @contextmanager
    def opened(self) -> Iterator[tuple[int, Any]]:
        """A new question: its number, and where its answer comes, as long as it is within."""
        number = next(self._numbers)
        answer: Any = AsyncResult()
        self._open[number] = answer
        try:
            yield number, answer
        finally:
            del self._open[number]

    def answer(self, number: int, what: Any) -> None:
        """Learn the answer to the question of this number, if anybody still waits for it."""
        if number in self._open:
            self._open[number].set(what)

    def forget(self, servers: list[str]) -> None:
        """Forget all servers but these."""
        self._turns = {name: turns for name, turns in self._turns.items() if name in servers}
