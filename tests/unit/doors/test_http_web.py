"""doors.http_web: the files of the page, compressed once, and how large they are."""

import gzip
from collections.abc import Callable
from email.message import Message
from email.parser import BytesHeaderParser
from importlib.resources import files

import pytest

from gchat.doors.http_web import Web
from gchat.protocol.http_requests import Request

LARGEST = 60_000
"""Bytes of the page as it is sent, without the code that makes QR codes."""

NAMES = ["", "main.js", "chat.css", "icon.svg", "commands.json"]

Show = Callable[..., tuple[Message, bytes]]


@pytest.fixture(scope="module")
def show() -> Show:
    """Asks for a file, with header fields; returns the head and the body of the answer."""
    web = Web("gchat")

    def show_it(name: str, method: str = "GET", **fields: str) -> tuple[Message, bytes]:
        headers = {field.replace("_", "-"): value for field, value in fields.items()}
        shown = web.show(Request(method, f"/web/{name}", headers, b""), name)
        head, _, body = shown.partition(b"\r\n\r\n")
        status, _, rest = head.partition(b"\r\n")
        parsed = BytesHeaderParser().parsebytes(rest)
        parsed["status"] = status.split()[1].decode()
        return parsed, body

    return show_it


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_sent_compressed_to_whom_takes_that(show: Show, name: str) -> None:
    head, plain = show(name)
    assert (head["Content-Encoding"], head["Content-Length"]) == (None, str(len(plain)))
    packed_head, packed = show(name, accept_encoding="gzip, deflate, br")
    assert packed_head["Content-Encoding"] == "gzip"
    assert packed_head["Content-Length"] == str(len(packed))
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain)
    assert packed_head["ETag"] == head["ETag"]
    assert "Accept-Encoding" in head["Vary"]
    assert head["Vary"] == packed_head["Vary"]
    assert show(name, "HEAD", accept_encoding="gzip")[1] == b""


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("br, GZIP", True),
        ("gzip;q=0.5", True),
        ("gzip ; q=1", True),
        ("", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("gzip;q=nonsense", False),
        ("notgzip, xgzip", False),
    ],
)
def test_who_takes_gzip(show: Show, accepted: str, is_packed: bool) -> None:
    head, _ = show("main.js", accept_encoding=accepted)
    assert (head["Content-Encoding"] == "gzip") == is_packed


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_what_the_browser_has_is_not_sent_again(show: Show, coding: str) -> None:
    tag = show("chat.css")[0]["ETag"]
    for given in (tag, f'"other", {tag}'):
        head, body = show("chat.css", if_none_match=given, accept_encoding=coding)
        assert (head["status"], body) == ("304", b"")
        assert head["ETag"] == tag
        assert "Accept-Encoding" in head["Vary"]
    assert show("chat.css", if_none_match='W/"other"')[0]["status"] == "200"


def test_files_are_compressed_once(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gzip, "compress", None)  # a class asks for all of them at once
    for name in NAMES:
        assert show(name, accept_encoding="gzip")[0]["status"] == "200"


def test_the_page_is_small(show: Show) -> None:
    names = [file.name for file in files("gchat").joinpath("web").iterdir()]
    sizes = {name: len(show(name, accept_encoding="gzip")[1]) for name in names}
    assert len(sizes) > 15
    assert sum(sizes.values()) - sizes["qr.js"] < LARGEST
