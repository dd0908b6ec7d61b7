"""What a request is for: the server (`/`, `/ws`, `/healthz`, `/metrics`), a file of the web page
(`/web/chat.css`), or a room (`/ROOM/json`).
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from gchat.protocol.http_answers import Problem
from gchat.text.naming import NotAName, as_room

PAGES = ("", "healthz", "metrics", "ws")
"""What is about the server, and about no room."""

WEB = "web"
"""The folder with the files of the web page; a room of that name can be read and posted to."""

STREAMS = ("raw", "json", "sse")
"""How a room can be read."""

READING = ("GET", "HEAD")

MOST_FIELDS = 20
"""Fields of a query."""


class Route(NamedTuple):
    """What a request is for."""

    page: str
    """One of PAGES or WEB, if `room` is empty; else one of STREAMS, or nothing to speak there."""
    room: str
    query: Mapping[str, str]
    file: str = ""
    """The name of a file in WEB."""


def route(method: str, target: str) -> Route:
    """What `target` stands for. Raises Problem if it is nothing, or nothing for this `method`."""
    try:
        parts = urlsplit(target)
        fields = parse_qsl(
            parts.query, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
        room, _, page = unquote(parts.path, errors="strict").lstrip("/").partition("/")
    except ValueError:
        raise Problem(400, "The address of the request cannot be read", "bad address") from None
    query = dict(fields)
    if room in PAGES and not page:
        _check_method(method, READING, "This can only be read")
        return Route(room, "", query)
    if room == WEB and page not in ("", *STREAMS):
        _check_method(method, READING, "This can only be read")
        return Route(WEB, "", query, page)
    if page not in ("", *STREAMS):
        raise Problem(404, "There is nothing here; / says what there is", "no such address")
    try:
        name = as_room(room.removeprefix("#"))
    except NotAName as error:
        raise Problem(404, str(error), "not a room name") from None
    if page:
        _check_method(method, READING, "A room is written to at /ROOM")
    else:
        _check_method(method, ("POST",), "A room is read at /ROOM/raw, /ROOM/json and /ROOM/sse")
    return Route(page, name, query)


def wants_html(headers: Mapping[str, str]) -> bool:
    """Whether what asks is a browser, that shows pages: curl takes anything."""
    return "text/html" in headers.get("accept", "")


def _check_method(method: str, allowed: tuple[str, ...], why: str) -> None:
    if method not in allowed:
        allow = {"Allow": ", ".join([*allowed, "OPTIONS"])}
        status = 204 if method == "OPTIONS" else 405
        raise Problem(status, why, "wrong method", allow)
