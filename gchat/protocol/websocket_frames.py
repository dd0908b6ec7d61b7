"""Frames of WebSocket (RFC 6455), as a server sends them: not masked, so clients can share them."""

from enum import IntEnum

SHORT = 125
"""Bytes of a frame whose length stands in the first two bytes, and of a control frame at most."""

REASON = SHORT - 2
"""Bytes of the reason in a close frame."""


class Opcode(IntEnum):
    """What a frame is."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class CloseCode(IntEnum):
    """Why a connection ends (RFC 6455, 7.4.1, and what IANA has added)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013


def frame(data: bytes, opcode: Opcode = Opcode.TEXT) -> bytes:
    """The frame that holds `data`, all of it."""
    size = len(data)
    if size <= SHORT:
        return b"%c%c%b" % (0x80 | opcode, size, data)
    if size < 1 << 16:
        return b"%c\x7e%b%b" % (0x80 | opcode, size.to_bytes(2, "big"), data)
    return b"%c\x7f%b%b" % (0x80 | opcode, size.to_bytes(8, "big"), data)


def close_frame(code: int, reason: str = "") -> bytes:
    """The frame that ends a connection; of a `reason` that is too long, the beginning is sent."""
    shown = reason.encode()[:REASON].decode("utf-8", "ignore").encode()
    return frame(code.to_bytes(2, "big") + shown, Opcode.CLOSE)
