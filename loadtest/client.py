"""A small client of a chat server that speaks lines: connect, say, receive.

It shares no code with the server, so that a mistake there is not made here a second time.
"""

import socket
import struct
from contextlib import suppress

RECEIVE = 256 * 1024
"""Bytes asked for at a time: a busy room fills the socket's buffer between two calls."""

NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time at all: closing resets the connection."""


class ChatClient:
    """One connection. One greenlet (or thread) may say while another one receives."""

    def __init__(self, host: str, port: int, timeout: float = 10.0, buffer: int = 0) -> None:
        """Connect; raises OSError, TimeoutError among them after `timeout` seconds.

        `buffer` bytes are what the kernel keeps in either direction (0: as much as it likes). It
        doubles them.
        """
        self._socket = connect(host, port, timeout, buffer)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def say(self, text: str) -> int:
        """Send `text`, which is one line; returns its bytes on the wire.

        Waits as long as the server takes nothing. Raises OSError if the connection is broken,
        and then some of the line may have been sent.
        """
        return self.send(f"{text}\n".encode())

    def send(self, data: bytes) -> int:
        """Send `data` as it is, be it a line or not; otherwise as `say`."""
        self._socket.sendall(data)
        return len(data)

    def receive(self, most: int = RECEIVE) -> list[str] | None:
        """Wait for at most `most` bytes; returns the lines that they end, without their ends.

        There may be none. Bytes that are not UTF-8 are surrogates in them. None means that the
        server has ended the connection; what came behind the last line end is no line. Raises
        OSError if the connection is broken.
        """
        data = self._socket.recv(most)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode(errors="surrogateescape") for line in lines]

    def end_input(self) -> None:
        """Say that nothing more will be said; the server answers by ending the connection."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break off: the peer finds the connection reset, and what is under way is lost."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self._socket.close()

    def close(self) -> None:
        """Give the descriptor back."""
        self._socket.close()


def connect(host: str, port: int, timeout: float, buffer: int) -> socket.socket:
    """A connection to the first address of `host` that takes one; see ChatClient."""
    if not buffer:
        connected = socket.create_connection((host, port), timeout)
        connected.settimeout(None)
        return connected
    error: OSError = ConnectionError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        connected = socket.socket(family, kind, protocol)
        try:
            # Before connecting: the window is agreed on then.
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
            connected.settimeout(timeout)
            connected.connect(address)
            connected.settimeout(None)
        except BaseException as caught:
            connected.close()
            if not isinstance(caught, OSError):
                raise
            error = caught
        else:
            return connected
    raise error
