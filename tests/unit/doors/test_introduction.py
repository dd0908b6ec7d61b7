"""doors.introduction: whom the connections of proxies stand for."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.doors import introduction
from gchat.doors.admission import Admission, Objection
from gchat.doors.introduction import Introductions
from gchat.doors.newcomer import Newcomer
from gchat.doors.opening import greet
from gchat.doors.reception import Reception
from gchat.hub.connection import Connection
from gchat.protocol.first_bytes import MOST_HEAD, Protocol
from gchat.text.addresses import network_of, parse_network
from tests.proxy_headers import LOCAL, binary, line
from tests.unit.peers import Company, Peer, connect, wait_until, within_deadline

PROXY, CLIENT = "10.0.0.1", "192.0.2.7"
REQUEST = b"POST /lobby HTTP/1.1\r\nHost: localhost\r\n"
FORWARDED = REQUEST + f"X-Forwarded-For: {CLIENT}\r\nContent-Length: 5\r\n\r\n".encode()


class Entrance:
    """Where proxies of the network 10.0.0.0/8 connect."""

    def __init__(self, company: Company) -> None:
        company.hub.settings.proxies = (parse_network("10.0.0.0/8"),)
        self.hub = company.hub
        self.admission = Admission(company.hub)
        self.reception = Reception(company.hub, self.admission)
        self.introductions = Introductions(self.reception)
        self._company = company
        self._ends: list[tuple[Connection, Peer]] = []
        self._greenlets: list[Any] = []
        self.introduced: list[tuple[Newcomer, Objection | None]] = []

    def connect(self, host: str = PROXY) -> tuple[Newcomer, Peer]:
        connection, peer = connect()
        self._ends.append((connection, peer))
        return Newcomer(connection, f"{host}:5000", network_of(host.strip("[]"))), peer

    def begin(self, data: bytes = b"") -> Peer:
        """Have a proxy's connection introduce itself, of which `data` has come."""
        newcomer, peer = self.connect()
        if data:
            peer.send(data)

        def introduce() -> None:
            self.introduced.append(self.introductions.introduce(newcomer))

        self._greenlets.append(self._company.start(introduce))
        gevent.sleep(0)
        return peer

    def introduce(self, *pieces: bytes, ended: bool = False) -> tuple[Newcomer, Objection | None]:
        """What becomes of a proxy's connection on which `pieces` come."""
        before, peer = len(self.introduced), self.begin()
        for piece in pieces:
            peer.send(piece)
            gevent.sleep(0.001)
        if ended:
            peer.end_input()
        wait_until(lambda: len(self.introduced) > before, "it is introduced")
        return self.introduced[-1]

    def close(self) -> None:
        gevent.killall(self._greenlets)
        for connection, peer in self._ends:
            connection.close()
            peer.close()
        self.admission._spare.close()


@pytest.fixture
def entrance(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entrance]:
    monkeypatch.setattr(introduction, "HEADER_TIME", 0.3)
    monkeypatch.setattr("gchat.doors.opening.QUIET_MOMENT", 0.02)
    entrance = Entrance(company)
    yield entrance
    entrance.close()


def test_only_proxies_introduce_themselves(entrance: Entrance) -> None:
    for host, is_due in ((PROXY, True), ("10.9.9.9", True), (CLIENT, False), ("::1", False)):
        newcomer, _ = entrance.connect(f"[{host}]" if ":" in host else host)
        assert entrance.introductions.are_due(newcomer) == is_due


@pytest.mark.parametrize("header", [line, binary])
@pytest.mark.parametrize("cut", [1, 5, 13, 27])
def test_a_header_names_the_client_and_leaves_what_it_sends(
    entrance: Entrance, header: Callable[[str], bytes], cut: int
) -> None:
    data = header(CLIENT) + b"hello\n"
    newcomer, objection = entrance.introduce(data[:cut], data[cut:])
    assert objection is None
    assert (newcomer.address, newcomer.network) == (f"{CLIENT}:4711", network_of(CLIENT))
    assert newcomer.begun == b"hello\n"
    greeting = greet(newcomer.connection, newcomer.begun)
    assert (greeting.protocol, greeting.data) == (Protocol.CHAT, b"hello\n")


def test_an_ipv6_client_counts_for_its_network(entrance: Entrance) -> None:
    newcomer, _ = entrance.introduce(line("2001:db8::7"))
    assert newcomer.address == "[2001:db8::7]:4711"
    assert str(newcomer.network) == "2001:db8::/64"


def test_what_a_client_speaks_is_recognised_behind_the_header(entrance: Entrance) -> None:
    newcomer, _ = entrance.introduce(binary(CLIENT) + b"GET / HTTP/1.1\r\n")
    assert greet(newcomer.connection, newcomer.begun).protocol == Protocol.HTTP


