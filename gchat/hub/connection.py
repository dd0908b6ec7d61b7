"""A connection: one client's socket, and what is known of it. Nothing else calls a socket."""

import socket
import sys
from collections.abc import Callable
from fcntl import ioctl
from sys import byteorder
from termios import TIOCOUTQ
from time import monotonic
from typing import Any

import gevent
from gevent.socket import wait

from gchat.hub.marks import Trail
from gchat.runtime.loop import READABLE, WRITABLE

TCP_INFO_BYTES = 60
"""As much of Linux's struct tcp_info (<linux/tcp.h>) as dead connections are found by."""

DISCARDED = 4 * 1024
"""Bytes of unwanted input read at a time."""


class Connection:
    """One TCP connection, over a socket that never blocks (see listener.accept).

    The broadcaster alone sends on it once it is a client's.
    """

    __slots__ = (
        "_finished",
        "_socket",
        "_writable",
        "blocked",
        "cut",
        "lost",
        "readable",
        "sent",
        "trail",
    )

    def __init__(self, accepted: Any) -> None:
        self._socket = accepted
        self._finished = False
        self._writable: Any = None
        self.readable = gevent.get_hub().loop.io(accepted.fileno(), READABLE)
        """A watcher of the loop's: there is something to read."""
        self.sent = 0
        """Bytes that the kernel took from us, while its seat is in no cohort (see Seat.sent)."""
        self.trail: Trail | None = None
        """What was sent of the client's room; None if nobody will ask what has arrived of it."""
        self.cut: bytes | memoryview = b""
        """The rest of a line of which a part has been sent."""
        self.blocked = False
        """The socket is full: nothing is sent until it has room again."""
        self.lost = ""
        """Why nothing can be sent any more; empty as long as something can."""

    def send(self, data: bytes | memoryview) -> int:
        """Hand `data` to the kernel; returns how many bytes it took, which the caller counts.

        Never waits. Raises BlockingIOError if it took none now, and any other OSError if the
        connection is broken.
        """
        taken: int = self._socket.send(data)
        return taken

    def recv(self, size: int) -> bytes:
        """Read at most `size` bytes, none at the end of input; errors as `send`."""
        data: bytes = self._socket.recv(size)
        return data

    def wait_until_readable(self, timeout: float) -> None:
        """Wait until there is something to read. Raises TimeoutError after `timeout` seconds."""
        wait(self.readable, timeout)

    def discard_input(self, seconds: float) -> None:
        """Read, and forget, until the other side ends its input or so many seconds have passed.

        A connection that is closed with input unread is reset, and what was still on its way to
        the other side is lost. Raises OSError.
        """
        deadline = monotonic() + seconds
        while (left := deadline - monotonic()) > 0:
            try:
                self.wait_until_readable(left)
                if not self.recv(DISCARDED):
                    return
            except TimeoutError:
                return
            except BlockingIOError:
                continue

    def block(self, on_room: Callable[..., None], *arguments: Any) -> None:
        """The socket is full: call `on_room` from the loop, once, when it has room again."""
        self.blocked = True
        if self._writable is None:
            self._writable = gevent.get_hub().loop.io(self._socket.fileno(), WRITABLE)
        self._writable.start(self._unblock, on_room, *arguments)

    def _unblock(self, on_room: Callable[..., None], *arguments: Any) -> None:
        self._writable.stop()
        self.blocked = False
        on_room(*arguments)

    @property
    def unacknowledged(self) -> int:
        """Bytes sent that the other side's kernel has not acknowledged yet."""
        waiting = int.from_bytes(ioctl(self._socket, TIOCOUTQ, bytes(4)), byteorder)
        return max(0, waiting - self._finished)  # the end counts as one

    @property
    def tcp_info(self) -> bytes:
        """The beginning of the kernel's struct tcp_info; empty where there is none (not Linux)."""
        if sys.platform != "linux":
            return b""
        info: bytes = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
        return info

    @property
    def local_address(self) -> Any:
        """The address of this machine that the other side has connected to."""
        return self._socket.getsockname()

    def finish(self) -> None:
        """Send the end of the connection, behind all else. Raises OSError."""
        self._socket.shutdown(socket.SHUT_WR)
        self._finished = True

    def close(self) -> None:
        """Give the descriptor back. Nothing can be sent or read afterwards."""
        self.lost = self.lost or "closed"
        for watcher in (self.readable, self._writable):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._socket.close()
