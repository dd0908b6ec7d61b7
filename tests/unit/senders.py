"""Ways to send to many, for tests that have to hold with each of them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import ClassVar
from unittest.mock import patch

from gchat.delivery.senders import crew, uring
from gchat.delivery.senders.choice import Sender
from gchat.delivery.senders.crew import Crew
from gchat.delivery.senders.loop import LoopSender
from gchat.delivery.senders.uring import UringSender, try_uring
from gchat.hub.connection import Connection


def no_failure(why: str) -> None:
    """What is called when io_uring stops to work."""
    raise AssertionError(why)


SENDERS: Mapping[str, Callable[[], Sender]] = {
    "loop": LoopSender,
    "uring": lambda: try_uring(no_failure),
    "threads": lambda: try_uring(no_failure, 2),
}


class FakeRing:
    """Sends as a ring does, but on what stands in for sockets in a test."""

    connections: ClassVar[dict[int, Connection]] = {}
    """By their descriptors."""

    def __init__(self, _size: int) -> None:
        pass

    def send(self, data: bytes, descriptors: Sequence[int]) -> list[int]:
        return LoopSender().send(data, [self.connections[each] for each in descriptors])

    def close(self) -> None:
        pass


class ThreadsOnFakes:
    """A sender with threads, for sockets that are none: each thread sends to one at a time."""

    def __init__(self) -> None:
        with ExitStack() as patches:
            self._enter(patches)
            self._sender = UringSender(Crew(2), no_failure)

    @property
    def at_a_time(self) -> int:
        return 3

    def send(self, data: bytes, connections: Sequence[Connection]) -> list[int]:
        for connection in connections:
            FakeRing.connections[connection.descriptor] = connection
        with ExitStack() as patches:
            self._enter(patches)
            return self._sender.send(data, connections)

    def close(self) -> None:
        FakeRing.connections.clear()
        self._sender.close()

    def _enter(self, patches: ExitStack) -> None:
        patches.enter_context(patch.multiple(crew, Ring=FakeRing, LEAST=1, MOST=1))
        patches.enter_context(patch.multiple(uring, FEW=1))


def send_all(sender: Sender, data: bytes, connections: Sequence[Connection]) -> list[int]:
    """Send until all had their turn; returns a result for each."""
    results = list[int]()
    while len(results) < len(connections):
        some = sender.send(data, connections[len(results) :])
        assert some
        results += some
    return results