def test_a_proxy_that_speaks_for_itself_has_its_own_address(entrance: Entrance) -> None:
    for header in (LOCAL, b"PROXY UNKNOWN\r\n"):
        newcomer, objection = entrance.introduce(header)
        assert (newcomer.address, objection) == (f"{PROXY}:5000", None)


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([b"hello\n"], "there is none"),
        ([b"hel", b"lo\n"], "there is none"),
        ([b"PROXY TCP4 192.0.2.7\r\n"], "not as the protocol has it"),
        ([b"PROXY TCP4 192.0.2.7 "], "no whole header came within"),
        ([], "no whole header came within"),
        ([line(CLIENT)[:-1]], "no whole header came within"),
        ([b"\x16\x03\x01\x02\x00\x01"], "there is none"),
        ([REQUEST + b"\r\n"], "the request has no X-Forwarded-For"),
        ([b"P", REQUEST[1:] + b"X-Forwarded-For: unknown\r\n\r\n"], "no address where"),
        ([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], "the request has no X-Forwarded-For"),
        ([REQUEST + b"X: " + b"x" * MOST_HEAD], "the request has no X-Forwarded-For"),
    ],
)
def test_a_proxy_that_does_not_say_for_whom_is_refused(
    entrance: Entrance, pieces: list[bytes], why: str
) -> None:
    newcomer, objection = entrance.introduce(*pieces)
    assert objection is not None
    assert why in objection
    assert objection.reason == "proxy"
    assert newcomer.address == f"{PROXY}:5000"
    if pieces and b"HTTP" in pieces[-1]:  # so that it is refused in its language
        assert greet(newcomer.connection, newcomer.begun).protocol == Protocol.HTTP


def test_an_input_that_ends_without_a_header_is_refused(entrance: Entrance) -> None:
    for data in (b"PROXY TCP4 192", REQUEST):
        _, objection = entrance.introduce(data, ended=True)
        assert objection is not None


def test_one_that_ends_without_a_byte_is_no_more_than_a_check_of_the_port(
    entrance: Entrance,
) -> None:
    newcomer, peer = entrance.connect()
    peer.close()
    with pytest.raises(ConnectionAbortedError):
        entrance.introductions.introduce(newcomer)


@given(cuts=st.lists(st.integers(1, len(FORWARDED) - 1), max_size=4, unique=True).map(sorted))
@settings(max_examples=20, deadline=None)
def test_a_request_is_for_whom_its_proxy_says_however_it_is_cut(cuts: list[int]) -> None:
    with Company() as company:
        entrance = Entrance(company)
        try:
            edges = [0, *cuts, len(FORWARDED)]
            pieces = [FORWARDED[start:end] for start, end in pairwise(edges)]
            newcomer, objection = entrance.introduce(*pieces)
            assert (newcomer.address, objection) == (f"{CLIENT}:5000", None)
            assert newcomer.network == network_of(CLIENT)
            assert newcomer.begun == FORWARDED
        finally:
            entrance.close()


def test_a_request_behind_a_header_is_for_whom_the_header_says(entrance: Entrance) -> None:
    newcomer, _ = entrance.introduce(line("192.0.2.9") + FORWARDED)
    assert newcomer.address == "192.0.2.9:4711"
    assert newcomer.begun == FORWARDED


def test_a_health_check_needs_neither(entrance: Entrance) -> None:
    newcomer, objection = entrance.introduce(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (newcomer.address, objection) == (f"{PROXY}:5000", None)


def test_half_headers_keep_nobody_out_and_take_no_slot(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(introduction, "MOST_UNKNOWN", 5)
    monkeypatch.setattr(introduction, "HEADER_TIME", 300.0)
    for _ in range(20):
        entrance.begin(b"PROXY TCP4 ")
        newcomer, objection = entrance.introduce(line(CLIENT))
        assert (newcomer.host, objection) == (CLIENT, None)
    assert len(entrance.introductions._unknown) <= 5
    assert entrance.hub.slots.total == 0
    refused = [objection for _, objection in entrance.introduced if objection]
    assert len(refused) >= 15
    assert {objection.reason for objection in refused} == {"proxy"}


def test_one_that_is_introduced_when_it_was_to_be_refused_is_not_refused_later(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(introduction, "MOST_UNKNOWN", 1)
    first = entrance.begin()
    first.send(line(CLIENT))  # it has come when the next one needs the place
    newcomer, second = entrance.connect()
    second.send(line(CLIENT, 4712))
    entrance.introduced.append(entrance.introductions.introduce(newcomer))
    with within_deadline("both are introduced"):
        while len(entrance.introduced) < 2:
            gevent.sleep(0.001)
    gevent.sleep(0.01)
    for _, objection in entrance.introduced:
        assert objection is None or objection.reason == "proxy"
    assert not entrance.introductions._unknown


def test_who_waits_for_a_header_is_told_that_the_server_ends(entrance: Entrance) -> None:
    entrance.begin(b"PROXY ")
    entrance.hub.shutdown.ask("a new version")
    entrance.reception.turn_away_strangers()
    wait_until(lambda: entrance.introduced, "it is told")
    objection = entrance.introduced[0][1]
    assert objection is not None
    assert (objection.reason, objection) == ("closing", "The server is going down: a new version")
