"""hub.resumption: a token of which another connection, perhaps a hung one, makes use."""

from collections.abc import Callable

import pytest
from gevent.event import Event

from gchat.hub import displacing, resumption
from gchat.hub.client import Dismissed
from gchat.hub.displacing import DISPLACEMENTS, BeingResumed, DisplacedTooOften
from gchat.hub.resumption import NotReading, resume
from tests.unit.commands.typing_lines import shown, told
from tests.unit.hub.resumption.returning import (
    all_shown,
    at_once,
    back,
    lines,
)
from tests.unit.peers import DEADLINE, Company, Peer, wait_until, within_deadline


def test_the_other_connection_is_ended_and_nobody_is_told(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines(company, bob)
    again = at_once(company, ann.client.token, monkeypatch)
    assert ann.read_to_end() == (b" * Disconnected: your token was used on another connection\n")
    wait_until(lambda: len(company.hub.clients) == 2, "only two are left")
    assert lines(company, bob) == []
    company.say(bob, "hello")
    assert lines(company, again) == ["bob: hello"]
    again.send(b"hello yourself\n")
    wait_until(lambda: "ann: hello yourself" in all_shown(company, bob), "it is heard")
    assert company.room.clients.keys() == {bob.client.number, again.client.number}


def test_what_it_was_sent_and_has_not_taken_is_sent_again(
    company: Company, ann: Peer, bob: Peer
) -> None:
    told(company, bob, "/msg ann heard")
    ann.read_until("heard")
    texts = [f"{number} {'x' * 1000}" for number in range(1000)]
    company.say(bob, *texts)
    wait_until(lambda: ann.client.connection.blocked, "its connection takes no more")
    told(company, bob, "/msg ann psst")
    taken = ann.read_lines(10)
    again = back(company, ann.client.token)
    assert ann.client.cursor.id < company.room.log.end.id  # it gets no more, should it be able to
    assert ann.client.until == ann.client.cursor
    missed = [line for line in again.read_until(texts[-1]) if ": " in line]
    assert missed.pop(0).endswith("bob -> ann: psst")
    lines = [f"bob: {text}" for text in texts]
    assert taken == lines[:10]
    # A unix socket counts more for a packet than is in it: some come twice, but all do.
    assert missed == lines[-len(missed) :]
    assert 1000 > len(missed) > 900


def test_only_one_may_go_on_with_a_token_at_a_time(company: Company, ann: Peer) -> None:
    identity = company.hub.identities.of(ann.client.number)
    assert identity
    company.hub.resumed[identity.number] = Event()
    other = company.join()
    with pytest.raises(BeingResumed):
        resume(company.hub, other.client, identity, ann.client.token)
    assert other.client.until is None


def test_one_that_does_not_read_keeps_nobody_from_its_token(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumption, "READING_PATIENCE", 0.0)
    identity = company.hub.identities.of(ann.client.number)
    assert identity
    stalled = company.program(2048)
    company.say(bob, *(f"{number} {'x' * 1000}" for number in range(1000)))
    wait_until(lambda: stalled.client.connection.blocked, "its connection takes no more")
    with pytest.raises(NotReading):
        resume(company.hub, stalled.client, identity, ann.client.token)
    assert not company.hub.resumed
    assert company.hub.clients[identity.number] is ann.client
    assert stalled.client.until is None
    assert back(company, ann.client.token).client.number == identity.number


def test_one_whose_connection_breaks_before_it_has_read_all_ends_no_other(
    company: Company, ann: Peer, bob: Peer
) -> None:
    identity = company.hub.identities.of(ann.client.number)
    assert identity
    broken = company.program(2048)
    company.say(bob, *(f"{number} {'x' * 1000}" for number in range(1000)))
    wait_until(lambda: broken.client.connection.blocked, "its connection takes no more")
    resuming = company.start(
        outcome_of, resume, company.hub, broken.client, identity, ann.client.token
    )
    wait_until(lambda: company.hub.resumed, "it waits until it has read all")
    broken.client.lose("reset")
    assert isinstance(resuming.get(timeout=DEADLINE), Dismissed)
    assert company.hub.clients[identity.number] is ann.client
    assert ann.client.until is None
    assert not company.hub.resumed


def test_one_that_waits_for_another_to_leave_keeps_the_token_busy_for_a_moment_only(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, number = ann.client.token, ann.client.number
    identity = company.hub.identities.of(number)
    assert identity
    dying = company.join()
    with monkeypatch.context() as patch, company.hub.arrival_gate.hold(bob.client.owner):
        patch.setattr(displacing, "LEAVING_PATIENCE", 0.01)
        with pytest.raises(BeingResumed), within_deadline("the token is free again"):
            resume(company.hub, dying.client, identity, token)
        assert not company.hub.resumed
        assert dying.client.until is None
    wait_until(lambda: number not in company.hub.clients, "the other one has left")
    assert shown(company, bob)[-1] == " * ann left"
    again = back(company, token)
    assert (again.client.number, again.client.person) == (number, True)


def outcome_of(function: Callable[..., object], *arguments: object) -> object:
    """What `function` returns, or the exception that it raises."""
    try:
        return function(*arguments)
    except Exception as error:
        return error


def test_a_connection_whose_other_side_has_vanished_is_ended_as_often_as_it_takes(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, number = ann.client.token, ann.client.number
    monkeypatch.setattr("gchat.hub.displacing._has_vanished", lambda _: True)
    for _ in range(3 * int(DISPLACEMENTS.burst)):
        assert back(company, token).client.number == number
        wait_until(lambda: not company.hub.resumed, "it is resumed")


def test_two_connections_with_one_token_do_not_end_each_other_for_ever(
    company: Company, ann: Peer
) -> None:
    token, number = ann.client.token, ann.client.number
    for _ in range(int(DISPLACEMENTS.burst)):
        assert back(company, token).client.number == number
        wait_until(lambda: not company.hub.resumed, "it is resumed")
    holder = company.hub.clients[number]
    identity, other = company.hub.identities.of(number), company.join()
    assert identity
    with pytest.raises(DisplacedTooOften) as refused:
        resume(company.hub, other.client, identity, token)
    assert 0 < refused.value.wait <= 1 / DISPLACEMENTS.rate
    assert company.hub.clients[number] is holder
    holder.dismiss("test")
    wait_until(lambda: number not in company.hub.clients, "it has left")
    assert back(company, token).client.number == number
