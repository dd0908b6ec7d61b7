"""gchat in other ways, raced on request: inside TLS, as JSON lines, as server-sent events, by
WebSocket; and without io_uring."""

import json
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

from benchmark.member import Member
from benchmark.protocols import CohortSend, Gchat
from benchmark.servers import Missing, Server, find, gchat

TLS, JSON, EVENTS, FRAMES = "gchat TLS", "gchat JSON", "gchat SSE", "gchat WebSocket"
LOOP = "gchat loop"

TALKERS = 10
"""Clients that speak plain lines where the others cannot speak: as many as talk."""

HEADER, INNER = 5, 1 + 16
"""Bytes of a record of TLS 1.3 besides ours: before it, and in it (RFC 8446, 5.2)."""


class TlsMember(Member):
    """A client inside TLS, which counts bytes by the lengths of records, and decrypts nothing."""

    __slots__ = ("_begun", "_left", "_outgoing", "_tls")

    def __init__(self, connection: socket.socket, index: int, room: int) -> None:
        super().__init__(connection, index, room)
        self._left = 0
        """Bytes of the last record that are still to come."""
        self._begun = b""
        """What has come of a record's header."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(incoming, self._outgoing)
        connection.setblocking(True)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                connection.sendall(self._outgoing.read())
                data = connection.recv(1 << 16)
                self._count(data, len(data))
                incoming.write(data)
            else:
                break
        connection.sendall(self._outgoing.read())
        connection.setblocking(False)

    def send(self, data: bytes) -> bool:
        """The same, encrypted."""
        if data:
            self._tls.write(data)
        return super().send(self._outgoing.read())

    def receiver(self, buffer: bytearray) -> Callable[[], int]:
        """The same, of the bytes in the records of which the header has come."""

        def receive() -> int:
            size = self.connection.recv_into(buffer)
            if not size:
                return 0
            if not (found := self._count(buffer, size)):
                raise BlockingIOError
            return found

        return receive

    def _count(self, data: bytes | bytearray, size: int) -> int:
        at, found = self._left, 0
        if self._begun:
            data, size = self._begun + data[:size], size + len(self._begun)
            self._begun = b""
        while at + HEADER <= size:
            length = data[at + 3] << 8 | data[at + 4]
            found += max(0, length - INNER)
            at += HEADER + length
        if at < size:
            self._begun = bytes(data[at:size])
            at = size
        self._left = at - size
        return found


class Counting(Member):
    """A client of which lines are counted: those of JSON are not equally long."""

    __slots__ = ()

    def receiver(self, buffer: bytearray) -> Callable[[], int]:
        """The same, of lines."""
        weight, recv_into = self.weight_of(self.index), self.connection.recv_into

        def receive() -> int:
            size = recv_into(buffer)
            if not size:
                return 0
            if not (found := buffer.count(b"\n", 0, size) * weight):
                raise BlockingIOError
            return found

        return receive

    def weight_of(self, index: int) -> int:
        """What a line counts that the client of this number gets."""
        return 1


class EventsMember(Counting):
    """An event has three lines, and a talker gets one."""

    __slots__ = ()

    def weight_of(self, index: int) -> int:
        """Three for a talker, so that a delivery counts the same at all."""
        return 3 if index < TALKERS else 1


class FramesMember(Member):
    """A frame has one JSON object, and a talker gets a line."""

    __slots__ = ()

    def receiver(self, buffer: bytearray) -> Callable[[], int]:
        """The same, of objects, which none of these lines has more than one of, and of lines."""
        mark = b"\n" if self.index < TALKERS else b"{"
        recv_into = self.connection.recv_into

        def receive() -> int:
            size = recv_into(buffer)
            if not size:
                return 0
            if not (found := buffer.count(mark, 0, size)):
                raise BlockingIOError
            return found

        return receive


class Json(Gchat):
    """JSON lines."""

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """It asks for them at once."""
        return [CohortSend(b"/json\n")]

    def say(self, client: int, room: int, number: int) -> bytes:
        """An object with the line."""
        text = super().say(client, room, number).decode().strip()
        return json.dumps({"text": text}).encode() + b"\n"


class Events(Gchat):
    """Server-sent events, but for those who talk."""

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """A request for the stream of the lobby."""
        if client < TALKERS:
            return super().enter(client, room)
        return [CohortSend(b"GET /lobby/sse HTTP/1.1\r\nHost: localhost\r\n\r\n")]


class Frames(Gchat):
    """Frames of WebSocket, but for those who talk."""

    def enter(self, client: int, room: int) -> list[CohortSend]:
        """A handshake; then it asks to be told nothing but what is said."""
        if client < TALKERS:
            return super().enter(client, room)
        return [
            CohortSend(
                b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: Z2NoYXQgZ2NoYXQgZ2NoYQ==\r\n\r\n",
                b"\r\n\r\n",
            ),
            CohortSend(_masked(b'{"command": "/quiet on"}'), b"}"),
        ]


def _masked(text: bytes) -> bytes:
    """A client's frame of `text`, of 125 bytes at the most; the mask is 0."""
    return b"\x81%c\0\0\0\0%b" % (0x80 | len(text), text)


def _with_tls(port: int, directory: Path) -> list[str]:
    pem = directory / "own.pem"
    command = (
        *(find("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt"),
        *("ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=gchat", "-keyout", "-"),
    )
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode:
        raise Missing("openssl makes no certificate")
    pem.write_bytes(made.stdout)
    return [*gchat(port, directory), "--tls-cert", str(pem)]


def _by_loop(port: int, directory: Path) -> list[str]:
    return [*gchat(port, directory), "--sender", "loop"]


WAYS = {
    server.name: server
    for server in (
        Server(TLS, _with_tls, Gchat(), member=TlsMember),
        Server(JSON, gchat, Json(), member=Counting),
        Server(EVENTS, gchat, Events(), member=EventsMember),
        Server(FRAMES, gchat, Frames(), member=FramesMember),
        Server(LOOP, _by_loop, Gchat()),
    )
}
"""All of them by name."""
