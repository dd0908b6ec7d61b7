"""The sender that asks the kernel once for many connections, by io_uring."""

import errno
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from socket import socketpair

from gchat.delivery.senders.loop import LoopSender
from gchat.delivery.senders.ring import Ring, RingFailed
from gchat.hub.connection import Connection

SIZE = 64
"""Sends in a call at the most: a round looks at the clock between two calls (see rounds)."""

FEW = 8
"""Connections for which one call each is used: the ring's costs as much as some of them."""


class UringSender:
    """Sends by a ring; as LoopSender where that is as fast, and for ever if the ring fails."""

    def __init__(self, ring: Ring, on_failure: Callable[[str], None]) -> None:
        """`ring` is for SIZE sends; `on_failure` is told why it has failed."""
        self._ring: Ring | None = ring
        self._on_failure = on_failure
        self._loop = LoopSender()

    def send(self, data: bytes, connections: Sequence[Connection]) -> list[int]:
        """As LoopSender.send; `connections` are of one kind."""
        if len(connections) > SIZE:
            some, others = connections[:SIZE], connections[SIZE:]
            return [*self.send(data, some), *self.send(data, others)]
        # Another kind, such as encrypted ones, makes bytes of its own of `data` for each.
        is_plain = len(connections) >= FEW and type(connections[0]) is Connection
        if self._ring is None or not is_plain:
            return self._loop.send(data, connections)
        try:
            return self._ring.send(data, [connection.fileno() for connection in connections])
        except RingFailed as failed:
            self.close()
            self._on_failure(str(failed))
            return self._send_the_others(data, connections, failed)

    def close(self) -> None:
        """Nothing more will be sent."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def _send_the_others(
        self, data: bytes, connections: Sequence[Connection], failed: RingFailed
    ) -> list[int]:
        """The results for all, of which the ring has only done some."""
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


def try_uring(on_failure: Callable[[str], None]) -> UringSender:
    """A sender that has worked once. Raises OSError if there cannot be one here."""
    ring = Ring(SIZE)
    with ExitStack() as undo:
        undo.callback(ring.close)
        with ExitStack() as pair:
            ours, theirs = (pair.enter_context(each) for each in socketpair())
            try:
                results = ring.send(b"?", [ours.fileno()] * 2)
            except RingFailed as failed:
                raise OSError(errno.EIO, str(failed)) from failed
            if results != [1, 1] or theirs.recv(2) != b"??":
                raise OSError(errno.EIO, f"io_uring does not send: {results}")
        undo.pop_all()
    return UringSender(ring, on_failure)
