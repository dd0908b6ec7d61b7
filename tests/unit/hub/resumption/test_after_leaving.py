"""hub.resumption: with a token a client goes on as the one that it was, after it has left."""

import pytest

from gchat.hub import membership
from gchat.model.display import PLAIN
from gchat.model.sanctions import Sanction
from tests.unit.commands.typing_lines import person, told
from tests.unit.hub.resumption.returning import (
    all_shown,
    at_once,
    back,
    gone,
    lines,
    named,
    somebody,
)
from tests.unit.peers import DEADLINE, Company, Peer, wait_until


def test_what_was_missed_comes_once_and_what_comes_then_too(
    company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, "heard")
    assert ann.read_line() == "bob: heard\n"
    identity = gone(company, ann)
    company.say(bob, "missed", "this too")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    again = back(company, ann.client.token)
    assert all_shown(company, again) == [
        " * You missed 2 messages:",
        "bob: missed",
        "bob: this too",
    ]
    company.say(bob, "and this")
    assert lines(company, again) == ["bob: and this"]
    assert again.client.number == identity.number
    assert again.client.lag == 0


def test_who_has_missed_nothing_is_told_so(company: Company, ann: Peer) -> None:
    gone(company, ann)
    again = back(company, ann.client.token)
    assert all_shown(company, again) == [" * You missed no messages"]


def test_its_own_messages_are_its_own(company: Company, ann: Peer, bob: Peer) -> None:
    ann.send(b"mine\n")
    assert lines(company, bob)[-1] == "ann: mine"
    gone(company, ann)
    again = back(company, ann.client.token)
    assert lines(company, again) == []
    again.send(b"still mine\n")
    wait_until(lambda: "ann: still mine" in lines(company, bob), "it is heard")
    assert lines(company, again) == []
    assert again.client.lag == 0


def test_what_it_said_before_it_showed_its_token_is_its_own_as_well(
    company: Company, ann: Peer, bob: Peer
) -> None:
    gone(company, ann)
    company.say(bob, "missed")
    again = somebody(company)
    again.send(f"is anybody here?\n/resume {ann.client.token}\n".encode())
    again.read_until("Welcome back")
    assert all_shown(company, again) == [" * You missed 1 message:", "bob: missed"]
    assert again.client.lag == again.client.own_ahead == 0


def test_everything_else_comes_back_too(company: Company, ann: Peer, bob: Peer) -> None:
    cy = person(company, "cy")
    for line in (b"/join builds\n", b"/ignore cy\n", b"/time UTC\n", b"/bell on\n"):
        ann.send(line)
    ann.read_until("The bell is on")
    ann.client.muted = Sanction("op")
    told(company, bob, "/msg ann psst")
    ann.read_until("psst")
    gone(company, ann)
    again = back(company, ann.client.token)
    client = again.client
    assert client.name == "ann"
    assert client.log.room == "builds"
    assert client.number in company.hub.rooms.by_name["builds"].clients
    assert client.number not in company.room.clients
    assert list(client.ignores.names) == ["cy"]
    assert client.ignores.hides(cy.client.number, "cy")
    assert client.display == ann.client.display
    assert client.display.time
    assert client.number in company.hub.bells._on
    assert client.muted == Sanction("op")
    assert client.correspondent == bob.client.number
    client.muted = None
    again.send(b"/reply hello\n")
    bob.read_until("ann -> bob: hello")


def test_a_mute_of_the_connection_cannot_be_shaken_off_with_a_token(
    company: Company, ann: Peer
) -> None:
    gone(company, ann)
    again = somebody(company)
    again.client.muted = Sanction("op")
    again.send(f"/resume {ann.client.token}\n".encode())
    again.read_until("You missed")
    assert again.client.muted == Sanction("op")


def test_what_belongs_to_the_connection_stays(company: Company, ann: Peer) -> None:
    gone(company, ann)
    again = somebody(company)
    again.client.display = again.client.display._replace(end="\r\n")
    again.send(f"/resume {ann.client.token}\r\n".encode())
    assert again.read_until("You missed")[-1].endswith("no messages")
    assert again.client.display == PLAIN._replace(end="\r\n")


def test_others_learn_that_it_is_back_and_who_it_is(company: Company, ann: Peer, bob: Peer) -> None:
    gone(company, ann)
    assert lines(company, bob)[-1] == " * ann left"
    again = somebody(company)
    assert lines(company, bob) == []  # its name is waited for
    again.send(f"/resume {ann.client.token}\n".encode())
    again.read_until("Welcome back")
    assert lines(company, bob) == [" * ann joined"]


def test_who_was_announced_before_is_renamed(company: Company, ann: Peer, bob: Peer) -> None:
    gone(company, ann)
    again = somebody(company)
    again.send(b"hello\n")
    bob.read_until("hello")
    again.send(f"/resume {ann.client.token}\n".encode())
    again.read_until("Welcome back")
    assert lines(company, bob) == [f" * {again.client.address} is now ann"]


def test_who_comes_back_in_another_room_leaves_this_one(
    company: Company, ann: Peer, bob: Peer
) -> None:
    ann.send(b"/join builds\n")
    ann.read_until("You are in #builds")
    gone(company, ann)
    cy = person(company, "cy")
    membership.move(company.hub, cy.client, "builds")
    lines(company, bob)
    again = back(company, ann.client.token)
    assert lines(company, bob) == []  # who was there for a moment, before they were announced
    assert lines(company, cy) == [" * ann joined"]
    assert again.client.number in company.hub.rooms.by_name["builds"].clients


def test_those_who_ignored_it_still_do(company: Company, ann: Peer, bob: Peer) -> None:
    told(company, bob, "/ignore ann")
    ann.send(b"/nick anna\n")
    ann.read_until("You are now anna")
    gone(company, ann)
    lines(company, bob)
    again = back(company, ann.client.token)
    cy = person(company, "cy")
    again.send(b"hello\n")
    cy.read_until("anna: hello")
    assert not [line for line in lines(company, bob) if "anna" in line]
    assert again.client.number in company.hub.names.ignored


def test_nobody_else_can_take_its_name(company: Company, ann: Peer, bob: Peer) -> None:
    gone(company, ann)
    other = somebody(company)
    other.send(b"/nick ANN\n")
    assert other.read_until("ANN2")[-1] == (
        " * The name ANN is reserved for a user who has left: if that is you, type /resume TOKEN; "
        "ANN2 is free"
    )
    other.send(b"/nick ann2\n")
    other.read_until("You are now ann2")


def test_who_had_a_name_meanwhile_gives_it_up(company: Company, ann: Peer) -> None:
    gone(company, ann)
    other = named(company, "ann2")
    token, number = other.client.token, other.client.number
    other.send(f"/resume {ann.client.token}\n".encode())
    other.read_until("Welcome back! You are ann")
    assert company.hub.identities.shown(token) is None
    assert company.hub.identities.of(number) is None
    assert number not in company.hub.clients
    assert company.hub.names.free("ann2") == "ann2"
    other.send(b"/token\n")
    assert other.read_until("/resume")[-1].endswith(ann.client.token)


def test_on_the_first_line_there_is_no_other_welcome(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone(company, ann)
    company.say(bob, "missed")
    lines(company, bob)
    again = at_once(company, ann.client.token, monkeypatch)
    assert all_shown(company, again) == [" * You missed 1 message:", "bob: missed"]
    assert again.client.person
    assert lines(company, bob) == [" * ann joined"]
