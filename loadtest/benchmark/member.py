"""One client: its connection, what it has still to send, and how it gets in."""

import socket
from collections.abc import Callable
from functools import partial

from benchmark.protocols import CohortSend

PORTION = 1 << 16
"""Bytes that are read at a time of what is answered to one who enters."""


class Broken(Exception):
    """What the server did that it should not have; the measurement is of no use."""


def ended(error: ConnectionError | None = None) -> str:
    """What is wrong if a connection is over: `error`, if there was something on its way."""
    return "the server has ended a connection" + (f" ({error.strerror})" if error else "")


class Member:
    """A client of a server, whose socket does not block."""

    __slots__ = ("connection", "descriptor", "index", "room", "unsent")

    def __init__(self, connection: socket.socket, index: int, room: int) -> None:
        self.connection = connection
        self.descriptor = connection.fileno()
        self.index = index
        self.room = room
        self.unsent = b""

    def receiver(self, buffer: bytearray) -> Callable[[], int]:
        """What takes the bytes that have come, as far as `buffer` has room for them.

        Returns how many that are, and 0 at the end of the connection. Raises BlockingIOError if
        there is nothing to count, and ConnectionError.
        """
        # In TCP, MSG_TRUNC counts and discards: nothing is copied (see tcp(7)).
        return partial(self.connection.recv_into, buffer, len(buffer), socket.MSG_TRUNC)

    def send(self, data: bytes) -> bool:
        """Send what is still unsent, and `data`; True if its socket has not taken all of it.

        Raises Broken.
        """
        data = self.unsent + data
        try:
            self.unsent = data[self.connection.send(data) :]
        except BlockingIOError:
            self.unsent = data
        except ConnectionError as error:
            raise Broken(ended(error)) from error
        return bool(self.unsent)


class Entrance:
    """How `member` gets in: what it sends, and waits for, in turn."""

    def __init__(self, member: Member, steps: list[CohortSend]) -> None:
        self.member = member
        self._sends = steps
        self._text = b""

    def begin(self) -> bool:
        """Send what comes first; True if that was all."""
        send, answer = self._sends[0]
        if send:
            self.member.send(send)
        return not answer

    def go_on(self) -> bool:
        """Read, and send what comes next if it was answered; True if there is no more."""
        try:
            data = self.member.connection.recv(PORTION)
        except ConnectionError as error:
            raise Broken(ended(error)) from error
        if not data:
            raise Broken(f"{ended()}; it said {self._text[-200:]!r}")
        self._text += data
        if self._sends[0].answer not in self._text:
            return False
        self._text = b""
        del self._sends[0]
        return not self._sends or self.begin()
