"""protocol.http_requests: one request out of bytes, however these are cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.protocol.first_bytes import MOST_HEAD
from gchat.protocol.http_requests import (
    MOST_BODY,
    MOST_CHUNKS,
    MOST_CODED,
    Fault,
    Request,
    RequestEar,
)

HOST = b"Host: x\r\n"


def hear(*pieces: bytes, is_over: bool = True) -> Request | Fault | None:
    """What comes of these packets."""
    ear = RequestEar()
    heard = None
    for piece in pieces:
        heard = ear.feed(piece)
    return ear.end() if is_over else heard


def status(*pieces: bytes) -> int:
    """What the packets are refused with."""
    heard = hear(*pieces)
    assert isinstance(heard, Fault), heard
    return heard.status


def posted(length: int, body: bytes) -> bytes:
    return b"POST /lobby HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n%b" % (HOST, length, body)


def chunked(*lines: bytes) -> bytes:
    return b"POST /lobby HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n%b" % (
        HOST,
        b"\r\n".join(lines),
    )


RIGHT = {
    b"GET / HTTP/1.1\r\n" + HOST + b"\r\n": Request("GET", "/", {"host": "x"}, b""),
    b"GET /a?b=c HTTP/1.0\r\n\r\n": Request("GET", "/a?b=c", {}, b""),
    b"GET / HTTP/1.1\r\nhost: x\r\nA: 1\r\na: 2\r\n\r\n": Request(
        "GET", "/", {"host": "x", "a": "1, 2"}, b""
    ),
    posted(5, b"a\nb\r\nGET / HTTP/1.1\r\n\r\n"): Request(
        "POST", "/lobby", {"host": "x", "content-length": "5"}, b"a\nb\r\n"
    ),
    chunked(b"2", b"a\n", b"1;x=y", b"b", b"0", b"", b""): Request(
        "POST", "/lobby", {"host": "x", "transfer-encoding": "chunked"}, b"a\nb"
    ),
}


@pytest.mark.parametrize("data", RIGHT)
def test_a_request_is_read(data: bytes) -> None:
    assert hear(data) == hear(data, is_over=False) == RIGHT[data]


BOTH = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
WRONG = {
    b"GET / HTTP/1.1\n" + HOST + b"\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: x\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: x\r\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n\tc\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: \0\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n": 400,
    b"GET / HTTP/3.0\r\n\r\n": 505,
    b"POST / HTTP/1.1\r\n" + HOST + BOTH + b"\r\n0\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n123456": 400,
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5, 6\r\n\r\n123456": 400,
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\n12345": 400,
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n\r\n12345": 400,
    b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n": 501,
    b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n": 501,
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\n" + HOST + b"Expect: tea\r\n\r\n": 417,
    b"TEA / HTTP/1.1\r\n" + HOST + b"\r\n": 501,
    chunked(b"2", b"abc", b"0", b"", b""): 400,
    chunked(b"x", b"", b""): 400,
    posted(6, b"12345"): 400,
    b"GET / HTTP/1.1\r\n" + HOST: 400,
    posted(MOST_BODY + 1, b""): 413,
    chunked(b"%x" % (MOST_BODY + 1), b"a" * (MOST_BODY + 1), b"0", b"", b""): 413,
    chunked(*[b"1", b"a"] * (MOST_CHUNKS + 1), b"0", b"", b""): 413,
    chunked(b"1;" + b"a" * MOST_CODED): 413,
    b"GET / HTTP/1.1\r\nA: " + b"a" * MOST_HEAD: 431,
    b"GET /" + b"a" * MOST_HEAD: 414,
}


@pytest.mark.parametrize("data", WRONG, ids=lambda data: repr(data[:60]))
def test_what_is_no_request_is_refused_with_its_status(data: bytes) -> None:
    assert status(data) == WRONG[data]


@pytest.mark.parametrize("data", [*RIGHT, *WRONG], ids=lambda data: repr(data[:60]))
def test_it_is_the_same_byte_by_byte(data: bytes) -> None:
    data = data[: 2 * MOST_HEAD]
    assert hear(*(data[at : at + 1] for at in range(len(data)))) == hear(data)


KNOWN = [*RIGHT, *WRONG]


@settings(deadline=None)  # some are long
@given(st.integers(0, len(KNOWN) - 1), st.lists(st.integers(0, 70_000)))
def test_it_is_the_same_however_the_bytes_are_cut(which: int, cuts: list[int]) -> None:
    data = KNOWN[which]
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[first:last] for first, last in pairwise(places)]
    assert hear(*pieces) == hear(data)


@given(
    st.lists(
        st.sampled_from(
            [b"GET", b" ", b"/", b"HTTP/1.1", b"\r\n", b"\n", b"\r", b"Host: x", b":", b"\0", b"a"]
        )
    ),
    st.lists(st.integers(0, 60)),
)
def test_neither_does_the_fault_of_rubbish_depend_on_it(
    parts: list[bytes], cuts: list[int]
) -> None:
    data = b"GET / HTTP/1.1\r\n" + b"".join(parts)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[first:last] for first, last in pairwise(places)]
    assert hear(*pieces) == hear(data)


def test_what_follows_a_request_changes_nothing() -> None:
    ear = RequestEar()
    first = ear.feed(b"GET / HTTP/1.0\r\n\r\n")
    assert ear.feed(b"GET /other HTTP/1.0\r\n\r\n") == ear.end() == first


def test_who_waits_for_100_continue_is_told_to_go_on() -> None:
    ear = RequestEar()
    head, _, _ = posted(1, b"").partition(b"\r\n\r\n")
    assert ear.feed(head + b"\r\nExpect: 100-continue\r\n\r\n") is None
    assert ear.replies == b"HTTP/1.1 100 Continue\r\n\r\n"
    heard = ear.feed(b"a")
    assert isinstance(heard, Request)
    assert heard.body == b"a"
