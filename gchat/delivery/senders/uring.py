"""The sender that asks the kernel once for many connections, by io_uring."""

import errno
from array import array
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from operator import attrgetter

from gchat.delivery.senders.crew import Crew
from gchat.delivery.senders.loop import LoopSender
from gchat.delivery.senders.ring import RingFailed
from gchat.hub.connection import Connection

FEW = 8
"""Connections for which one call each is used: the ring's costs as much as some of them."""


class UringSender:
    """Sends by a crew; as LoopSender where that is as fast, and for ever if a ring fails."""

    def __init__(self, crew: Crew, on_failure: Callable[[str], None]) -> None:
        """`on_failure` is told why a ring has failed."""
        self._crew: Crew | None = crew
        self._on_failure = on_failure
        self._loop = LoopSender()

    @property
    def at_a_time(self) -> int:
        """As LoopSender.at_a_time."""
        if self._crew is None or not self._crew.has_threads:
            return self._loop.at_a_time
        return self._crew.at_a_time  # or it would not be worth while to wake them

    def send(self, data: bytes, connections: Sequence[Connection]) -> list[int]:
        """As LoopSender.send; `connections` are of one kind."""
        # Another kind, such as encrypted ones, makes bytes of its own of `data` for each.
        is_plain = len(connections) >= FEW and type(connections[0]) is Connection
        if self._crew is None or not is_plain:
            return self._loop.send(data, connections)
        descriptors = array("i", map(attrgetter("descriptor"), connections))
        results = list[int]()
        for portion in self._crew.send(data, descriptors):
            outcome = portion.outcome
            if isinstance(outcome, RingFailed):
                end = len(results) + len(portion.descriptors)
                outcome = self._fall_back(data, connections[len(results) : end], outcome)
            results += outcome
        return results

    def close(self) -> None:
        """Nothing more will be sent."""
        if self._crew is not None:
            self._crew.close()
            self._crew = None

    def _fall_back(
        self, data: bytes, connections: Sequence[Connection], failed: RingFailed
    ) -> list[int]:
        """The results for all of a portion, of which the ring has only sent some."""
        if self._crew is not None:
            self.close()
            self._on_failure(str(failed))
        results = list[int]()
        for number, connection in enumerate(connections):
            if number in failed.results:
                results.append(failed.results[number])
            elif number < failed.taken:  # it may have been sent the data, or a part of them
                connection.abort()
                results.append(-errno.EPIPE)
            else:
                results += self._loop.send(data, [connection])
        return results


def try_uring(on_failure: Callable[[str], None], threads: int = 0) -> UringSender:
    """A sender with so many threads, which has worked once. Raises OSError if there can be none."""
    crew = Crew(threads)
    with ExitStack() as undo:
        undo.callback(crew.close)
        crew.try_out()
        undo.pop_all()
    return UringSender(crew, on_failure)
