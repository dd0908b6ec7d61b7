"""Many clients in one thread: non-blocking sockets under one epoll."""

import re
import select
import socket
import time
from collections.abc import Callable, Iterable

PATIENCE = 30.0
"""Seconds that anything awaited may take."""

_HEAD_COUNT = re.compile(
    rb"^ \* (?:#\S+, (\d+) here: .*|#\S+ is empty|There is no room .*)\n", re.MULTILINE
)


class Member:
    """One client of a crowd. What it receives is counted, and given to `sink` if that is set."""

    __slots__ = ("ended", "lines", "name", "sink", "socket", "unsent")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.name = "{}:{}".format(*connection.getsockname()).encode()
        """As the others see it."""
        self.lines = 0
        """Line ends received."""
        self.sink: Callable[[memoryview], object] | None = None
        self.unsent = bytearray()
        """What is to be sent as soon as the socket takes it."""
        self.ended = False
        """The server has closed the connection, or broken it."""

    def keep(self) -> bytearray:
        """Keep what it receives from now on, in the array that is returned."""
        kept = bytearray()
        self.sink = kept.extend
        return kept


class Crowd:
    """Clients of the server at `port` on this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._epoll = select.epoll()
        self._members: dict[int, Member] = {}
        self._buffer = bytearray(256 * 1024)
        self._view = memoryview(self._buffer)
        self.lines = 0
        """Line ends that all of them have received."""
        self.bytes = 0
        """Bytes that all of them have received."""
        self._asker: Member | None = None

    # Coming and going

    def join(
        self,
        count: int,
        *,
        reads: bool = True,
        speaks_at_once: bool = True,
        receive_buffer: int | None = None,
        port: int | None = None,
        source: str = "",
    ) -> list[Member]:
        """Connect `count` more clients, with a receive buffer of so many bytes if one is given.

        They are at the server on `port`, if one is given, which has the same rooms; and come from
        the address `source` of this machine, if one is given.

        Those that speak at once send an empty line. So the server takes them for
        programs, and sends them nothing but what is said. The others are people to
        it; each is welcomed and announced. Those that do not read may begin later,
        with `read`.
        """
        members = []
        for _ in range(count):
            connection = socket.socket()
            connection.settimeout(PATIENCE)
            if receive_buffer is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source:
                connection.bind((source, 0))
            connection.connect(("127.0.0.1", self._port if port is None else port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setblocking(False)
            member = Member(connection)
            if speaks_at_once:
                self.say(member, b"\n")
            if reads:
                self.read(member)
            members.append(member)
        return members

    def read(self, member: Member) -> None:
        """Read from now on what `member` is sent."""
        self._members[member.socket.fileno()] = member
        self._epoll.register(member.socket, select.EPOLLIN)

    def leave(self, members: Iterable[Member]) -> None:
        """Close the connections of `members`."""
        for member in members:
            self._members.pop(member.socket.fileno(), None)
            member.socket.close()

    # Talking and listening

    def say(self, member: Member, data: bytes) -> None:
        """Send `data` for `member`: at once, or what the socket does not take later on."""
        if not member.unsent:
            try:
                data = data[member.socket.send(data) :]
            except BlockingIOError:
                pass
            except OSError:
                member.ended = True
                return
            if not data:
                return
            if member.socket.fileno() in self._members:
                self._epoll.modify(member.socket, select.EPOLLIN | select.EPOLLOUT)
        member.unsent += data

    def poll(self, timeout: float) -> None:
        """Receive what has arrived; wait for it at most `timeout` seconds."""
        for descriptor, events in self._epoll.poll(timeout):
            member = self._members[descriptor]
            if events & select.EPOLLOUT:
                self._send_rest(member)
            if events & ~select.EPOLLOUT:
                self._receive(member)

    def until(self, condition: Callable[[], bool], what: str, timeout: float = PATIENCE) -> None:
        """Receive until `condition` holds. Raises TimeoutError, which says `what` was awaited."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"in {timeout:.0f} s it did not come to this: {what}")
            self.poll(0.05)

    # Knowing who is here

    def head_count(self, room: str = "lobby") -> int:
        """How many are in `room`, as the server tells one who is in another room for that."""
        if self._asker is None:
            (self._asker,) = self.join(1)
            self.say(self._asker, b"/join head-count\n")
        answer = self._asker.keep()
        self.say(self._asker, f"/who {room}\n".encode())
        self.until(lambda: _HEAD_COUNT.search(answer) is not None, "an answer to /who")
        found = _HEAD_COUNT.search(answer)
        return int(found[1] or 0) if found else 0

    def await_head_count(self, count: int, room: str = "lobby", timeout: float = PATIENCE) -> None:
        """Ask until `count` are in `room`: all that have connected, none that has left."""

        def is_reached() -> bool:
            self.poll(0.01)
            return self.head_count(room) == count

        self.until(is_reached, f"{count} are in {room}", timeout)

    def _send_rest(self, member: Member) -> None:
        try:
            del member.unsent[: member.socket.send(member.unsent)]
        except BlockingIOError:
            return
        except OSError:
            member.unsent.clear()
        if not member.unsent:
            self._epoll.modify(member.socket, select.EPOLLIN)

    def _receive(self, member: Member) -> None:
        try:
            count = member.socket.recv_into(self._buffer)
        except BlockingIOError:
            return
        except OSError:
            count = 0
        if not count:
            member.ended = True
            self._epoll.unregister(member.socket)
            return
        lines = self._buffer.count(b"\n", 0, count)
        member.lines += lines
        self.lines += lines
        self.bytes += count
        if member.sink is not None:
            member.sink(self._view[:count])
