"""A connection: one client's socket, and what is known of it. Nothing else calls a socket."""

import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from sys import byteorder
from termios import TIOCOUTQ
from time import monotonic
from typing import Any

import gevent

from gchat.runtime.alarms import ALARMS
from gchat.runtime.loop import READABLE, WRITABLE
from gchat.runtime.tcp_info import SIZE

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
        "descriptor",
        "lost",
        "readable",
        "seats",
        "sent",
    )

    is_secure = False
    """Whether nobody on the way can read or change what is sent: see doors.tls_connection."""
    pending = 0
    """Bytes of what `send` took that the kernel has not taken yet; they follow by themselves."""

    def __init__(self, accepted: Any, readable: Any = None) -> None:
        """`readable` is the watcher of an earlier transport of this socket, if there was one."""
        self._socket = accepted
        self.descriptor: int = accepted.fileno()
        """The number of the socket, the same until `close`; -1 from then on."""
        self._finished = False
        self._writable: Any = None
        self.readable = readable or gevent.get_hub().loop.io(self.descriptor, READABLE)
        """A watcher of the loop's: there is something to read."""
        self.sent = 0
        """Bytes that the kernel took from us, while its seat is in no cohort (see Seat.sent)."""
        self.seats: Any = None
        """The seats of its client (seats.Seats), if there are several; None for nearly all."""
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
        """Read at most `size` bytes from the kernel, none at the end of input; errors as `send`.

        Returns what they mean, of which nothing is kept back: there is more when the socket is
        `readable` again.
        """
        data: bytes = self._socket.recv(size)
        return data

    def wait_until_readable(self, deadline: float) -> None:
        """Wait until there is something to read. Raises TimeoutError at `deadline`, by the
        monotonic clock, or a little later.
        """
        ALARMS.wait_for(self.readable, deadline)

    def discard_input(self, seconds: float) -> None:
        """Read, and forget, until the other side ends its input or so many seconds have passed.

        A connection that is closed with input unread is reset, and what was still on its way to
        the other side is lost. Raises OSError.
        """
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            try:
                self.wait_until_readable(deadline)
                if not self._socket.recv(DISCARDED):
                    return
            except TimeoutError:
                return
            except BlockingIOError:
                continue

    def block(self, on_room: Callable[..., None], *arguments: Any) -> None:
        """The socket is full: call `on_room` from the loop, once, when it has room again."""
        self.blocked = True
        self._await_room(self._unblock, on_room, *arguments)

    def _await_room(self, callback: Callable[..., None], *arguments: Any) -> None:
        if self._writable is None:
            self._writable = gevent.get_hub().loop.io(self.descriptor, WRITABLE)
        self._writable.start(callback, *arguments)

    def _unblock(self, on_room: Callable[..., None], *arguments: Any) -> None:
        self._writable.stop()
        self.blocked = False
        on_room(*arguments)

    @property
    def unacknowledged(self) -> int:
        """Bytes sent that the other side's kernel has not acknowledged yet."""
        return self._on_the_way

    @property
    def _on_the_way(self) -> int:
        """Bytes that the kernel took, and that the other side's has not acknowledged yet.

        None when the connection is closed: nobody knows.
        """
        if self.descriptor < 0:
            return 0
        waiting = int.from_bytes(ioctl(self._socket, TIOCOUTQ, bytes(4)), byteorder)
        return max(0, waiting - self._finished)  # the end counts as one

    @property
    def tcp_info(self) -> bytes:
        """The beginning of the kernel's struct tcp_info; empty where there is none (not Linux)."""
        if sys.platform != "linux":
            return b""
        info: bytes = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, SIZE)
        return info

    @property
    def local_address(self) -> Any:
        """The address of this machine that the other side has connected to."""
        return self._socket.getsockname()

    def unheard(self) -> "Connection":
        """A connection for a client of which the other side hears nothing: what it is to be sent
        waits, and is given up with it. Closing it closes nothing. Whoever has this one sends on it.
        """
        return Unheard(_Muffled(self._socket))

    def finish(self) -> None:
        """Send the end of the connection, behind all else; may wait for what is `pending`.

        Raises OSError.
        """
        self._socket.shutdown(socket.SHUT_WR)
        self._finished = True

    def abort(self) -> None:
        """Have everything fail that is sent or read from now on."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the descriptor back. Nothing can be sent or read afterwards."""
        self.lost = self.lost or "closed"
        for watcher in (self.readable, self._writable):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self.descriptor = -1
        self._socket.close()


class Unheard(Connection):
    """A connection on which nothing is sent (see Connection.unheard)."""

    __slots__ = ()

    def block(self, _on_room: Callable[..., None], *_arguments: Any) -> None:
        """The socket is full, and stays so."""
        self.blocked = True


class _Muffled:
    """A socket that takes nothing of what is sent, and is not closed."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def send(self, _data: bytes | memoryview) -> int:
        raise BlockingIOError

    def shutdown(self, _how: int) -> None:
        pass

    def close(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)
