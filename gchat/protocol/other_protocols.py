"""Answers to clients of other protocols, in their own language: how to join with nc."""

from gchat.protocol.first_bytes import LONGEST_LINE, Protocol

ALERT = bytes((21, 3, 1, 0, 2, 2, 40))
"""TLS: a fatal alert, handshake_failure (RFC 8446, 6.2). It cannot carry a text."""

DISCONNECT, SERVICE_NOT_AVAILABLE = 1, 7
"""SSH: the number of a message and of its reason (RFC 4253, 11.1)."""

SSH_BLOCK = 8
"""SSH: the length of an unencrypted packet is a multiple of this, in bytes (RFC 4253, 6)."""

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>gchat</title>
<p>This is gchat, a chat server. It does not speak HTTP: your request was not sent to any room.
{hint}<p>To join, type this in a terminal:
<pre>{join}</pre>
<p>To send a text that begins like an HTTP request, send an empty line first.
"""


def answer(protocol: Protocol, data: bytes, join: str, hint: str = "") -> bytes:
    """Return the last bytes for a client of `protocol`; empty for a chat client.

    `data` is the beginning of its input. `join` is the command that joins the chat; `hint` is
    what the administrator can do about it, if that is anything.
    """
    match protocol:
        case Protocol.HTTP:
            return _http(data, join, hint)
        case Protocol.TLS:
            return ALERT
        case Protocol.SSH:
            return _ssh(f"This is gchat, a chat server, not an SSH server. To join: {join}")
        case Protocol.IRC:
            return f"ERROR :This is gchat, not an IRC server. To join: {join}\r\n".encode()
        case Protocol.CHAT:
            return b""


def _http(request: bytes, join: str, hint: str) -> bytes:
    if request.startswith(b"PRI "):
        status = "505 HTTP Version Not Supported"
    elif b"\n" not in request[:LONGEST_LINE]:
        status = "414 URI Too Long"
    else:
        status = "404 Not Found"
    page = _PAGE.format(join=join, hint=f"<p>{hint}\n" if hint else "").encode()
    headers = (
        f"HTTP/1.1 {status}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(page)}\r\n"
        "Content-Security-Policy: default-src 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n"
        "\r\n"
    )
    return headers.encode() + (b"" if request.startswith(b"HEAD ") else page)


def _ssh(why: str) -> bytes:
    """Return a line for people, the version line, and a packet that disconnects with `why`.

    A server may send lines before its version (RFC 4253, 4.2); ssh shows the text of the packet.
    """
    text = why.encode()
    payload = bytes((DISCONNECT,)) + _number(SERVICE_NOT_AVAILABLE) + _number(len(text)) + text
    payload += _number(0)  # the language tag of the text: empty
    padding = SSH_BLOCK - (5 + len(payload)) % SSH_BLOCK
    padding += SSH_BLOCK if padding < 4 else 0
    packet = _number(1 + len(payload) + padding) + bytes((padding,)) + payload + bytes(padding)
    return text + b"\r\nSSH-2.0-gchat\r\n" + packet


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")
