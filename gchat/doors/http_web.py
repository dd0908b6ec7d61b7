"""The web page: files of the folder gchat/web, served from memory.

A browser keeps them, and asks each time whether they are still the same (ETag).
"""

import gzip
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import NamedTuple

from gchat import commands
from gchat.protocol.http_answers import JSON, Problem, answer
from gchat.protocol.http_requests import Request

FIRST = "index.html"

TITLE = "{{title}}"
"""What stands for the title in FIRST."""

COMMANDS = "commands.json"
"""The table of commands, which the page completes by: a file that is none."""

KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "json": JSON,
}
"""Files that are served, by the end of their names."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What the page may load: its own files. Text never becomes HTML in it."""

_QUALITY = re.compile(r"(?:q=(?:1(?:\.0*)?|0\.\d*[1-9]\d*))?")
"""How much a client wants a coding that it takes (RFC 9110, 12.4.2)."""

TAG = 16
"""Digits of a file's ETag."""


class _File(NamedTuple):
    kind: str
    data: bytes
    packed: bytes
    """The data, compressed with gzip."""
    tag: str


class Web:
    """The files of the page, which is called `title`."""

    def __init__(self, title: str) -> None:
        self._files = {name: _file(name, data) for name, data in _read(title)}

    def show(self, request: Request, name: str) -> bytes:
        """The answer to a request for the file of this `name`, or if it is empty, for the page.

        Raises Problem.
        """
        file = self._files.get(name or FIRST)
        if file is None:
            raise Problem(404, "There is nothing here; / says what there is", "no such address")
        headers = {
            "ETag": file.tag,
            "Cache-Control": "no-cache",
            "Vary": "Accept, Accept-Encoding",
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
        }
        if file.tag in request.headers.get("if-none-match", ""):
            return answer(304, b"", "", headers)
        data = file.data
        if _takes_gzip(request):
            data, headers["Content-Encoding"] = file.packed, "gzip"
        return answer(200, data, file.kind, headers, request.method)


def _takes_gzip(request: Request) -> bool:
    """Whether the client takes gzip: it may say that it does not, by a quality of 0."""
    for each in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, quality = each.partition(";")
        if coding.strip() == "gzip":
            return _QUALITY.fullmatch(quality.strip()) is not None
    return False


def _read(title: str) -> Iterator[tuple[str, bytes]]:
    """The files, and what is in them."""
    for file in files("gchat").joinpath("web").iterdir():
        if file.name.rpartition(".")[2] in KINDS:
            data = file.read_bytes()
            yield file.name, data.replace(TITLE.encode(), escape(title).encode("utf-8", "replace"))
    yield COMMANDS, json.dumps(_table()).encode()


def _table() -> list[dict[str, str | bool]]:
    return [
        {
            "name": each.name,
            "arguments": each.arguments,
            "summary": each.summary,
            "operators": each.operators_only,
        }
        for each in commands.TABLE.values()
    ]


def _file(name: str, data: bytes) -> _File:
    kind, tag = KINDS[name.rpartition(".")[2]], sha256(data).hexdigest()[:TAG]
    return _File(kind, data, gzip.compress(data, mtime=0), f'W/"{tag}"')
