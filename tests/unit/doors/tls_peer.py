"""The other end of a connection inside TLS, in this process."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gchat.doors.listener import BUFFER
from gchat.doors.tls_connection import TlsConnection
from gchat.hub.connection import Connection
from tests.unit.peers import Peer, connect, wait_until

PORTION = 64 * 1024

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def any_certificate(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A client's settings that trust whatever comes, perhaps with one `version` only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    if version:
        context.minimum_version = context.maximum_version = version
    return context


class Client:
    """A client's TLS without a socket: bytes go in and come out."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.is_through = False
        """The handshake is over."""
        self.tls = (context or any_certificate()).wrap_bio(self._incoming, self._outgoing)

    def shake_hands(self, data: bytes = b"") -> bytes:
        """Go on with the handshake; returns what is to be sent."""
        self._incoming.write(data)
        with suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
            self.is_through = True
        return self._outgoing.read()

    def encrypt(self, data: bytes) -> bytes:
        """Records with `data`."""
        self.tls.write(data)
        return self._outgoing.read()

    def end(self) -> bytes:
        """The record that ends what the client says."""
        with suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        return self._outgoing.read()

    def decrypt(self, data: bytes) -> bytes:
        """What is in the records that `data` ends."""
        self._incoming.write(data)
        return self.read()

    def read(self) -> bytes:
        """What is in the records that have come; nothing behind the end."""
        found = b""
        with suppress(ssl.SSLWantReadError):
            while part := self.tls.read(PORTION):
                found += part
        return found


class TlsPeer:
    """A connection inside TLS, and a client at its other end."""

    def __init__(
        self,
        server: ssl.SSLContext,
        context: ssl.SSLContext | None = None,
        *,
        pair: Callable[[], tuple[Any, Peer]] = connect,
        behind: bytes = b"",
    ) -> None:
        """`behind` comes with the end of the handshake."""
        self.plain, self.peer = pair()
        self.client = Client(context)
        self.connection = TlsConnection(self.plain, server)
        try:
            self._shake_hands(behind)
        except BaseException:
            self.close()
            raise

    def _shake_hands(self, behind: bytes) -> None:
        flight = self.client.shake_hands()
        while not self.connection.shake_hands(flight):
            flight = self.client.shake_hands(self.peer.socket.recv(PORTION))
            if self.client.is_through and behind:
                flight += self.client.encrypt(behind)
        if not self.client.is_through:  # TLS 1.2
            self.client.shake_hands(self.peer.socket.recv(PORTION))

    def say(self, data: bytes) -> None:
        """Send `data` in records."""
        self.peer.send(self.client.encrypt(data))

    def hear(self, size: int) -> bytes:
        """The next `size` bytes that come, or more."""
        heard = b""
        while len(heard) < size:
            portion = self.peer.socket.recv(PORTION)
            assert portion
            heard += self.client.decrypt(portion)
        return heard

    def recv(self, size: int = 4096) -> bytes:
        """What the server's side reads when there is something."""
        found: list[bytes] = []

        def read() -> bool:
            with suppress(BlockingIOError):
                found.append(self.connection.recv(size))
            return bool(found)

        wait_until(read, "something comes")
        return found[0]

    def close(self) -> None:
        self.connection.close()
        self.peer.close()


Make = Callable[..., TlsPeer]


def over_tcp() -> tuple[Connection, Peer]:
    """One over TCP, of which the kernel tells what has arrived."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.socket()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.connect(listener.getsockname())
        ours = listener.accept()[0]
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    ours.setblocking(False)
    return Connection(ours), Peer(theirs)


class Kernel:
    """A socket that takes as many bytes as a test lets it."""

    def __init__(self, accepted: Any) -> None:
        self._accepted = accepted
        self.room = 2**20
        self.records: int | None = None
        """Calls that it takes something in before the connection breaks."""
        self.taken = b""
        self.arrived = 0

    def send(self, data: bytes | memoryview) -> int:
        if self.records is not None:
            if not self.records:
                raise BrokenPipeError(32, "broken")
            self.records -= 1
        if not self.room:
            raise BlockingIOError(11, "full")
        part = bytes(data[: self.room])
        self.room -= len(part)
        self.taken += part
        return len(part)

    @property
    def on_the_way(self) -> int:
        return len(self.taken) - self.arrived

    def __getattr__(self, name: str) -> Any:
        return getattr(self._accepted, name)
