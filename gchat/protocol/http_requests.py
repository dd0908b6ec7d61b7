"""The ear for HTTP: bytes in, one request or the reason why it is none out.

h11 reads the request; what is ambiguous is refused before that, since proxies and servers that
read it in different ways can be played off against each other (RFC 9112, 11.2): lines that end
without a return, folded headers, a Content-Length beside a Transfer-Encoding. One request is read
from each connection. Nothing here reads a socket, and what comes out does not depend on how the
bytes are cut.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import h11

from gchat.protocol.first_bytes import MOST_HEAD

MOST_BODY = 64 * 1024
"""Bytes of a body, as long as the longest line."""

MOST_CODED = 2 * MOST_BODY
"""Bytes of a body with what chunked encoding adds."""

MOST_CHUNKS = 4096
"""Chunks of a body: each takes 10 µs to read, however short it is (h11 0.16)."""

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
"""Methods that exist; all others are answered with 501."""

_UNCLEAR = re.compile(rb"(?<!\r)\n|\r[^\n]|\r\n[ \t]|\0")
_VERSION = re.compile(rb"\S+ \S+ HTTP/1\.[01]\r\n")
_END = b"\r\n\r\n"


class Request(NamedTuple):
    """A request, all of it."""

    method: str
    target: str
    headers: Mapping[str, str]
    """By their names in lower case; values of the same name are separated by `, `."""
    body: bytes


class Fault(NamedTuple):
    """Why a request is none: a status, and a sentence."""

    status: int
    why: str


class RequestEar:
    """Reads one request; holds at most MOST_HEAD and MOST_BODY bytes, and a packet."""

    def __init__(self) -> None:
        self.replies = b""
        """What the client waits for before it goes on, to be sent and cleared by the caller."""
        self._heard: Request | Fault | None = None
        self._head = bytearray()
        self._parser: h11.Connection | None = None
        self._begun = Request("", "", {}, b"")
        self._body = bytearray()
        self._coded = self._chunks = 0

    def feed(self, data: bytes) -> Request | Fault | None:
        """Take in `data`; the request when it is whole, or a fault; None until then.

        What follows a request is passed over.
        """
        if self._heard is None:
            self._heard = self._read_body(data) if self._parser else self._read_head(data)
        return self._heard

    def end(self) -> Request | Fault:
        """No more will come."""
        if self._heard is None:
            self._heard = Fault(400, "The request ended before it was whole")
        return self._heard

    def _read_head(self, data: bytes) -> Request | Fault | None:
        seen = max(0, len(self._head) - len(_END) + 1)
        self._head += data
        end = self._head.find(_END, seen, MOST_HEAD)
        stop = end + len(_END) if end >= 0 else MOST_HEAD
        if unclear := _UNCLEAR.search(self._head, seen, stop):
            return Fault(400, _what_is_unclear(bytes(unclear[0])))
        if end < 0:
            if len(self._head) < MOST_HEAD:
                return None
            if b"\n" not in self._head[:stop]:
                return Fault(414, f"The request line is too long (limit {MOST_HEAD} bytes)")
            return Fault(431, f"The headers are too long (limit {MOST_HEAD} bytes)")
        head, rest = bytes(self._head[:stop]), bytes(self._head[stop:])
        self._head.clear()
        if not _VERSION.match(head):
            return Fault(505, "This server speaks HTTP/1.1")
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_CODED)
        return self._begin(head) or self._read_body(rest)

    def _begin(self, head: bytes) -> Fault | None:
        """Read the head; returns a fault if there is one."""
        assert self._parser
        try:
            self._parser.receive_data(head)
            event = self._parser.next_event()
        except h11.RemoteProtocolError as error:
            return Fault(error.error_status_hint, f"Not an HTTP request: {error}")
        assert isinstance(event, h11.Request)
        headers = dict[str, str]()
        for name, value in event.headers:
            known, shown = name.decode("ascii"), value.decode("latin-1")
            headers[known] = f"{headers[known]}, {shown}" if known in headers else shown
        if "transfer-encoding" in headers and "content-length" in headers:
            return Fault(400, "A request has a Content-Length or a Transfer-Encoding, not both")
        if "transfer-encoding" in headers and event.http_version == b"1.0":
            return Fault(400, "HTTP/1.0 has no Transfer-Encoding")
        if int(headers.get("content-length", 0)) > MOST_BODY:
            return _BODY_TOO_LONG
        if headers.get("expect", "100-continue").lower() != "100-continue":
            return Fault(417, "Only 100-continue can be expected")
        method = event.method.decode("ascii")
        if method not in METHODS:
            return Fault(501, "There is no such method here")
        self._begun = Request(method, event.target.decode("latin-1"), headers, b"")
        return None

    def _read_body(self, data: bytes) -> Request | Fault | None:
        assert self._parser
        left = MOST_CODED - self._coded
        self._coded += len(data)
        try:
            if data:  # nothing would mean the end
                self._parser.receive_data(data[:left])
            while True:
                event = self._parser.next_event()
                if isinstance(event, h11.Data):
                    self._body += event.data
                    self._chunks += event.chunk_end  # chunk_start is lost if the packet ends there
                    if len(self._body) > MOST_BODY:
                        return _BODY_TOO_LONG
                    if self._chunks > MOST_CHUNKS:
                        return Fault(413, f"The body has too many chunks (limit {MOST_CHUNKS})")
                elif isinstance(event, h11.EndOfMessage):
                    return self._begun._replace(body=bytes(self._body))
                elif len(data) > left:
                    return _BODY_TOO_LONG
                else:
                    break
        except h11.RemoteProtocolError as error:
            return Fault(error.error_status_hint, "The body is not as its headers say")
        if self._parser.they_are_waiting_for_100_continue and not self.replies:
            self.replies = b"HTTP/1.1 100 Continue\r\n\r\n"
        return None


_BODY_TOO_LONG = Fault(413, f"The body is too long (limit {MOST_BODY} bytes)")


def _what_is_unclear(found: bytes) -> str:
    if found == b"\0":
        return "A request has no zero bytes in its headers"
    if found[-1:] in b" \t" and found[:2] == b"\r\n":
        return "Headers must not be folded"
    return "Each line of a request ends with a return and a line feed"
