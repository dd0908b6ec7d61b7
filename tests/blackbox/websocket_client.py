"""A client of WebSocket, on a raw socket: frames, also wrong ones, and JSON in them."""

import json
from typing import Any, NamedTuple

from gchat.protocol.websocket_frames import Opcode
from tests.blackbox.connection import JsonProgram
from tests.blackbox.http_clients import Answer, read_answer
from tests.blackbox.server import Server
from tests.json_schema import check_sent
from tests.websocket_frames import masked

HANDSHAKE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: gchat.v1.json",
)


class Frame(NamedTuple):
    """What the server has sent."""

    opcode: int
    data: bytes

    @property
    def code(self) -> int:
        """That of a close frame."""
        assert self.opcode == Opcode.CLOSE, self
        return int.from_bytes(self.data[:2])

    @property
    def reason(self) -> str:
        """Behind the code of a close frame."""
        return self.data[2:].decode()


class WebSocketClient(JsonProgram):
    """Somebody with a WebSocket: `carry_out`, `ask` and all else as a program that speaks JSON."""

    _bytes = b""

    def shake_hands(self, *headers: str, host: str = "localhost") -> Answer:
        """Ask for WebSocket, with these `headers` as well; the answer."""
        lines = ["GET /ws HTTP/1.1", f"Host: {host}", *HANDSHAKE, *headers, "", ""]
        self.send("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self._bytes:
            self._receive_more()
        head, _, self._bytes = self._bytes.partition(b"\r\n\r\n")
        return read_answer(head + b"\r\n\r\n")

    def frame(self) -> Frame:
        """The next frame: whole, not masked, and no part of a longer message."""
        self._need(2)
        first, size = self._bytes[0], self._bytes[1]
        assert first & 0xF0 == 0x80, self._bytes[:20]
        assert size < 128, "a server's frames are not masked"
        begin = {126: 4, 127: 10}.get(size, 2)
        self._need(begin)
        if begin > 2:
            size = int.from_bytes(self._bytes[2:begin])
        self._need(begin + size)
        data, self._bytes = self._bytes[begin : begin + size], self._bytes[begin + size :]
        return Frame(first & 0x0F, data)

    def _need(self, count: int) -> None:
        while len(self._bytes) < count:
            self._receive_more()

    def _receive_more(self) -> None:
        data = self._receive()
        assert data, f"the connection was ended after {self._bytes[:200]!r}"
        self._bytes += data

    def send_object(self, **fields: Any) -> None:
        """Send `fields` as an object."""
        self.send(masked(json.dumps(fields)))

    def object(self) -> dict[str, Any]:
        """The next object; heartbeats are passed over."""
        while True:
            frame = self.frame()
            if frame.opcode == Opcode.TEXT:
                fields = json.loads(frame.data)
                check_sent(fields)
                if fields["kind"] != "alive":
                    assert isinstance(fields, dict)
                    return fields
            else:
                assert frame.opcode == Opcode.PING, frame

    def closed(self) -> Frame:
        """The frame that closes the connection, which the server then ends; others are skipped."""
        while (frame := self.frame()).opcode != Opcode.CLOSE:
            pass
        while data := self._receive():
            assert not data, "nothing comes behind a close frame"
        return frame


def websocket(
    server: Server, name: str | None = None, receive_buffer: int | None = None, *headers: str
) -> WebSocketClient:
    """Somebody with a WebSocket, called `name` if there is one."""
    client = WebSocketClient(server.address, receive_buffer)
    server._add(client)
    assert client.shake_hands(*headers).status == 101
    if name:
        client.take_name(name)
    return client
