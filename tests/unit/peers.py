"""Clients of a hub in this process; a test holds the other ends of their connections.

Nothing is patched here: what the program itself does in greenlets asks gevent for it.
"""

import re
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import gevent
from gevent.event import Event
from gevent.socket import socket as GeventSocket  # noqa: N812 - it is a class

from gchat.delivery.broadcaster import Broadcaster
from gchat.delivery.senders.choice import Sender
from gchat.doors.opening import greet, open_lines
from gchat.doors.session import Session
from gchat.doors.websocket_session import DISPLAY, WebSocketSession
from gchat.hub import membership
from gchat.hub.client import Client, Dismissed, Expelled
from gchat.hub.connection import Connection
from gchat.hub.hub import Hub
from gchat.hub.naming import rename
from gchat.model.display import PLAIN
from gchat.model.room_log import RoomLog
from gchat.protocol.framing import LineFramer
from gchat.protocol.websocket_ear import WebSocketEar
from gchat.store.base import Store
from gchat.store.history import History
from gchat.text.addresses import network_of

DEADLINE = 30.0
"""Seconds after which whatever a test waits for counts as not happening. Everything takes a small
part of it, except on a machine that is busy with other things."""

HOME = network_of("127.0.0.1")
"""The network that everybody comes from."""


def within_deadline(what: str) -> gevent.Timeout:
    """`with within_deadline("it ends"):` what takes longer than DEADLINE fails the test."""
    return gevent.Timeout(
        DEADLINE, AssertionError(f"in {DEADLINE} s it did not happen that {what}")
    )


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return when `condition` holds."""
    with within_deadline(what):
        while not condition():
            gevent.sleep(0.001)


class Peer:
    """The other end of a client's connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = GeventSocket(fileno=connection.detach())
        self.client: Client
        """The one that is connected with it; set as soon as there is one."""
        self.reason = ""
        """Why its greenlet was ended, if it was made by Company.join."""
        self.expelled = False
        """Whether it was made to go, likewise."""
        self.passes_over: re.Pattern[str] | None = None
        """Lines with this in them are not read: those that other servers have said."""
        self._received = b""

    def send(self, data: bytes) -> None:
        """Send all of it, however long that takes."""
        self.socket.sendall(data)

    def read_line(self) -> str:
        """The next line, with its end; what is not UTF-8 in it is shown as `\\xff`."""
        line = self._next_line()
        while self.passes_over and self.passes_over.search(line):
            line = self._next_line()
        return line

    def _next_line(self) -> str:
        with within_deadline("a line comes"):
            while b"\n" not in self._received:
                data = self.socket.recv(65536)
                assert data, f"the connection has ended after {self._received!r}"
                self._received += data
        line, end, self._received = self._received.partition(b"\n")
        return (line + end).decode("utf-8", "backslashreplace")

    def read_lines(self, count: int) -> list[str]:
        """The next `count` lines, without their ends."""
        return [self.read_line().rstrip("\r\n") for _ in range(count)]

    def read_until(self, text: str) -> list[str]:
        """The next lines up to the first with `text` in it."""
        lines = self.read_lines(1)
        while text not in lines[-1]:
            lines += self.read_lines(1)
        return lines

    def read_to_end(self) -> bytes:
        """All that comes until the server ends the connection."""
        with within_deadline("the connection ends"):
            while data := self.socket.recv(65536):
                self._received += data
        received, self._received = self._received, b""
        return received

    def end_input(self) -> None:
        """Half-close: it will say nothing more, but read on."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.socket.close()


class ObservedSocket:
    """A client's socket, of which every call to `send` is told before it is done."""

    def __init__(self, peer: Peer, before_send: Callable[[bytes], None]) -> None:
        self._socket: Any = peer.client.connection._socket
        self._before_send = before_send
        peer.client.connection._socket = self

    def send(self, data: bytes) -> int:
        self._before_send(data)
        return int(self._socket.send(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


def connect(send_buffer: int | None = None) -> tuple[Connection, Peer]:
    """A new connection: the server's end, and the other one."""
    ours, theirs = socket.socketpair()
    if send_buffer is not None:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    ours.setblocking(False)
    return Connection(ours), Peer(theirs)


class Company:
    """A hub, its broadcaster, and those who are there: `with Company() as company:`."""

    def __init__(
        self,
        log: RoomLog | None = None,
        broadcasting: bool = True,
        store: Store | None = None,
        pass_over: re.Pattern[str] | None = None,
        sender: Sender | None = None,
    ) -> None:
        """`log` is the lobby's, where another one than usual is wanted; `pass_over` as Peer's."""
        self._pass_over = pass_over
        self.records = False
        """Whether a recorder is at work, so that all that is said gets its place."""
        self.goes_on_when_placed = False
        """Whether a test goes on when what it has had said has its place, and no sooner."""
        self.hub = Hub(history=History(store) if store else None)
        self.hub.settings.limits.rate = 0  # they talk as fast as they can
        self.room = self.hub.lobby
        if log is not None:
            self.room.log = log
            self.room.sent = log.end
        self.peers: list[Peer] = []
        self._greenlets: list[Any] = []
        if broadcasting:
            broadcaster = Broadcaster(self.hub, sender)
            self.start(broadcaster.run)
            self.start(broadcaster.backfill.run)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        clients = [peer.client for peer in self.peers if hasattr(peer, "client")]
        for client in clients:
            client.lose("the test is over")  # so that no session waits for it any more
        gevent.killall(self._greenlets)
        for peer in self.peers:
            peer.close()
        for client in clients:
            if client.connection._socket.fileno() >= 0:
                client.connection.close()

    def start(self, function: Callable[..., object], *arguments: object) -> Any:
        """Run `function` in a greenlet that ends with the company, at the latest."""
        greenlet = gevent.spawn(function, *arguments)
        self._greenlets.append(greenlet)
        return greenlet

    def join(self, name: str = "", send_buffer: int | None = None, listens: bool = True) -> Peer:
        """Somebody who listens, unless it is to begin that later; whom no session reads from."""
        peer, connection = self._connect(send_buffer)
        ready = Event()

        def wait_to_be_dismissed() -> None:
            peer.client = self._client(connection)
            peer.client.display = PLAIN
            ready.set()
            try:
                Event().wait()
            except Dismissed as dismissed:
                peer.reason = str(dismissed)
                peer.expelled = isinstance(dismissed, Expelled)

        self.start(wait_to_be_dismissed)
        ready.wait()
        membership.enter(self.hub, peer.client)
        if listens:
            membership.listen(self.hub, peer.client)
        if name:
            rename(self.hub, peer.client, name)
        return peer

    def converse(self, first: bytes = b"", max_line: int = 1000, send_buffer: int = 0) -> Peer:
        """Somebody with a session, which finds that they have sent `first` already."""
        peer, connection = self._connect(send_buffer or None)
        if first:
            peer.send(first)

        def run() -> None:
            framer = LineFramer(max_line)
            peer.client = self._client(connection)
            self.hub.settings.max_line = max_line
            opening = open_lines(connection, framer, greet(connection))
            Session(self.hub, peer.client, framer, opening).run()

        self.start(run)
        wait_until(lambda: hasattr(peer, "client"), "there is a client")
        return peer

    def program(self, send_buffer: int = 0, max_line: int = 1000) -> Peer:
        """Somebody who has given a command at once, and so was not welcomed.

        It can give more of them: it has not said anything yet.
        """
        peer = self.converse(b"/redraw off\n", max_line, send_buffer)
        wait_until(lambda: peer.client.until is None, "it listens")
        return peer

    def websocket(self) -> Peer:
        """Somebody whose WebSocket is open, and who has given a command at once."""
        peer, connection = self._connect(None)

        def run() -> None:
            peer.client = self._client(connection)
            peer.client.display = DISPLAY
            ear = WebSocketEar(self.hub.settings.max_line)
            WebSocketSession(self.hub, peer.client, ear, [b"/bell off"]).run()

        self.start(run)
        wait_until(lambda: hasattr(peer, "client") and peer.client.until is None, "it listens")
        return peer

    def say(self, peer: Peer, *texts: str) -> None:
        """The client of `peer` says something."""
        self.hub.say(peer.client, list(texts))
        if self.goes_on_when_placed:
            self.wait_until_placed()

    def wait_until_placed(self) -> None:
        """Wait until all that was said has its place, which it has at once in memory."""
        if self.records:
            wait_until(lambda: not self.hub.pending_writes.rooms, "all has its place")

    def _connect(self, send_buffer: int | None) -> tuple[Peer, Connection]:
        connection, peer = connect(send_buffer)
        peer.passes_over = self._pass_over
        self.peers.append(peer)
        return peer, connection

    def _client(self, connection: Connection) -> Client:
        number = len(self.peers)
        address = f"127.0.0.1:{40000 + number}"
        return Client(
            self.hub.directory.first_number - 1 + number,
            connection,
            address,
            self.room.log,
        )
