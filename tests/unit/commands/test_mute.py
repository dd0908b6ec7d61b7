"""chat.commands.operators: who may read, but say nothing; and telling everybody."""

import logging
import time

import pytest

from chat.sanctions import Sanction
from tests.unit.commands.typing_lines import a_program, refusal, run, shown, told
from tests.unit.peers import Company, Peer


def comes(company: Company) -> Peer:
    """Somebody comes, from the same address as the others who do."""
    peer = company.join()
    company.hub.places.take(peer.client.network)
    return peer


def leaves(company: Company, peer: Peer) -> None:
    company.hub.part(peer.client, "test")
    company.hub.places.give_back(peer.client.network)
    company.hub.remove(peer.client)


# /mute


def test_one_who_is_muted_and_its_room_and_the_log_learn_by_whom_how_long_and_why(
    company: Company, op: Peer, ann: Peer, bob: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chat.commands")
    run(company, op, "/mute bob 10m cool down")
    assert shown(company, bob) == [" * you are muted by op, for 10 min: cool down"]
    told_all = "bob is muted by op, for 10 min: cool down"
    assert shown(company, ann) == shown(company, op) == [f" * {told_all}"]
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
    assert "you are muted by op" in told(company, bob, "/why")
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


def test_one_who_is_muted_is_so_when_it_comes_back_but_only_the_first_from_there(
    company: Company, op: Peer
) -> None:
    bob = comes(company)
    run(company, op, f"/mute {bob.client.name} 10m")
    muted = bob.client.muted
    leaves(company, bob)
    back, other = comes(company), comes(company)
    assert back.client.muted == muted
    assert other.client.muted is None


def test_nobody_is_muted_for_one_who_has_left_an_address_where_others_are(
    company: Company,
) -> None:
    bob, ann = comes(company), comes(company)
    bob.client.muted = Sanction("op")
    leaves(company, bob)
    assert comes(company).client.muted is None
    assert ann.client.muted is None


def test_nothing_is_remembered_of_those_who_leave_and_are_not_muted(company: Company) -> None:
    leaves(company, comes(company))
    assert not company.hub.absent._muted


# /unmute


def test_one_who_was_muted_may_speak_again_and_all_learn_by_whom(
    company: Company, op: Peer, ann: Peer, bob: Peer
) -> None:
    bob.client.muted = Sanction("cy")
    run(company, op, "/unmute bob")
    assert shown(company, bob) == [" * you may speak again, thanks to op"]
    assert shown(company, ann) == [" * bob may speak again, thanks to op"]
    run(company, bob, "/me thanks")
    assert shown(company, ann) == [" ** bob thanks"]


@pytest.mark.parametrize("muted", [None, Sanction("cy", until=1.0)])
def test_who_is_not_muted_cannot_be_unmuted(
    muted: Sanction | None, company: Company, op: Peer, bob: Peer
) -> None:
    bob.client.muted = muted
    assert refusal(company, op, "/unmute bob") == "bob is not muted"
    assert shown(company, bob) == []


# /announce


def test_an_announcement_is_seen_in_every_room_and_logged(
    company: Company, op: Peer, ann: Peer, bob: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chat.commands")
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
