"""Listening sockets that the service manager has opened, and passes to the server it starts.

systemd does so for a `.socket` unit (sd_listen_fds(3)): clients that connect before the server has
started, or while it is started again, wait instead of being refused.
"""

import os
import socket
from contextlib import suppress
from sys import byteorder
from typing import Any

from gchat.doors.listener import BACKLOG, CannotListen, set_options

FIRST = 3
"""The number of the first descriptor that is passed: those of the standard streams are below it."""

VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID")


TCP_INFO_BYTES = 28
"""As much of Linux's struct tcp_info as has the length of a listening socket's queue."""


class Early:
    """Connections that waited at a passed socket before it had the options of `listener.listen`.

    They have inherited those that it had: buffers of megabytes, and no keepalive. So each gets its
    own; all later ones inherit them.
    """

    def __init__(self, keepalive: int) -> None:
        self._keepalive = keepalive
        self._left = dict[int, int]()
        """How many come next, by the descriptor of the listening socket."""

    def __bool__(self) -> bool:
        """Whether there may be some left."""
        return bool(self._left)

    def count(self, listener: Any) -> None:
        """Count those that wait at `listener` now. Raises OSError."""
        info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
        if waiting := int.from_bytes(info[-4:], byteorder):  # tcpi_unacked
            self._left[listener.fileno()] = waiting

    def equip(self, listener: Any, connection: Any) -> None:
        """Give the options to a connection just accepted at `listener`, if it is one of them."""
        number = listener.fileno()
        if left := self._left.pop(number, 0):
            if left > 1:
                self._left[number] = left - 1
            with suppress(OSError):  # it may be broken already
                set_options(connection, self._keepalive)


def passed_sockets(keepalive: int) -> tuple[list[socket.socket], Early]:
    """The sockets passed to this process, with the options of `listener.listen`; may be none.

    And the connections that have come before. What tells of the sockets is taken out of the
    environment. Raises CannotListen if something else was passed.
    """
    early = Early(keepalive)
    told = {name: os.environ.pop(name, "") for name in VARIABLES}
    if told["LISTEN_PID"] != str(os.getpid()):  # they are meant for another process
        return [], early
    count = told["LISTEN_FDS"]
    if not (count.isascii() and count.isdigit()):
        return [], early
    return [_adopt(each, keepalive, early) for each in range(FIRST, FIRST + int(count))], early


def _adopt(descriptor: int, keepalive: int, early: Early) -> socket.socket:
    """Make a listening socket of a descriptor. Raises CannotListen."""
    what = f"cannot listen on descriptor {descriptor}, which the service manager has passed"
    try:
        os.set_inheritable(descriptor, False)
        listener = socket.socket(fileno=descriptor)
        is_listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        is_tcp = listener.family in (socket.AF_INET, socket.AF_INET6)
        if is_tcp and listener.type == socket.SOCK_STREAM and is_listening:
            set_options(listener, keepalive)
            listener.listen(BACKLOG)
            early.count(listener)
            return listener
        listener.close()
    except OSError as error:
        raise CannotListen(f"{what}: {error.strerror or error}") from error
    raise CannotListen(
        f"{what}: it is no TCP socket that listens; the socket unit needs ListenStream=7878, and "
        "not Accept=yes"
    )
