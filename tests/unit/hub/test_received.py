"""hub.received: what a client has got is what its side has taken."""

import socket
from typing import Any

import pytest

from gchat.hub import membership
from gchat.hub.checkpoint import Received
from gchat.hub.checkpoint import received as received_of
from gchat.hub.client import Client
from gchat.hub.connection import Connection
from gchat.model.message import Private
from gchat.model.room_log import Cursor
from gchat.store.base import Store
from tests.unit.peers import Company, Peer, wait_until
from tests.unit.stores import FOREIGN_FREE, STORES

NOWHERE = Cursor(0, 0)


@pytest.fixture(params=[STORES[name] for name in FOREIGN_FREE], ids=FOREIGN_FREE)
def store(request: pytest.FixtureRequest) -> Store:
    """Bytes are counted here, to which lines of other servers would add."""
    store: Store = request.param()
    return store


@pytest.fixture
def ann(company: Company) -> Peer:
    return resumable(company, "ann")


@pytest.fixture
def bob(company: Company) -> Peer:
    return company.join("bob")


def received(client: Client, known: Cursor) -> Received:
    """What `client` has received by now."""
    return received_of(client, client.received_bytes, known)


def resumable(company: Company, name: str) -> Peer:
    """Somebody of whom it is known what they have got, as with a history file."""
    peer = company.join(name, listens=False)
    peer.client.keep_trail()
    membership.listen(company.hub, peer.client)
    return peer


class OnTheWay:
    """What every connection has not acknowledged, as a test wants it.

    A unix socket counts more for a packet than is in it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bytes = 0
        monkeypatch.setattr(Connection, "unacknowledged", property(lambda _: self.bytes))


class Narrow:
    """The socket of `peer`'s client, which takes `left` bytes more and is never full."""

    def __init__(self, peer: Peer, left: int) -> None:
        self.left = left
        self._socket = peer.client.connection._socket
        peer.client.connection._socket = self

    def send(self, data: bytes) -> int:
        taken = int(self._socket.send(data[: self.left]))
        self.left -= taken
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


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
    assert received(ann.client, NOWHERE) == (company.room.log.end, 0)


