"""doors.session: how a client leaves, and what it is still sent."""

import logging
import os

import pytest

from gchat.doors import dialects, visit
from gchat.hub import membership
from tests.unit.bursts import SMALL
from tests.unit.doors.session_peers import behind, person, wait_until_gone
from tests.unit.peers import Company, Peer, wait_until

pytestmark = pytest.mark.usefixtures("quick")


def slow_leaver(company: Company, talker: Peer) -> Peer:
    """Somebody who has left, and has not read 2,000 lines of `talker`'s."""
    peer = behind(company, talker)
    peer.end_input()
    wait_until(lambda: peer.client.number not in company.room.clients, "it has left")
    return peer


def test_what_was_begun_is_said_at_the_end_of_input_and_what_is_owed_is_sent(
    company: Company, listener: Peer
) -> None:
    peer = company.converse(b"/who\nlast words")
    peer.end_input()
    assert listener.read_lines(1) == [f"{peer.client.address}: last words"]
    received = peer.read_to_end()
    assert received.startswith(b" * #lobby, 2 here: ")
    wait_until_gone(company, peer)
    assert peer.client.lost == "closed"


def test_a_slow_reader_that_ends_its_input_gets_everything_first(
    company: Company, listener: Peer
) -> None:
    peer = slow_leaver(company, listener)
    assert peer.read_to_end().count(b"\n") == 2000
    wait_until_gone(company, peer)


def test_who_has_left_and_still_reads_gets_everything_when_the_server_ends(
    company: Company, listener: Peer
) -> None:
    peer = slow_leaver(company, listener)
    peer.client.dismiss("The server is going down")
    assert peer.read_to_end().count(b"\n") == 2000


def test_one_who_vanishes_while_leaving_is_no_error(company: Company, listener: Peer) -> None:
    peer = slow_leaver(company, listener)
    membership.lose(company.hub, peer.client, "vanished")  # which lets it end by itself
    peer.client.dismiss("vanished")
    wait_until_gone(company, peer)


def test_one_who_leaves_and_takes_nothing_is_given_up_and_that_is_logged(
    company: Company,
    listener: Peer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(visit, "PATIENCE", 0.05)
    peer = company.program(SMALL)
    company.say(listener, *(f"{number:0100}" for number in range(2000)))
    wait_until(lambda: peer.client.connection.blocked, "its socket is full")
    peer.end_input()
    wait_until_gone(company, peer)
    assert any("give up" in message for message in caplog.messages)


def test_quit_says_goodbye_and_ends_the_connection(company: Company) -> None:
    peer = company.converse(b"/quit\nnever said\n")
    assert peer.read_to_end() == b""
    peer.close()
    wait_until_gone(company, peer)
    assert [m.text for m in company.room.log.after(company.room.log.start.id, 10)] == []


def test_who_is_dismissed_gets_what_is_owed(company: Company, listener: Peer) -> None:
    peer = company.program(SMALL)
    company.say(listener, *(f"{number:0100}" for number in range(2000)))
    wait_until(lambda: peer.client.connection.blocked, "its socket is full")
    company.hub.tell(peer.client, "The server is going down")
    peer.client.dismiss("The server is going down")
    received = peer.read_to_end().decode().splitlines()
    assert len(received) == 2001
    assert received[-1] == " * The server is going down"


def test_a_connection_that_breaks_leaves_nothing_behind(
    company: Company, listener: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    peer = person(company)
    listener.read_until("joined")
    descriptor = peer.client.connection._socket.fileno()
    company.say(listener, "never read: so closing resets it")
    wait_until(lambda: peer.client.cursor == company.room.log.end, "it is sent")
    peer.close()
    assert listener.read_until("left") == [f" * {peer.client.address} left"]
    wait_until_gone(company, peer)
    assert peer.client.number not in company.room.visits
    assert peer.client.number not in company.room.listeners
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(descriptor)
    assert "reset" in caplog.messages[-1]


def test_of_one_whose_connection_the_broadcaster_found_broken_no_half_line_is_said(
    company: Company, listener: Peer
) -> None:
    peer = person(company)
    listener.read_until("joined")
    peer.send(b"whole\nhalf")
    assert listener.read_lines(1) == [f"{peer.client.address}: whole"]
    membership.lose(company.hub, peer.client, "Connection reset by peer")
    peer.close()
    assert listener.read_lines(1) == [f" * {peer.client.address} left"]
    wait_until_gone(company, peer)


def test_a_mistake_of_ours_ends_one_client_and_leaves_nothing_behind(
    company: Company, greenlet_errors: list[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = company.program()
    monkeypatch.setattr(dialects, "plain_lines", None)
    peer.send(b"something\n")
    peer.read_to_end()
    peer.close()
    wait_until_gone(company, peer)
    assert isinstance(greenlet_errors.pop(), TypeError)
