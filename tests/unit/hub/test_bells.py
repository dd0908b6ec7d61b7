"""hub.bells: whose bell rings, and how often."""

import time

import pytest

from gchat.hub import membership
from gchat.hub.bells import BELL, BELL_PAUSE
from gchat.hub.naming import rename
from gchat.model.display import Display
from tests.unit.peers import Company, Peer, wait_until


@pytest.fixture
def ann(company: Company) -> Peer:
    """She wants to hear a bell."""
    return with_bell(company, "ann")


@pytest.fixture
def bob(company: Company) -> Peer:
    return company.join("bob")


def with_bell(company: Company, name: str) -> Peer:
    peer = company.join(name)
    wait_until(lambda: peer.client.takes_more, "it listens")
    company.hub.bells.turn_on(peer.client)
    return peer


def rang(company: Company, peer: Peer) -> bool:
    """Whether its bell rang since the last line."""
    company.hub.tell(peer.client, "end")
    return BELL.decode() in "".join(peer.read_until("end"))


def test_a_bell_rings_behind_the_line_that_somebody_is_named_in(
    company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, "hello", "Ann: are you there?")
    assert ann.read_lines(2) == ["bob: hello", "bob: Ann: are you there?"]
    company.hub.tell(ann.client, "end")
    assert ann.read_line() == "\a * end\n"


def test_it_does_not_ring_for_others(company: Company, ann: Peer, bob: Peer) -> None:
    company.say(bob, "anna and hannah")
    assert not rang(company, ann)
    company.say(bob, "ann")
    assert not rang(company, bob)


def test_it_does_not_ring_for_ones_own_words(company: Company, ann: Peer) -> None:
    company.say(ann, "I am ann")
    assert not rang(company, ann)


def test_it_does_not_ring_in_another_room(company: Company, ann: Peer, bob: Peer) -> None:
    company.start(membership.move, company.hub, ann.client, "elsewhere").get(timeout=10)
    company.say(bob, "ann")
    assert not rang(company, ann)


def test_it_does_not_ring_for_one_who_is_ignored(company: Company, ann: Peer, bob: Peer) -> None:
    company.hub.names.ignore(ann.client, "bob")
    company.say(bob, "ann")
    rename(company.hub, bob.client, "robert")
    company.say(bob, "ann")
    assert not rang(company, ann)


def test_it_does_not_ring_if_that_is_not_wanted(company: Company, ann: Peer, bob: Peer) -> None:
    company.say(ann, "bob")
    assert not rang(company, bob)
    company.hub.bells.ring(bob.client)
    assert not rang(company, bob)


@pytest.mark.placed
def test_it_rings_once_in_a_few_seconds(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    for later, rings in ((0, True), (0, False), (BELL_PAUSE / 2, False), (BELL_PAUSE, True)):
        with monkeypatch.context() as patched:
            patched.setattr(time, "monotonic", lambda later=later: now + later)
            company.say(bob, "ann")
        assert rang(company, ann) is rings


def test_one_whose_socket_is_full_is_owed_no_bell(company: Company, ann: Peer, bob: Peer) -> None:
    company.say(bob, "x" * 1_000_000)
    wait_until(lambda: ann.client.connection.blocked, "its socket is full")
    for _ in range(100):
        company.say(bob, "ann")
        company.hub.bells.ring(ann.client)
    assert ann.client.owed_bytes == 0


def test_who_leaves_is_no_longer_rung(company: Company, ann: Peer, bob: Peer) -> None:
    membership.part(company.hub, ann.client, "test")
    assert not company.hub.bells._on
    company.say(bob, "ann")
    company.hub.bells.ring(ann.client)
    assert ann.client.owed_bytes == 0


def test_there_is_no_bell_among_objects(company: Company, ann: Peer, bob: Peer) -> None:
    ann.client.display = Display(json=True)
    company.say(bob, "ann")
    assert not rang(company, ann)
