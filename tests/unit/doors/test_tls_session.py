"""A client inside TLS in a room: it gets all that it is to get, also if it reads slowly."""

import ssl

import gevent
import pytest

from gchat.doors.opening import greet, open_lines
from gchat.doors.session import Session
from gchat.doors.tls_connection import TlsConnection
from gchat.protocol.framing import LineFramer
from tests.unit.doors.tls_peer import TlsPeer
from tests.unit.peers import Company, connect, wait_until, within_deadline

LINES = 290
"""Two records, the second one nearly as long as the first."""


@pytest.fixture
def slow(company: Company, server_context: ssl.SSLContext) -> TlsPeer:
    """A program inside TLS whose kernel takes little; it is `peer.client`'s."""
    inside = TlsPeer(server_context, pair=lambda: connect(send_buffer=4096), behind=b"\n")
    company.peers.append(inside.peer)

    def run() -> None:
        framer = LineFramer(1000)
        inside.peer.client = company._client(inside.connection)
        opening = open_lines(inside.connection, framer, greet(inside.connection))
        Session(company.hub, inside.peer.client, framer, opening).run()

    company.start(run)
    wait_until(lambda: hasattr(inside.peer, "client"), "there is a client")
    wait_until(lambda: inside.peer.client.until is None, "it listens")
    return inside


def read_slowly(inside: TlsPeer) -> list[bytes]:
    """All lines until the end of the connection, which must be told in TLS."""
    heard = b""
    with within_deadline("the connection ends"):
        while portion := inside.peer.socket.recv(1000):
            heard += inside.client.decrypt(portion)
            gevent.sleep(0.01)
    assert inside.client.tls.read() == b""
    return heard.splitlines()


def test_who_leaves_gets_all_that_was_said_before(
    company: Company, slow: TlsPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, pending = TlsConnection.finish, list[int]()

    def note_and_finish(connection: TlsConnection) -> None:
        pending.append(connection.pending)
        finish(connection)

    monkeypatch.setattr(TlsConnection, "finish", note_and_finish)
    bob = company.join("bob")
    texts = [f"{number} {'x' * 100}" for number in range(LINES)]
    company.say(bob, *texts)
    wait_until(lambda: slow.connection.pending, "its kernel takes no more")
    slow.say(b"/quit\n")
    wait_until(lambda: slow.peer.client.number not in company.room.clients, "it has left")
    assert read_slowly(slow) == [f"bob: {text}".encode() for text in texts]
    assert pending == [0]  # for what is left then it has little time


def test_one_that_does_not_read_delays_nobody_and_is_in_a_cohort_again_later(
    company: Company, slow: TlsPeer
) -> None:
    bob, cy = company.join("bob"), company.join("cy")
    texts = [f"{number} {'x' * 100}" for number in range(LINES)]
    company.say(bob, *texts)
    assert cy.read_lines(LINES) == [f"bob: {text}" for text in texts]
    company.say(bob, "the last one")
    heard = b""
    while b"the last one\n" not in heard:
        heard += slow.hear(1)
    assert heard.count(b"\n") == LINES + 1
    wait_until(lambda: slow.peer.client.cohort, "it is in a cohort")
    assert cy.client.cohort is not slow.peer.client.cohort
    company.say(bob, "one more")
    assert slow.hear(1) == b"bob: one more\n"
