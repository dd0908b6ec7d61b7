"""chat.admission: who is let in, and how the others are turned away."""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent.socket import socket as GeventSocket  # noqa: N812 - it is a class

from chat import admission
from chat.admission import Admission
from tests.unit.peers import Company, Peer, wait_until

ADDRESS = ("127.0.0.1", 53412)


@pytest.fixture
def door(company: Company) -> Iterator[Admission]:
    """Lets two in."""
    door = Admission(company.hub, 2)
    yield door
    door._spare.close()


@pytest.fixture
def newcomer() -> Iterator[tuple[GeventSocket, Peer]]:
    """Both ends of a new connection."""
    ours, theirs = socket.socketpair()
    connection, peer = GeventSocket(fileno=ours.detach()), Peer(theirs)
    yield connection, peer
    connection.close()
    peer.close()


def test_nobody_is_objected_to_while_there_is_a_place(company: Company, door: Admission) -> None:
    company.join()
    assert door.objection() is None
    company.join()
    assert "all 2 places are taken" in (door.objection() or "")


def test_nobody_is_let_in_any_more_when_the_server_is_going_down(
    company: Company, door: Admission
) -> None:
    company.hub.closing = True
    assert door.objection() == "the server is going down"


def test_a_place_is_free_again_when_a_client_is_gone(company: Company, door: Admission) -> None:
    client = company.join().client
    company.join()
    company.hub.part(client, "test")
    assert door.objection()  # it still has its descriptor
    company.hub.remove(client)
    assert door.objection() is None


def test_who_is_turned_away_learns_why_and_is_ended(
    door: Admission, newcomer: tuple[GeventSocket, Peer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    connection, peer = newcomer
    turning_away = gevent.spawn(door.turn_away, connection, ADDRESS, "no reason")
    assert peer.read_to_end() == b" * no reason\n"
    peer.close()
    turning_away.get(timeout=10)
    assert caplog.messages == ["refuse 127.0.0.1:53412: no reason"]


def test_who_is_turned_away_does_not_stay(
    door: Admission, newcomer: tuple[GeventSocket, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "LINGER", 0.01)
    connection, peer = newcomer
    peer.send(b"but I want to\n")
    gevent.spawn(door.turn_away, connection, ADDRESS, "no reason").get(timeout=10)
    assert peer.read_to_end() == b" * no reason\n"


def test_only_so_many_linger(
    door: Admission, newcomer: tuple[GeventSocket, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_LINGERING", 1)
    monkeypatch.setattr(admission, "LINGER", 60.0)
    connection, peer = newcomer
    lingering = gevent.spawn(door.turn_away, connection, ADDRESS, "no reason")
    wait_until(lambda: door._lingering == 1, "it lingers")
    ours, theirs = socket.socketpair()
    with theirs, GeventSocket(fileno=ours.detach()) as other:
        gevent.spawn(door.turn_away, other, ADDRESS, "another").get(timeout=10)
        assert theirs.recv(100) == b" * another\n"
    peer.close()
    lingering.get(timeout=10)
    assert door._lingering == 0


def test_a_newcomer_that_breaks_off_is_no_error(
    door: Admission, newcomer: tuple[GeventSocket, Peer]
) -> None:
    connection, peer = newcomer
    peer.close()
    door.turn_away(connection, ADDRESS, "no reason")


def test_without_descriptors_the_spare_one_serves_to_say_so(
    door: Admission, newcomer: tuple[GeventSocket, Peer], caplog: pytest.LogCaptureFixture
) -> None:
    connection, peer = newcomer
    spare = door._spare.fileno()

    def accept() -> tuple[Any, Any]:
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(spare)
        return connection, ADDRESS

    door.turn_away_without_descriptor(accept)
    assert b"out of file descriptors" in peer.read_to_end()
    os.fstat(door._spare.fileno())
    assert "out of file descriptors" in caplog.text


def test_being_out_of_descriptors_fills_no_log(
    door: Admission, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        door.turn_away_without_descriptor(lambda: None)
    assert len(caplog.messages) == 1


def test_if_even_the_spare_descriptor_does_not_help_the_caller_knows(door: Admission) -> None:
    def accept() -> tuple[Any, Any]:
        raise OSError(errno.ENFILE, "the machine has none left")

    for _ in range(2):
        with pytest.raises(OSError, match="none left"):
            door.turn_away_without_descriptor(accept)
    assert not door._spare.closed
