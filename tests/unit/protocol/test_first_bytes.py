"""protocol.first_bytes: which protocol begins like that."""

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.protocol.first_bytes import (
    LONGEST_LINE,
    Protocol,
    is_request_begun,
    recognise,
    recognise_late_request,
)

HELLO = bytes.fromhex("1603010200010001fc0303")
BEGINNINGS = {
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n": Protocol.HTTP,
    b"GET / HTTP/1.0\n": Protocol.HTTP,
    b"OPTIONS * HTTP/1.1\r\n": Protocol.HTTP,
    b"CONNECT example.org:443 HTTP/1.1\r\n": Protocol.HTTP,
    b"GET http://example.org/ HTTP/1.1\r\n": Protocol.HTTP,
    b"brew /pot HTTP/1.1\r\n": Protocol.HTTP,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": Protocol.HTTP,
    b"POST /" + b"x" * 3 * LONGEST_LINE: Protocol.HTTP,
    HELLO: Protocol.TLS,
    b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n": Protocol.SSH,
    b"CAP LS\r\n": Protocol.IRC,
    b"CAP LS 302\r\nJOIN :\r\n": Protocol.IRC,
    b"CAP REQ :sasl message-tags\r\n": Protocol.IRC,
    b"CAP LIST\r\n": Protocol.IRC,
    b"CAP END\r\n": Protocol.IRC,
    b"PASS a\r\nNICK b\r\n": Protocol.IRC,
    b"PASS :a b\r\nCAP LS 302\r\n": Protocol.IRC,
    b"NICK a\r\nUSER a 0 * :A B\r\n": Protocol.IRC,
    b"USER a 0 * a\nNICK a\n": Protocol.IRC,
    b"GET lost\n": Protocol.CHAT,
    b"NICK is here\n": Protocol.CHAT,
    b"PASS the salt\n": Protocol.CHAT,
    b"NICK a\nhello\n": Protocol.CHAT,
    b"NICK a\nNICK b\n": Protocol.CHAT,
    b"USER ann logged in\nUSER bob logged in\n": Protocol.CHAT,
    b"cap ls 302\n": Protocol.CHAT,
    b"CAPITAL letters\n": Protocol.CHAT,
    b"CAP LS 302 of them\n": Protocol.CHAT,
    b"SSH-1.5-x\n": Protocol.CHAT,
    b"/nick ann\n": Protocol.CHAT,
    b"\nGET / HTTP/1.1\r\n": Protocol.CHAT,
    b" GET / HTTP/1.1\r\n": Protocol.CHAT,
    b"GET / HTTP/1.1 \r\n": Protocol.CHAT,
    b"it speaks HTTP/1.1\n": Protocol.CHAT,
    b"\x16\x03\x01\x50\x00\x01": Protocol.CHAT,
    b"\x16\x02": Protocol.CHAT,
    b"\xff\xfb\x1f": Protocol.CHAT,
    b"hello\n": Protocol.CHAT,
    b"x" * 3 * LONGEST_LINE: Protocol.CHAT,
}


@pytest.mark.parametrize("data", BEGINNINGS, ids=lambda data: repr(data[:30]))
def test_a_beginning_belongs_to_one_protocol_however_it_is_cut(data: bytes) -> None:
    verdict = BEGINNINGS[data]
    step = max(1, len(data) // 500)
    for length in range(0, len(data), step):
        assert recognise(data[:length]) in (None, verdict), data[:length]
    assert recognise(data) == verdict


def test_what_may_become_another_protocol_is_open() -> None:
    for data in (
        b"",
        b"G",
        b"GET /",
        b"GET / HTTP/1.1",
        b"\x16\x03",
        b"SSH-",
        b"NICK a\r\n",
        b"CA",
    ):
        assert recognise(data) is None, data


@given(st.binary(), st.binary())
def test_a_verdict_never_changes_when_more_comes(data: bytes, more: bytes) -> None:
    verdict = recognise(data)
    assert verdict is None or recognise(data + more) == verdict


@given(st.text("GETPOSNICKUSRA/ 012.:*\r\nHh", max_size=40), st.text(max_size=10))
def test_nor_does_it_of_what_looks_like_one(text: str, more: str) -> None:
    data = text.encode()
    verdict = recognise(data)
    assert verdict is None or recognise(data + more.encode()) == verdict


@given(st.binary(max_size=40).map(lambda data: data + b"\nhello\n"))
def test_two_lines_are_enough(data: bytes) -> None:
    assert recognise(data) is not None


LATE = {
    b"GET / HTTP/1.1\r\nHost: x\r\n": Protocol.HTTP,
    b"POST /x HTTP/1.1\r\nhost:x": Protocol.HTTP,
    b"GET /" + b"x" * LONGEST_LINE: Protocol.HTTP,
    b"GET / HTTP/1.1\r\n": None,
    b"GET / HTTP/1.1\r\nHo": None,
    b"GET /": None,
    b"GET / HTTP/1.1\n": Protocol.CHAT,
    b"GET / HTTP/1.1\r\nhello\r\n": Protocol.CHAT,
    b"GET / HTTP/1.1\nHost: x\n": Protocol.CHAT,
    b"GET lost\r\n": Protocol.CHAT,
    b"hello": Protocol.CHAT,
    b"CAP LS 302\r\n": Protocol.CHAT,
    b"": Protocol.CHAT,
}


@pytest.mark.parametrize("data", LATE, ids=lambda data: repr(data[:30]))
def test_of_one_who_was_silent_only_a_browsers_request_is_none_of_ours(data: bytes) -> None:
    assert recognise_late_request(data) == LATE[data]


def test_a_request_has_begun_when_its_target_has() -> None:
    begun = (b"GET /", b"POST /a/b?c", b"GET / ", b"GET / HTTP/1", b"GET / HTTP/1.1\r")
    assert all(map(is_request_begun, begun))
    assert not any(
        map(is_request_begun, (b"", b"GET", b"GET ", b"get lost", b"GET / \n", b"a /b c"))
    )


def test_it_takes_no_longer_for_each_byte_of_much() -> None:
    def seconds(size: int) -> float:
        data = b"GET /" + b"x" * size
        return min(timeit.repeat(lambda: recognise(data), number=10, repeat=5)) / size

    assert seconds(16_000) < 10 * seconds(1_600)
