"""One of those who attack: a connection that never makes the attack wait."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from select import POLLIN, POLLOUT, poll

from tests.blackbox.waiting import DEADLINE

PORTION = 256 * 1024
"""Bytes of one system call that reads."""

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of 0: closing resets the connection."""


class Attacker:
    """A connection to `address`."""

    def __init__(
        self, address: tuple[str, int], receive_buffer: int = 0, source: str = "127.0.0.1"
    ) -> None:
        """`receive_buffer`: bytes that the kernel takes for one who does not read, which it
        doubles; by default it takes megabytes. `source`: the address to come from."""
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source != "127.0.0.1":
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.ended = False
        """The server has ended the connection, as far as reading or sending has shown."""

    def send(self, data: bytes) -> int:
        """How many bytes of `data` are sent: what the kernel takes at once."""
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.ended = True
            return 0

    def read(self, most: int = PORTION) -> bytes:
        """What has come, at most so many bytes; perhaps nothing."""
        try:
            data = self.socket.recv(most)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self.ended = not data
        return data

    def expect(self, text: str) -> None:
        """Wait until `text` is shown; all that has come with it is gone then."""
        shown, end = b"", time.monotonic() + DEADLINE
        while text.encode() not in shown:
            waiting = not self.ended and time.monotonic() < end
            assert waiting, f"no {text!r} was shown, but {shown!r}"
            self._wait(POLLIN, DEADLINE)
            shown = shown[-len(text) :] + self.read()

    def wait_until_writable(self) -> None:
        """Wait until the kernel takes something again."""
        self._wait(POLLOUT, DEADLINE)

    def flood(self, data: bytes, seconds: float) -> int:
        """Send `data` again and again, as fast as it is taken, for so many seconds, and read
        nothing; returns how many bytes were sent."""
        deadline, sent = time.monotonic() + seconds, 0
        while (left := deadline - time.monotonic()) > 0 and not self.ended:
            self._wait(POLLOUT, left)
            sent += self.send(data[sent % len(data) :])
        return sent

    def fileno(self) -> int:
        """So that `select` takes it."""
        return self.socket.fileno()

    def end_input(self) -> None:
        """Half-close: it will say nothing more, and stays."""
        with suppress(OSError):  # the server has broken the connection
            self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break off, so that the server gets an RST; or nothing, if that has happened."""
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.socket.close()

    def close(self) -> None:
        """Leave."""
        self.socket.close()

    def _wait(self, what: int, seconds: float) -> None:
        waiting = poll()  # select takes only the first 1,024 descriptors
        waiting.register(self, what)
        waiting.poll(seconds * 1000)


def every(pause: float, seconds: float) -> Iterator[int]:
    """0, 1, 2, …: one each `pause` seconds, for so many seconds."""
    begin = time.monotonic()
    for number in range(int(seconds / pause)):
        time.sleep(max(0.0, begin + number * pause - time.monotonic()))
        yield number
