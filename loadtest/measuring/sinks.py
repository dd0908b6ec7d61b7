"""Listeners that cost nothing: they read only between two rounds.

Until then their kernels take all that they are sent, so a server has all cores to itself.
"""

import socket
import time
from array import array
from collections.abc import Sequence
from fcntl import ioctl
from termios import FIONREAD

from measuring.crowd import PATIENCE

RECEIVE_BUFFER = 4 * 2**20
"""Bytes that the kernel of a listener takes, if the system allows as many (net.core.rmem_max)."""


def await_unread(sinks: Sequence[socket.socket], size: int) -> None:
    """Wait until the kernel of each has `size` bytes to be read. Raises TimeoutError."""
    deadline, waiting = time.monotonic() + PATIENCE, sinks
    while waiting := [each for each in waiting if unread(each) < size]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(waiting)} listeners have not got everything")


def read_all(sinks: Sequence[socket.socket], size: int, in_one_order: bool = True) -> None:
    """Have all read what they were sent. Raises RuntimeError if that is not `size` bytes for each.

    Nor may they differ, if the server says the same `in_one_order` to everybody.
    """
    first = b""
    for sink in sinks:
        data = b""
        while len(data) < size:
            data += sink.recv(size - len(data) + 1)
        first = first or data
        if len(data) > size or unread(sink) or (in_one_order and data != first):
            raise RuntimeError("a listener has got something else than the others")


def unread(connection: socket.socket) -> int:
    """Bytes that wait to be read."""
    found = array("i", [0])
    ioctl(connection, FIONREAD, found)
    return found[0]
