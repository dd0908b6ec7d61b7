"""hub.hub.Hub.move, on real sockets: from one room to another, with nothing lost between."""

from typing import Any

import pytest

from gchat.delivery import broadcaster
from gchat.hub import membership
from gchat.hub import rooms as rooms_module
from gchat.hub.client import Dismissed
from gchat.hub.rooms import TooManyRooms
from gchat.model import presence
from gchat.model.message import Private
from tests.unit.peers import HOME, Company, Peer, wait_until

SMALL = 2048
"""Bytes of a send buffer that a burst does not fit in."""


@pytest.fixture
def ann(company: Company) -> Peer:
    """She talks in the lobby."""
    return company.join("ann")


@pytest.fixture
def bob(company: Company) -> Peer:
    """He talks in another room."""
    peer = company.join("bob")
    move(company, peer, "builds").get(timeout=10)
    return peer


def move(company: Company, peer: Peer, name: str) -> Any:
    """Move as the client's own greenlet would; returns the one that does."""

    def go() -> str:
        try:
            membership.move(company.hub, peer.client, name)
        except Dismissed:
            membership.part(company.hub, peer.client, "dismissed")
            return "dismissed"
        except TooManyRooms:
            return "refused"
        return "moved"

    peer.client.greenlet = company.start(go)
    return peer.client.greenlet


def waiting_mover(company: Company, ann: Peer, expected: list[str]) -> tuple[Peer, Any]:
    """Somebody who is to go to `builds` and has not read what is `expected`."""
    peer = company.join("slow", SMALL)
    texts = [f"{number:060}" for number in range(1000)]
    company.say(ann, *texts)
    expected += [f"ann: {text}" for text in texts]
    moving = move(company, peer, "builds")
    wait_until(lambda: peer.client.connection.blocked and peer.client.progress, "it waits")
    return peer, moving


@pytest.mark.placed
def test_who_moves_gets_what_is_said_where_it_is_and_no_more_from_where_it_was(
    company: Company, ann: Peer, bob: Peer
) -> None:
    peer = company.join("cy")
    company.say(ann, "before")
    assert move(company, peer, "builds").get(timeout=10) == "moved"
    company.say(ann, "too late")
    company.say(bob, "welcome")
    assert peer.read_lines(2) == ["ann: before", "bob: welcome"]
    company.say(peer, "hello")
    assert bob.read_lines(1) == ["cy: hello"]
    assert ann.client.cursor == company.room.log.end


@pytest.mark.placed
def test_what_was_said_before_it_came_is_not_for_it(company: Company, bob: Peer) -> None:
    peer = company.join("cy")
    company.say(bob, "before")
    move(company, peer, "builds").get(timeout=10)
    company.say(bob, "after")
    assert peer.read_lines(1) == ["bob: after"]


@pytest.mark.placed
def test_who_comes_back_has_missed_what_was_said_meanwhile_and_gets_nothing_twice(
    company: Company, ann: Peer
) -> None:
    peer = company.join("cy")
    expected = []
    for number in range(20):
        company.say(ann, f"here {number}")
        expected.append(f"ann: here {number}")
        move(company, peer, f"room{number}").get(timeout=10)
        company.say(ann, "not here")
        move(company, peer, "lobby").get(timeout=10)
    company.say(ann, "last")
    assert peer.read_lines(21) == [*expected, "ann: last"]


@pytest.mark.placed
def test_who_has_much_to_read_goes_when_it_has_got_it_all(
    company: Company, ann: Peer, bob: Peer
) -> None:
    expected: list[str] = []
    peer, moving = waiting_mover(company, ann, expected)
    company.say(bob, "not yet")
    company.say(ann, "too late")
    assert not moving.ready()
    assert peer.read_lines(len(expected)) == expected
    assert moving.get(timeout=10) == "moved"
    company.say(bob, "now")
    assert peer.read_lines(1) == ["bob: now"]


@pytest.mark.placed
def test_what_it_is_owed_and_what_others_sent_it_alone_keep_their_order(
    company: Company, ann: Peer, bob: Peer
) -> None:
    expected: list[str] = []
    peer, moving = waiting_mover(company, ann, expected)
    company.hub.tell(peer.client, "one")
    company.hub.enqueue(peer.client, b"bob -> slow: two\n", Private(0.0, "bob", "slow", "two"))
    company.say(ann, "too late")
    company.hub.tell(peer.client, "three")
    expected += [" * one", "bob -> slow: two", " * three"]
    assert peer.read_lines(len(expected)) == expected
    assert moving.get(timeout=10) == "moved"
    company.say(bob, "four")
    company.hub.tell(peer.client, "five")
    company.say(bob, "six")
    assert peer.read_lines(3) == ["bob: four", " * five", "bob: six"]
    assert peer.client.owed_bytes == peer.client.private_bytes == 0


@pytest.mark.placed
def test_who_is_dismissed_while_it_waits_gets_everything_up_to_then(
    company: Company, ann: Peer, bob: Peer
) -> None:
    expected: list[str] = []
    peer, moving = waiting_mover(company, ann, expected)
    company.say(ann, "meanwhile")
    peer.client.dismiss("test")
    assert moving.get(timeout=10) == "dismissed"
    company.say(ann, "too late")
    assert peer.read_lines(len(expected) + 1) == [*expected, "ann: meanwhile"]
    wait_until(lambda: peer.client.settled, "it has got everything")
    assert peer.client.number not in company.room.clients


