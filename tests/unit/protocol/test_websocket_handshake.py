"""protocol.websocket_handshake: which requests ask for WebSocket, and the answer."""

import pytest

from gchat.protocol.http_answers import Problem
from gchat.protocol.http_requests import Request
from gchat.protocol.websocket_handshake import accept, check_handshake

HEADERS = {
    "host": "localhost",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
}
"""Those of the example in RFC 6455, 1.3."""


def request(**headers: str | None) -> Request:
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    merged = {**HEADERS, **changed}
    return Request("GET", "/ws", {name: value for name, value in merged.items() if value}, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"connection": "keep-alive, Upgrade"},
        {"upgrade": "WebSocket", "connection": "upgrade"},
        {"sec_websocket_protocol": "gchat.v1.json"},
        {"sec_websocket_protocol": "chat, gchat.v1.json"},
        {"sec_websocket_extensions": "permessage-deflate; client_max_window_bits"},
    ],
)
def test_it_is_taken(headers: dict[str, str]) -> None:
    asked = request(**headers)
    check_handshake(asked)
    status, *lines = accept(asked).decode().split("\r\n")
    assert status == "HTTP/1.1 101 Switching Protocols"
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
    assert lines[-2:] == ["", ""]
    spoken = "Sec-WebSocket-Protocol: gchat.v1.json" in lines
    assert spoken == ("sec_websocket_protocol" in headers)
    assert not any("extensions" in line.lower() for line in lines)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"upgrade": None}, 426),
        ({"upgrade": "h2c"}, 426),
        ({"connection": None}, 426),
        ({"connection": "close"}, 426),
        ({"sec_websocket_version": None}, 426),
        ({"sec_websocket_version": "8"}, 426),
        ({"sec_websocket_key": None}, 400),
        ({"sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ"}, 400),
        ({"sec_websocket_key": "c2hvcnQ="}, 400),
        ({"sec_websocket_key": "dGhlIHNhbXBsZSBub25j\xe9Q=="}, 400),
        ({"sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="}, 400),
        ({"sec_websocket_protocol": "chat"}, 400),
    ],
)
def test_it_is_refused(headers: dict[str, str | None], status: int) -> None:
    with pytest.raises(Problem) as refused:
        check_handshake(request(**headers))
    assert refused.value.status == status
    if status == 426:
        assert refused.value.headers
