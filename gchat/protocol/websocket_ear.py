"""The ear for WebSocket: bytes in, messages out, and what the protocol itself answers.

The frames of a client are masked, and a message may come in several of them, with control frames
between (RFC 6455, 5). Whatever is against the protocol ends the connection, with the code that the
RFC has for it. Nothing here reads a socket, and what comes out does not depend on how the bytes are
cut.
"""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any, NamedTuple

from gchat.protocol.websocket_frames import SHORT, CloseCode, Opcode, close_frame, frame

CODES = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}
"""Close codes that may come in a frame (RFC 6455, 7.4)."""

FIN, RESERVED, OPCODE = 0x80, 0x70, 0x0F
"""Parts of the first byte of a frame."""

MASKED, LENGTH = 0x80, 0x7F
"""Parts of the second."""

MASK = 4
"""Bytes of the mask, behind the length."""

_KNOWN = frozenset(Opcode)
_decoder = getincrementaldecoder("utf-8")


class Failed(Exception):
    """Raised within the ear if the client has broken the protocol."""

    def __init__(self, code: CloseCode, why: str) -> None:
        super().__init__(why)
        self.code = code


class _Head(NamedTuple):
    """The head of a frame, which is as it may be."""

    is_last: bool
    """No other frame of its message follows."""
    opcode: Opcode
    begin: int
    """Where its mask ends, and its data begins."""
    end: int


class WebSocketEar:
    """Reads what one client sends.

    Holds at most `max_message` bytes of a message that is not whole yet, as much of a frame, and a
    packet.
    """

    __slots__ = ("_decoder", "_max", "_parts", "_pending", "has_ended", "others", "replies")

    def __init__(self, max_message: int) -> None:
        self._max = max_message
        self._pending: bytes | bytearray = b""
        """A frame that has begun and not ended yet."""
        self._parts: bytearray | None = None
        """The beginning of a message that comes in several frames."""
        self._decoder: Any = None
        """Checks the text of that."""
        self.replies = b""
        """The protocol's own answers: pongs, the close frame. The caller sends and clears them."""
        self.others = 0
        """Frames that ended no message, in all: they take about as long as those that do."""
        self.has_ended = False
        """Nothing more is read: the client has closed the connection, or has broken the protocol;
        `replies` has the close frame."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take in `data`; returns the messages that are whole with it: UTF-8, of any length up to
        `max_message`.
        """
        if self.has_ended:
            return []
        if not self._pending:
            self._pending = data
        elif isinstance(self._pending, bytes):
            self._pending = bytearray(self._pending + data)
        else:  # a frame grows in place, however small the pieces are
            self._pending += data
        messages = list[bytes]()
        try:
            messages.extend(self._messages())
        except Failed as failed:
            self._end(close_frame(failed.code, str(failed)))
        return messages

    def _messages(self) -> Iterator[bytes]:
        """The messages among what is pending. Raises Failed."""
        data, position = self._pending, 0
        while (head := self._read_head(data, position)) and head.end <= len(data):
            mask = data[head.begin - MASK : head.begin]
            message = self._take(head, unmask(data[head.begin : head.end], mask))
            position = head.end
            if message is None:
                self.others += 1
            else:
                yield message
            if self.has_ended:
                return
        if position:
            self._pending = bytes(data[position:])

    def _read_head(self, data: bytes | bytearray, at: int) -> _Head | None:
        """The head of the frame that begins `at`; None while it is not whole. Raises Failed."""
        if len(data) < at + 2:
            return None
        first, second = data[at], data[at + 1]
        number, length, begin = first & OPCODE, second & LENGTH, at + 2
        if first & RESERVED:
            raise _wrong("reserved bits must be 0")
        if number not in _KNOWN:
            raise _wrong(f"there is no opcode {number}")
        if not second & MASKED:
            raise _wrong("a client's frames are masked")
        opcode, is_last = Opcode(number), bool(first & FIN)
        if opcode >= Opcode.CLOSE:
            if length > SHORT or not is_last:
                raise _wrong("a control frame is one frame of at most 125 bytes")
        elif opcode == Opcode.BINARY:
            raise Failed(CloseCode.UNSUPPORTED_DATA, "messages are text")
        elif (opcode == Opcode.CONTINUATION) != (self._parts is not None):
            raise _wrong("a message ends before another one begins")
        if length > SHORT:
            size = 2 if length == SHORT + 1 else 8
            if len(data) < begin + size:
                return None
            length = int.from_bytes(data[begin : begin + size], "big")
            begin += size
        if length + len(self._parts or b"") > self._max and opcode < Opcode.CLOSE:
            raise Failed(CloseCode.MESSAGE_TOO_BIG, f"message too long (limit {self._max} bytes)")
        begin += MASK
        return _Head(is_last, opcode, begin, begin + length)

    def _take(self, head: _Head, data: bytes) -> bytes | None:
        """Take in the data of a frame; returns a message if it ends one. Raises Failed."""
        if head.opcode >= Opcode.CLOSE:
            self._obey(head.opcode, data)
            return None
        try:
            if head.opcode == Opcode.TEXT and head.is_last:  # nearly always
                data.decode()
                return data
            if self._parts is None:
                self._parts, self._decoder = bytearray(), _decoder()
            self._decoder.decode(data, head.is_last)
        except UnicodeDecodeError:
            raise _no_text() from None
        self._parts += data
        if not head.is_last:
            return None
        message = bytes(self._parts)
        self._parts = self._decoder = None
        return message

    def _obey(self, opcode: Opcode, data: bytes) -> None:
        """Do what a control frame asks for. Raises Failed."""
        if opcode == Opcode.PING:
            self.replies += frame(data, Opcode.PONG)
        elif opcode == Opcode.CLOSE:
            if data:
                _check_close(data)
            self._end(frame(data[:2], Opcode.CLOSE))

    def _end(self, reply: bytes) -> None:
        self.replies += reply
        self.has_ended = True
        self._pending, self._parts, self._decoder = b"", None, None


def unmask(data: bytes | bytearray, mask: bytes | bytearray) -> bytes:
    """The `data` that was masked, or the other way round: each byte with one of the mask's four.

    As one large number: 100 bytes take half a microsecond, 64 KiB 30.
    """
    size = len(data)
    key = (bytes(mask) * (size // MASK + 1))[:size]
    number = int.from_bytes(data, "little") ^ int.from_bytes(key, "little")
    return number.to_bytes(size, "little")


def _check_close(data: bytes) -> None:
    """Raise Failed if `data` is nothing that a close frame may hold."""
    try:
        data[2:].decode()
    except UnicodeDecodeError:
        raise _no_text() from None
    if len(data) < 2 or int.from_bytes(data[:2], "big") not in CODES:
        raise _wrong("a close frame has a code that exists")


def _wrong(why: str) -> Failed:
    return Failed(CloseCode.PROTOCOL_ERROR, why)


def _no_text() -> Failed:
    return Failed(CloseCode.INVALID_DATA, "not UTF-8")
