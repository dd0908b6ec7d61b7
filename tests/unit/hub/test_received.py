"""hub.received: what a client has got is what its side has taken."""

import socket

import pytest

from gchat.hub.connection import Connection
from gchat.hub.resumption import received
from gchat.model.message import Private
from gchat.model.room_log import Cursor
from tests.unit.peers import Company, Peer, wait_until

NOWHERE = Cursor(0, 0)


@pytest.fixture
def ann(company: Company) -> Peer:
    ann = company.join("ann")
    ann.client.token = "a token"
    return ann


@pytest.fixture
def bob(company: Company) -> Peer:
    return company.join("bob")


class OnTheWay:
    """What every connection has not acknowledged, as a test wants it.

    A unix socket counts more for a packet than is in it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bytes = 0
        monkeypatch.setattr(Connection, "unacknowledged", property(lambda _: self.bytes))


@pytest.fixture
def on_the_way(monkeypatch: pytest.MonkeyPatch) -> OnTheWay:
    return OnTheWay(monkeypatch)


def sent(peer: Peer) -> None:
    """Wait until all has been sent to `peer` that there is."""
    client = peer.client
    wait_until(lambda: client.cursor == client.log.end and not client.owed, "it is sent")


def place(company: Company, last: int) -> Cursor:
    """That behind the message `last`."""
    return Cursor(last, company.room.log.after(last - 1, 1)[0].spoken if last else 0)


def test_who_has_taken_all_has_got_all(company: Company, ann: Peer, bob: Peer) -> None:
    company.say(bob, "one", "two")
    assert ann.read_lines(2) == ["bob: one", "bob: two"]
    assert received(ann.client, NOWHERE) == (company.room.log.end, 0, [])


def test_what_is_on_its_way_is_not_received_to_the_message(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    end = company.room.log.end.id
    company.say(bob, "one", "two", "three")
    sent(ann)
    for taken, got in ((0, 0), (8, 0), (9, 1), (17, 1), (18, 2), (28, 2), (29, 3)):
        on_the_way.bytes = 29 - taken
        assert received(ann.client, NOWHERE).place == place(company, end + got)


def test_what_it_has_said_itself_and_was_deleted_is_still_counted(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    company.say(bob, "one")
    company.say(ann, "hers")
    company.say(bob, "two")
    sent(ann)
    company.room.delete([company.room.log.end.id - 1])
    on_the_way.bytes = len("bob: two\n")
    assert received(ann.client, NOWHERE).own_ahead == 0
    on_the_way.bytes += 1
    assert received(ann.client, NOWHERE).own_ahead == 1


def test_the_rest_of_a_line_that_was_cut_is_not_received(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    end = company.room.log.end.id
    company.say(bob, "one", "two")
    sent(ann)
    ann.client.connection.cut = b"wo\n"
    assert received(ann.client, NOWHERE).place == place(company, end + 1)


def test_its_own_messages_take_nothing_and_are_counted(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    end = company.room.log.end.id
    company.say(bob, "one")
    company.say(ann, "mine")
    company.say(bob, "two")
    company.say(ann, "mine too")
    sent(ann)
    on_the_way.bytes = len("bob: two\n") + 1
    assert received(ann.client, NOWHERE) == (place(company, end), 2, [])
    on_the_way.bytes = 1
    assert received(ann.client, NOWHERE) == (place(company, end + 2), 1, [])


def test_what_it_ignores_takes_nothing(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    cy = company.join("cy")
    company.hub.names.ignore(ann.client, "cy")
    end = company.room.log.end.id
    company.say(bob, "one")
    company.say(cy, "not for ann " * 100)
    sent(ann)
    on_the_way.bytes = 1
    assert received(ann.client, NOWHERE).place == place(company, end)


def test_private_messages_on_their_way_are_lost_and_answers_only_take_their_bytes(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    end = company.room.log.end.id
    on_the_way.bytes = 1  # or it would have taken all that it was owed before
    company.say(bob, "one")
    company.hub.enqueue(ann.client, b" * an answer\n")
    first, second = (Private(0.0, "bob", "ann", text) for text in ("first", "second"))
    company.hub.enqueue(ann.client, b"bob -> ann: first\n", first)
    sent(ann)
    company.say(bob, "two")
    company.hub.enqueue(ann.client, b"bob -> ann: second\n", second)
    sent(ann)
    on_the_way.bytes = 19
    assert received(ann.client, NOWHERE) == (place(company, end + 2), 0, [second])
    on_the_way.bytes = 20
    assert received(ann.client, NOWHERE) == (place(company, end + 1), 0, [second])
    on_the_way.bytes = 29
    assert received(ann.client, NOWHERE) == (place(company, end + 1), 0, [first, second])
    on_the_way.bytes = 19 + 9 + 18 + 13
    assert received(ann.client, NOWHERE) == (place(company, end + 1), 0, [first, second])
    on_the_way.bytes = 19 + 9 + 18 + 13 + 1
    assert received(ann.client, NOWHERE) == (place(company, end), 0, [first, second])


def test_it_has_got_nothing_of_its_room_from_before_it_was_there(
    company: Company, bob: Peer, on_the_way: OnTheWay
) -> None:
    company.say(bob, "before")
    ann = company.join("ann")
    company.say(bob, "after")
    sent(ann)
    on_the_way.bytes = 10_000
    assert received(ann.client, NOWHERE).place == ann.client.entered


def test_where_memory_does_not_reach_back_it_is_what_was_known(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    company.say(bob, *("x" * 100 for _ in range(10)))
    sent(ann)
    known = place(company, company.room.log.end.id - 9)
    on_the_way.bytes = 500
    company.room.log.start = place(company, company.room.log.end.id - 2)
    company.room.log._entries = company.room.log._entries[-2:]
    assert received(ann.client, known).place == known


def test_the_end_of_the_connection_is_nothing_that_has_to_arrive(ann: Peer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours, theirs = socket.create_connection(listener.getsockname()), listener.accept()[0]
    ann.client.connection._socket, socketpair = ours, ann.client.connection._socket
    with ours, theirs:
        ann.client.connection.finish()
        assert ann.client.connection.unacknowledged == 0
        ann.client.connection._socket = socketpair
