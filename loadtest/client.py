"""A small client of a chat server that speaks lines: connect, say, receive.

It shares no code with the server, so that a mistake there is not made here a second time.
"""

import socket
from contextlib import suppress

RECEIVE = 256 * 1024
"""Bytes asked for at a time: a busy room fills the socket's buffer between two calls."""


class ChatClient:
    """One connection. One greenlet (or thread) may say while another one receives."""

    def __init__(self, host: str, port: int, timeout: float = 10.0) -> None:
        """Connect; raises OSError, TimeoutError among them after `timeout` seconds."""
        self._socket = socket.create_connection((host, port), timeout)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def say(self, text: str) -> int:
        """Send `text`, which is one line; returns its bytes on the wire.

        Waits as long as the server takes nothing. Raises OSError if the connection is broken,
        and then some of the line may have been sent.
        """
        data = f"{text}\n".encode()
        self._socket.sendall(data)
        return len(data)

    def receive(self) -> list[str]:
        """Wait for at least one whole line; returns all that have come, without their ends.

        An empty list means that the server has ended the connection; what came behind the last
        line end is no line. Raises OSError if the connection is broken.
        """
        while data := self._socket.recv(RECEIVE):
            *lines, self._rest = (self._rest + data).split(b"\n")
            if lines:
                return [line.decode(errors="replace") for line in lines]
        return []

    def end_input(self) -> None:
        """Say that nothing more will be said; the server answers by ending the connection."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Give the descriptor back."""
        self._socket.close()
