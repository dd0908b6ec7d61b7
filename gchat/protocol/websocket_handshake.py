"""The handshake of WebSocket: an HTTP request that asks for it, and the answer (RFC 6455, 4.2)."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha1

from gchat.protocol.http_answers import Problem
from gchat.protocol.http_requests import Request

SUBPROTOCOL = "gchat.v1.json"
"""What is spoken: JSON objects (json_lines, version 1), one in each message."""

VERSION = "13"
"""Of WebSocket, the only one that there is."""

KEY = 16
"""Bytes that a client makes up for each handshake."""

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What shows that the answer is one to a handshake (RFC 6455, 1.3)."""


def check_handshake(request: Request) -> None:
    """Raise Problem if `request` does not ask for WebSocket, as it has to be asked for."""
    headers = request.headers
    if "websocket" not in _words(headers, "upgrade") or "upgrade" not in _words(
        headers, "connection"
    ):
        needed = {"Upgrade": "websocket"}
        raise Problem(426, "This address is for WebSocket", "no WebSocket", needed)
    if headers.get("sec-websocket-version") != VERSION:
        known = {"Sec-WebSocket-Version": VERSION}
        raise Problem(426, f"WebSocket is taken in version {VERSION}", "other version", known)
    try:
        key = b64decode(headers.get("sec-websocket-key", ""), validate=True)
    except ValueError:  # also for what is not ASCII
        key = b""
    if len(key) != KEY:
        raise Problem(400, "Sec-WebSocket-Key is 16 bytes in Base64", "no WebSocket")
    offered = _words(headers, "sec-websocket-protocol")
    if offered and SUBPROTOCOL not in offered:
        raise Problem(400, f"The subprotocol here is {SUBPROTOCOL}", "other subprotocol")


def accept(request: Request) -> bytes:
    """The answer to a `request` that `check_handshake` has found right; frames follow.

    Extensions are declined: compressed, a client would take 97 KiB, and none could share bytes.
    """
    key = request.headers["sec-websocket-key"].encode() + GUID
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {b64encode(sha1(key, usedforsecurity=False).digest()).decode()}",
    ]
    if "sec-websocket-protocol" in request.headers:
        lines.append(f"Sec-WebSocket-Protocol: {SUBPROTOCOL}")
    return "\r\n".join([*lines, "", ""]).encode()


def _words(headers: Mapping[str, str], name: str) -> set[str]:
    """The words of a header, in lower case."""
    return {word.strip().lower() for word in headers.get(name, "").split(",")} - {""}
