"""commands.operators: who may read, but say nothing; and telling everybody."""

import logging
import time

import pytest

from gchat.hub import membership
from gchat.hub.welcome import welcome
from gchat.model import sanctions
from gchat.model.sanctions import Sanction
from tests.unit.commands.typing_lines import a_program, at, person, refusal, run, shown, told
from tests.unit.peers import Company, Peer

FROM_THERE = "The address 10.1.0.2 is muted as well; /unmute 10.1.0.2 lifts that"
MUTED = "Not sent: you are muted by op"


def comes(company: Company, name: str) -> Peer:
    """Somebody comes, from where bob is."""
    return at(person(company, name), "10.1.0.2")


def leaves(company: Company, peer: Peer) -> None:
    membership.part(company.hub, peer.client, "test")
    membership.remove(company.hub, peer.client)
    company.wait_until_placed()


# /mute


@pytest.mark.placed
def test_one_who_is_muted_and_its_room_and_the_log_learn_by_whom_how_long_and_why(
    company: Company, op: Peer, ann: Peer, bob: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat.hub.sanctioning")
    run(company, op, "/mute bob 10m cool down")
    assert shown(company, bob) == [" * You are muted by op for 10 min: cool down"]
    told_all = "bob is muted by op for 10 min: cool down"
    assert shown(company, ann) == [f" * {told_all}"]
    assert {*shown(company, op)} == {f" * {told_all}", f" * {FROM_THERE}"}
    assert caplog.messages == [f"{told_all} ({bob.client.address})"]
    assert bob.client.muted
    assert bob.client.muted.until == pytest.approx(time.time() + 600, abs=5)


def test_one_who_is_muted_may_read_and_ask(
    company: Company, op: Peer, ann: Peer, bob: Peer
) -> None:
    run(company, op, "/mute bob")
    shown(company, bob)
    company.say(ann, "hello")
    assert shown(company, bob) == ["ann: hello"]
    assert "You are muted by op" in told(company, bob, "/why")
    assert told(company, bob, "/who")[0].startswith("#lobby, 3 here")


def test_it_can_be_muted_for_another_time(company: Company, op: Peer, bob: Peer) -> None:
    run(company, op, "/mute bob")
    run(company, op, "/mute bob 5m")
    assert bob.client.muted
    assert bob.client.muted.until
    assert not bob.client.muted.holds(time.time() + 301)


def test_one_who_was_muted_for_a_time_is_not_told_so_when_it_is_over(
    company: Company, bob: Peer
) -> None:
    bob.client.muted = Sanction("op", until=time.time() - 1)
    assert not [line for line in told(company, bob, "/why") if "muted" in line]


@pytest.mark.placed
def test_whoever_comes_from_the_address_of_one_who_is_muted_is_so_while_it_lasts(
    company: Company, op: Peer, ann: Peer, bob: Peer
) -> None:
    assert FROM_THERE in told(company, op, "/mute bob 10m")
    for other in (comes(company, "bob2"), comes(company, "bob3")):
        assert refusal(company, other, "/me is back").startswith(MUTED)
        assert any("You are muted by op" in line for line in told(company, other, "/why"))
    leaves(company, bob)
    assert refusal(company, comes(company, "bob"), "/me is back").startswith(MUTED)
    assert f"{comes(company, 'bob4').client.network}" == "10.1.0.2/32"
    assert told(company, op, "/bans")[-3:-1] == [
        "1 muted address:",
        "10.1.0.2  by op for another 10 min",
    ]
    run(company, ann, "/me may speak")


def test_a_newcomer_who_is_muted_is_told_so(company: Company, op: Peer, bob: Peer) -> None:
    run(company, op, "/mute bob rude")
    newcomer = comes(company, "cy")
    shown(company, newcomer)
    welcome(company.hub, newcomer.client)
    assert " * You can read but not write: your address is muted by op: rude" in shown(
        company, newcomer
    )


@pytest.mark.placed
def test_a_mute_does_not_hit_those_who_are_at_the_same_address_already(
    company: Company, op: Peer, bob: Peer
) -> None:
    cy = comes(company, "cy")
    why = "bob is muted until they disconnect (10.1.0.2 was not muted: cy shares it)"
    assert why in told(company, op, "/mute bob")
    assert refusal(company, bob, "/me is rude").startswith(MUTED)
    run(company, cy, "/me may speak")
    assert told(company, op, "/bans")[-2] == "No muted addresses"
    di = comes(company, "di")
    why = "for 10 min or until they disconnect (10.1.0.2 was not muted: cy and di share it)"
    assert f"bob is muted {why}" in told(company, op, "/mute bob 10m")
    leaves(company, bob)
    leaves(company, di)
    run(company, comes(company, "bob"), "/me is back")


def test_all_who_are_at_an_address_are_muted_one_by_one_and_then_it_is(
    company: Company, op: Peer, bob: Peer
) -> None:
    cy = comes(company, "cy")
    run(company, op, "/mute bob")
    shown(company, op)
    assert FROM_THERE in told(company, op, "/mute cy")
    for peer in (bob, cy, comes(company, "di")):
        assert refusal(company, peer, "/me is here").startswith(MUTED)


def test_the_address_of_an_operator_is_not_muted(company: Company, op: Peer, bob: Peer) -> None:
    at(op, "10.1.0.2")
    assert any(line.endswith("op shares it)") for line in told(company, op, "/mute bob"))
    run(company, op, "/me may speak")


def test_there_are_only_so_many_muted_addresses(
    company: Company, op: Peer, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sanctions, "MOST", 1)
    run(company, op, "/mute ann")
    shown(company, op)
    why = "(10.1.0.2 was not muted: too many addresses are muted, limit 10000)"
    assert any(line.endswith(why) for line in told(company, op, "/mute bob"))
    assert refusal(company, bob, "/me is rude").startswith(MUTED)


# /unmute


def test_one_who_was_muted_may_speak_again_and_all_learn_by_whom(
    company: Company, op: Peer, ann: Peer, bob: Peer
) -> None:
    bob.client.muted = Sanction("cy")
    run(company, op, "/unmute bob")
    assert shown(company, bob) == [" * You were unmuted by op"]
    assert shown(company, ann) == [" * op unmuted bob"]
    run(company, bob, "/me thanks")
    assert shown(company, ann) == [" ** bob thanks"]


@pytest.mark.parametrize("muted", [None, Sanction("cy", until=1.0)])
def test_who_is_not_muted_cannot_be_unmuted(
    muted: Sanction | None, company: Company, op: Peer, bob: Peer
) -> None:
    bob.client.muted = muted
    assert (
        refusal(company, op, "/unmute bob") == "bob is not muted; /bans lists the muted addresses"
    )
    assert shown(company, bob) == []


@pytest.mark.parametrize("who", ["bob", "10.1.0.2"])
def test_an_address_is_muted_no_longer_when_one_who_was_there_is_not(
    who: str, company: Company, op: Peer, bob: Peer
) -> None:
    run(company, op, "/mute bob")
    leaves(company, bob)
    shown(company, op)
    assert told(company, op, f"/unmute {who}") == ["op unmuted 10.1.0.2"]
    run(company, comes(company, "bob"), "/me thanks")
    assert refusal(company, op, "/unmute 10.1.0.2").startswith("10.1.0.2 is not muted; /bans")


@pytest.mark.parametrize("who", ["bob", "cy", "10.1.0.2"])
def test_all_who_were_muted_with_an_address_are_told_that_it_is_over(
    who: str, company: Company, op: Peer, bob: Peer
) -> None:
    run(company, op, "/mute bob")
    cy = comes(company, "cy")
    for peer in (bob, cy):
        shown(company, peer)
    run(company, op, f"/unmute {who}")
    over = " * You were unmuted by op"
    assert (over in shown(company, bob)) is (who != "cy")  # who was muted by name stays so
    assert over in shown(company, cy)


# /announce


def test_an_announcement_is_seen_in_every_room_and_logged(
    company: Company, op: Peer, ann: Peer, bob: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat.commands")
    run(company, bob, "/join builds")
    shown(company, bob)
    run(company, op, "/announce back  at noon ")
    for peer in (op, ann, bob):
        assert shown(company, peer)[-1] == " * op announces: back  at noon "
    assert caplog.messages == [f"{op.client} announces: back  at noon "]


def test_a_program_is_not_shown_what_is_announced(company: Company, op: Peer) -> None:
    program = a_program(company)
    run(company, op, "/announce at noon")
    assert shown(company, program) == []