@pytest.mark.placed
def test_what_is_on_its_way_is_not_received_to_the_message(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    end = company.room.log.end.id
    company.say(bob, "one", "two", "three")
    sent(ann)
    for taken, got in ((0, 0), (8, 0), (9, 1), (17, 1), (18, 2), (28, 2), (29, 3)):
        on_the_way.bytes = 29 - taken
        assert received(ann.client, NOWHERE).place == place(company, end + got)


@pytest.mark.placed
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


@pytest.mark.placed
def test_the_rest_of_a_line_that_was_cut_is_not_received(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    end = company.room.log.end.id
    wait_until(lambda: ann.client.cohort, "she is in a cohort")
    room = Narrow(ann, 13)
    company.say(bob, "one", "two")
    sent(ann)
    assert bytes(ann.client.connection.cut) == b" two\n"
    assert received(ann.client, NOWHERE).place == place(company, end + 1)
    room.left = 4
    company.hub.visit(ann.client)
    wait_until(lambda: bytes(ann.client.connection.cut) == b"\n", "more of it is sent")
    assert received(ann.client, NOWHERE).place == place(company, end + 1)
    room.left = 10
    company.hub.visit(ann.client)
    wait_until(lambda: not ann.client.connection.cut, "all of it is sent")
    assert received(ann.client, NOWHERE).place == place(company, end + 2)
    on_the_way.bytes = 1
    assert received(ann.client, NOWHERE).place == place(company, end + 1)


@pytest.mark.placed
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
    assert received(ann.client, NOWHERE) == (place(company, end), 2)
    on_the_way.bytes = 1
    assert received(ann.client, NOWHERE) == (place(company, end + 2), 1)


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


@pytest.mark.placed
def test_a_private_message_takes_its_quota_until_it_has_arrived_and_answers_take_their_bytes(
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
    behind_first = 19 + 9
    for left, messages, privates in (
        (behind_first + 18 + 13 + 1, 0, 2),
        (behind_first + 18 + 13, 1, 2),
        (behind_first + 1, 1, 2),
        (behind_first, 1, 1),
        (20, 1, 1),
        (19, 2, 1),
        (1, 2, 1),
        (0, 2, 0),
    ):
        on_the_way.bytes = left
        assert received(ann.client, NOWHERE) == (place(company, end + messages), 0)
        assert bool(ann.client.private_bytes) == bool(privates)
        assert len(ann.client.in_flight) == privates


def test_private_messages_that_have_not_arrived_are_what_the_client_is_owed_still(
    company: Company, ann: Peer, on_the_way: OnTheWay
) -> None:
    first, second, third = (Private(0.0, "bob", "ann", text) for text in ("1st", "2nd", "3rd"))
    for private in (first, second):
        company.hub.enqueue(ann.client, f"bob -> ann: {private.text}\n".encode(), private)
    sent(ann)
    ann.client.enqueue(b" * an answer\n")
    ann.client.enqueue(b"bob -> ann: 3rd\n", third)
    on_the_way.bytes = 16
    assert ann.client.give_up_owed() == [second, third]
    assert (ann.client.private_bytes, ann.client.owed_bytes) == (0, 0)
    assert not ann.client.owed
    assert not ann.client.in_flight


def test_it_has_got_nothing_of_its_room_from_before_it_was_there(
    company: Company, bob: Peer, on_the_way: OnTheWay
) -> None:
    company.say(bob, "before")
    ann = resumable(company, "ann")
    company.say(bob, "after")
    sent(ann)
    on_the_way.bytes = 10_000
    assert received(ann.client, NOWHERE).place == ann.client.entered


@pytest.mark.placed
def test_it_is_exact_also_if_memory_does_not_reach_back_and_what_was_sent_is_deleted(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    end = company.room.log.end.id
    company.say(bob, *(f"{number:0100}" for number in range(10)))
    sent(ann)
    company.room.delete([end + 9])
    company.room.log.start = place(company, end + 8)
    company.room.log._runs = company.room.log.runs(end + 8, end + 10)
    on_the_way.bytes = 4 * len(f"bob: {0:0100}\n")
    assert received(ann.client, NOWHERE).place.id == end + 6


@pytest.mark.placed
def test_of_a_client_that_nobody_keeps_marks_for_it_is_what_was_known(
    company: Company, bob: Peer, on_the_way: OnTheWay
) -> None:
    cy = company.join("cy")
    company.say(bob, "one", "two")
    sent(cy)
    known = place(company, company.room.log.end.id - 1)
    assert received(cy.client, known).place == known


@pytest.mark.placed
def test_what_a_cohort_was_sent_counts_in_the_stream_of_each_of_its_members(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    on_the_way.bytes = 10_000  # all of it
    company.say(bob, "one")
    late = resumable(company, "late")
    company.hub.tell(late.client, "an answer")
    sent(late)
    end = company.room.log.end.id
    company.say(bob, "two", "three")
    sent(ann)
    sent(late)
    assert late.client.cohort is ann.client.cohort is not None
    company.say(ann, "her own")
    company.say(bob, "four")
    sent(ann)
    sent(late)
    line = len("bob: four\n")
    own = len("ann: her own\n")
    for left, place_of_ann, place_of_late in (
        (line, end + 3, end + 3),
        (line + 1, end + 1, end + 2),
        (line + own, end + 1, end + 2),
        (line + own + 1, end, end + 1),
    ):
        on_the_way.bytes = left
        assert received(late.client, NOWHERE).place.id == place_of_late
        on_the_way.bytes = min(left, line + 1)
        assert received(ann.client, NOWHERE).place.id == max(place_of_ann, end + 1)


def test_the_end_of_the_connection_is_nothing_that_has_to_arrive(ann: Peer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours, theirs = socket.create_connection(listener.getsockname()), listener.accept()[0]
    ann.client.connection._socket, socketpair = ours, ann.client.connection._socket
    with ours, theirs:
        ann.client.connection.finish()
        assert ann.client.connection.unacknowledged == 0
        ann.client.connection._socket = socketpair


@pytest.mark.placed
def test_what_a_client_was_sent_before_it_fell_far_behind_is_not_taken_for_received(
    company: Company, ann: Peer, bob: Peer, on_the_way: OnTheWay
) -> None:
    wait_until(lambda: ann.client.cohort, "she is in a cohort")
    on_the_way.bytes = 10_000  # all of it
    end, room = company.room.log.end.id, Narrow(ann, 3000)
    company.say(bob, *(f"{number:04}" for number in range(1000)))
    wait_until(lambda: not room.left, "she has left it, and is sent no more")
    room.left = 3000  # of pages that begin before the line that she is to get next
    wait_until(lambda: not room.left, "she is sent some of them")
    length = len("bob: 0000\n")
    for taken in range(0, ann.client.sent, 7):
        on_the_way.bytes = ann.client.sent - taken
        assert received(ann.client, NOWHERE).place == place(company, end + taken // length)