def test_what_it_is_still_owed_comes_first_where_it_goes(
    company: Company, ann: Peer, bob: Peer
) -> None:
    hub, client = company.hub, ann.client
    room = membership.find_or_open(hub, "builds", HOME)  # where ids are lower
    company.say(company.join("cy"), "one", "two")
    assert ann.read_until("two")
    hub.tell(client, "an answer")
    membership.quit_room(hub, client)
    membership.enter_room(hub, client, room)
    membership.listen(hub, client)
    assert ann.read_line() == " * an answer\n"


@pytest.mark.placed
@pytest.mark.parametrize("how", ["resets", "is lost"])
def test_who_breaks_off_while_it_waits_waits_no_longer(
    company: Company, ann: Peer, bob: Peer, how: str
) -> None:
    peer, moving = waiting_mover(company, ann, [])
    if how == "resets":
        peer.close()
    else:
        membership.lose(company.hub, peer.client, "vanished")
    assert moving.get(timeout=10) == "dismissed"
    assert peer.client.log is company.room.log
    membership.remove(company.hub, peer.client)
    for room in company.hub.rooms.by_name.values():
        assert peer.client.number not in {**room.clients, **room.listeners, **room.visits}
    company.say(bob, "on and on")
    company.say(ann, "on and on")


def test_a_program_that_does_not_listen_yet_moves_at_once_and_listens_where_it_is(
    company: Company, ann: Peer, bob: Peer
) -> None:
    peer = company.join("program", listens=False)
    company.say(ann, "not for it")
    move(company, peer, "builds").get(timeout=10)
    company.say(bob, "one")
    company.hub.tell(peer.client, "an answer")
    company.say(bob, "two")
    assert peer.read_lines(1) == [" * an answer"]
    membership.listen(company.hub, peer.client)
    assert peer.read_lines(2) == ["bob: one", "bob: two"]


@pytest.mark.placed
def test_who_moves_in_the_middle_of_a_round_of_the_old_room_gets_it_once(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [company.join(f"guest{number}") for number in range(20)]
    wait_until(lambda: not company.hub.ready_rooms, "everybody has been visited")
    monkeypatch.setattr(broadcaster, "SLICE", 1e-9)
    company.say(ann, "before")
    moves = [move(company, peer, "builds") for peer in crowd]
    for moving in moves:
        moving.link(lambda _: company.say(ann, "too late"))
    monkeypatch.undo()
    for moving in moves:
        assert moving.get(timeout=10) == "moved"
    company.say(bob, "after")
    for peer in crowd:
        assert peer.read_lines(2) == ["ann: before", "bob: after"]


@pytest.mark.placed
def test_if_there_may_be_no_more_rooms_it_stays_and_misses_nothing(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_module, "MAX_ROOMS", 1)
    expected: list[str] = []
    peer, moving = waiting_mover(company, ann, expected)
    company.say(ann, "meanwhile")
    expected.append("ann: meanwhile")
    assert peer.read_lines(len(expected)) == expected
    assert moving.get(timeout=10) == "refused"
    company.say(ann, "afterwards")
    assert peer.read_lines(1) == ["ann: afterwards"]
    assert company.room.clients[peer.client.number] is peer.client


def test_a_person_who_moves_leaves_one_room_and_joins_the_other(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "INTERVAL", 0.05)
    peer = company.join("cy")
    membership.announce(company.hub, peer.client)
    assert ann.read_lines(1) == [" * cy joined"]
    move(company, peer, "builds").get(timeout=10)
    assert bob.read_lines(1) == [" * cy joined"]
    assert ann.read_lines(1) == [" * cy left"]
    company.say(bob, "hello")
    assert peer.read_lines(1) == ["bob: hello"]


def test_a_program_that_moves_is_announced_to_nobody(
    company: Company, ann: Peer, bob: Peer
) -> None:
    peer = company.join("program")
    move(company, peer, "builds").get(timeout=10)
    company.say(peer, "done")
    assert bob.read_lines(1) == ["program: done"]
    assert company.room.log.end.id == 0


def test_a_room_is_empty_since_the_last_one_went(
    company: Company, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = company.hub.rooms.by_name["builds"]
    assert room.empty_since == 0.0
    move(company, bob, "lobby").get(timeout=10)
    assert room.empty_since > 0.0
    assert not room.clients
    monkeypatch.setattr(rooms_module, "EMPTY_TIME", 0.0)
    company.hub.rooms.close_empty(company.hub.clients.values())
    assert "builds" not in company.hub.rooms.by_name


def test_what_it_said_where_it_was_is_not_taken_into_account_where_it_is(
    company: Company, ann: Peer, bob: Peer
) -> None:
    peer = company.join("program", listens=False)
    company.say(peer, "one", "two")
    move(company, peer, "builds").get(timeout=10)
    assert (peer.client.own_ahead, peer.client.last_own) == (0, 0)
