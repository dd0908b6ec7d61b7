"""A client: who it is, its place in its room's log, and its socket."""

from collections import deque
from collections.abc import Callable
from fcntl import ioctl
from sys import byteorder
from termios import TIOCOUTQ
from typing import Any, NamedTuple

import gevent
from gevent import monkey
from gevent.event import Event

from chat.log import Cursor, RoomLog
from chat.loop import READABLE, WRITABLE
from chat.wire import PLAIN, Look

# The standard library's socket class as it was before it was patched. Its `send`
# is one system call and never waits, which is all that the broadcaster asks for.
StandardSocket = monkey.get_original("socket", "socket")


class Dismissed(Exception):
    """Raised in a client's greenlet, wherever that waits, to end it; says why."""


class Owed(NamedTuple):
    """Something for one client alone, at its place among what its room sees."""

    after: Cursor
    """It is sent when the client has got everything up to here."""
    data: bytes


NOTHING_OWED: deque[Owed] = deque(maxlen=0)
"""What the many have that are owed nothing: a deque of their own would be 3/4 KiB for each."""


class Client:
    """One connection. Its own greenlet reads from it; only the broadcaster writes to it.

    What it is still to be sent is not kept here: it is what the log holds behind
    `cursor`. To that come the rest of one line, and what is owed to this client
    alone, which is bounded: whoever is owed much is not listened to meanwhile.
    """

    __slots__ = (
        "_writable",
        "address",
        "blocked",
        "cursor",
        "cut",
        "greenlet",
        "last_own",
        "log",
        "look",
        "lost",
        "name",
        "number",
        "owed",
        "owed_bytes",
        "own_ahead",
        "person",
        "progress",
        "readable",
        "socket",
        "until",
    )

    def __init__(self, number: int, connection: Any, address: str, log: RoomLog) -> None:
        """Take over `connection`, a gevent socket, which is of no use to others afterwards."""
        self.number = number
        self.address = address
        """As people see it: `127.0.0.1:53412`, `[::1]:53412`."""
        self.name = address
        self.person = False
        """It was silent at first, so somebody sits there: is welcomed and announced."""
        self.greenlet: Any = gevent.getcurrent()
        """The one that reads from it, in which it is made."""

        self.log = log
        self.cursor = log.end
        self.until: Cursor | None = self.cursor
        """Where it stops listening; None while it listens, neither at first nor when it leaves."""
        self.look: Look = PLAIN
        self.cut: bytes | memoryview = b""
        """The rest of a line of which a part has been sent."""
        self.owed: deque[Owed] = NOTHING_OWED
        self.owed_bytes = 0
        self.last_own = 0
        """The id of the last message in the log that is its own."""
        self.own_ahead = 0
        """How many of the messages behind `cursor` it has said itself."""

        self.socket = StandardSocket(fileno=connection.detach())
        self.socket.setblocking(False)
        self.blocked = False
        """Its socket is full: it is left alone until it takes something again."""
        self.lost = ""
        """Why nothing can be sent to it any more; empty as long as that is not so."""
        self.readable = gevent.get_hub().loop.io(self.socket.fileno(), READABLE)
        self._writable: Any = None
        self.progress: Event | None = None
        """Set when it was seen to, so that it may have been sent something; made by who waits."""

    def __str__(self) -> str:
        """As the server's log has it: `ann (127.0.0.1:53412)`."""
        return self.name if self.name == self.address else f"{self.name} ({self.address})"

    def owe(self, data: bytes) -> None:
        """Have `data` sent to this client alone, behind all that it is to get up to now."""
        if self.owed is NOTHING_OWED:
            self.owed = deque()
        self.owed.append(Owed(self.until or self.log.end, data))
        self.owed_bytes += len(data)

    def take_owed(self) -> bytes:
        """The next thing that it is owed, to be sent now."""
        data = self.owed.popleft().data
        self.owed_bytes -= len(data)
        if not self.owed:
            self.owed = NOTHING_OWED
        return data

    @property
    def takes_more(self) -> bool:
        """It listens, and its socket has room."""
        return self.until is None and not self.blocked and not self.lost

    @property
    def settled(self) -> bool:
        """It has got everything up to where it stops listening."""
        return self.until is not None and not (
            self.cut or self.owed or self.cursor.id < self.until.id
        )

    def wait_for_progress(self, timeout: float | None = None) -> bool:
        """Wait until it was seen to; False if that took over `timeout` seconds."""
        if self.progress is None:
            self.progress = Event()
        self.progress.clear()
        return self.progress.wait(timeout)

    def lose(self, why: str) -> None:
        """Its connection is broken. What it sent before can still be read from it."""
        self.lost = why
        if self.progress is not None:
            self.progress.set()

    def block(self, on_writable: Callable[["Client"], None]) -> None:
        """Its socket is full: call `on_writable` in the loop, once, when it has room again."""
        self.blocked = True
        if self._writable is None:
            self._writable = gevent.get_hub().loop.io(self.socket.fileno(), WRITABLE)
        self._writable.start(self._unblock, on_writable)

    def _unblock(self, on_writable: Callable[["Client"], None]) -> None:
        self._writable.stop()
        self.blocked = False
        on_writable(self)

    def dismiss(self, why: str) -> None:
        """End its greenlet wherever it waits; it is still sent what it is owed."""
        self._throw(Dismissed(why))

    def cut_off(self) -> None:
        """End its greenlet; it is sent nothing more."""
        self._throw(gevent.GreenletExit())

    def _throw(self, exception: BaseException) -> None:
        # In the loop's next pass; until then it may have ended by itself.
        def throw() -> None:
            if not self.greenlet.dead:
                self.greenlet.throw(exception)

        gevent.get_hub().loop.run_callback(throw)

    @property
    def unacknowledged(self) -> int:
        """Bytes that its side of the connection has not taken from ours yet."""
        return int.from_bytes(ioctl(self.socket, TIOCOUTQ, bytes(4)), byteorder)

    def close(self) -> None:
        """Give the descriptor back. Nothing else may be done with the client afterwards."""
        self.lost = self.lost or "closed"
        for watcher in (self.readable, self._writable):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self.socket.close()
