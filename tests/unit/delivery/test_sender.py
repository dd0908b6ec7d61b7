"""delivery.sender: one batch to many, a result for each."""

import errno
from typing import Any

from gchat.delivery.sender import FULL, send_to_all


class Taking:
    """A connection that does as it is told."""

    def __init__(self, result: int | Exception) -> None:
        self._result = result

    def send(self, data: bytes) -> int:
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


def test_each_has_its_result_in_their_order_whatever_happens_to_one() -> None:
    connections: list[Any] = [
        Taking(5),
        Taking(BlockingIOError(errno.EAGAIN, "full")),
        Taking(2),
        Taking(ConnectionResetError(errno.ECONNRESET, "reset")),
        Taking(OSError("of no number")),
        Taking(RuntimeError("a mistake of ours")),
        Taking(5),
    ]
    results = send_to_all(b"hello", connections)
    assert results == [5, FULL, 2, -errno.ECONNRESET, -errno.EIO, -errno.EIO, 5]
