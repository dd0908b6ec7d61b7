"""Answers of HTTP, all of which end their connection.

A stream has no length: it ends with its connection (RFC 9112, 6.3). Chunks would have to be put
around each of its events, for each client anew or as one more voice, and nothing would be won: no
further request is answered on a connection. That is so since people share the port: a connection
is one thing from its first bytes to its last.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
LINES = "application/x-ndjson"
EVENTS = "text/event-stream"
METRICS = "text/plain; version=0.0.4; charset=utf-8"

ALWAYS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
    "Connection": "close",
}
"""The headers of all answers; one may have others in place of some."""

NO_HEADERS: Mapping[str, str] = {}


class Problem(Exception):
    """Why a request is refused: a status, a sentence, and a reason in words that stay the same."""

    def __init__(
        self, status: int, why: str, reason: str = "", headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        super().__init__(why)
        self.status = status
        self.reason = reason or HTTPStatus(status).phrase.lower()
        self.headers = headers


def answer(
    status: int, body: bytes, kind: str, headers: Mapping[str, str] = NO_HEADERS, method: str = ""
) -> bytes:
    """An answer with a `body` of this `kind`, which HEAD is not sent."""
    has_length = status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
    length = {"Content-Length": str(len(body))} if has_length else {}
    head = _head(status, kind if body else "", {**length, **headers})
    return head if method == "HEAD" else head + body


def text(
    status: int, lines: str, method: str = "", headers: Mapping[str, str] = NO_HEADERS
) -> bytes:
    """An answer of text lines."""
    return answer(status, lines.encode(), TEXT, headers, method)


def json_answer(
    status: int,
    fields: Mapping[str, Any],
    method: str = "",
    headers: Mapping[str, str] = NO_HEADERS,
) -> bytes:
    """An answer that is a JSON object."""
    return answer(status, f"{json.dumps(fields)}\n".encode(), JSON, headers, method)


def stream(kind: str) -> bytes:
    """The beginning of an answer that goes on as long as its connection does."""
    return _head(HTTPStatus.OK, kind, {"X-Accel-Buffering": "no"})


def refusal(problem: Problem, method: str = "") -> bytes:
    """The answer to a request that is refused: JSON for what posts, text for the others."""
    if problem.status == HTTPStatus.NO_CONTENT:
        return answer(problem.status, b"", "", problem.headers)
    if method == "POST":
        fields = {"kind": "error", "reason": problem.reason, "text": str(problem)}
        return json_answer(problem.status, fields, method, problem.headers)
    return text(problem.status, f"{problem}\n", method, problem.headers)


def _head(status: int, kind: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {int(status)} {HTTPStatus(status).phrase}"]
    if kind:
        lines.append(f"Content-Type: {kind}")
    others = {name: value for name, value in ALWAYS.items() if name not in headers}
    lines += [f"{name}: {value}" for name, value in {**headers, **others}.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
