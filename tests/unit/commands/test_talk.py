"""commands.talk: actions, and what is said to one person alone."""

import pytest

from gchat.hub import membership
from gchat.hub.checkpoint import give_token, leave
from gchat.hub.client import Away
from gchat.hub.direct_messages import MAX_TOLD
from tests.unit.commands.typing_lines import a_program, person, refusal, run, shown, told
from tests.unit.peers import Company, Peer, wait_until

SMALL = 2048

# /me


def test_an_action_is_shown_to_the_others_and_not_to_who_does_it(
    company: Company, ann: Peer, bob: Peer
) -> None:
    assert told(company, ann, "/me waves") == []
    assert shown(company, bob) == [" ** ann waves"]
    assert shown(company, company.join("late")) == []


def test_an_action_is_not_shown_in_another_room(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, bob, "/join den")
    shown(company, bob)
    run(company, ann, "/me waves")
    assert shown(company, bob) == []


def test_a_program_sees_actions(company: Company, ann: Peer) -> None:
    program = company.program()
    run(company, ann, "/me waves")
    assert program.read_line() == " ** ann waves\n"


# /msg: who sees it


def test_a_private_message_is_shown_to_both_alike_and_to_nobody_else(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, ann, "/msg BOB have you  got a minute?")
    line = "ann -> bob: have you  got a minute?"
    assert shown(company, ann) == shown(company, bob) == [line]
    assert shown(company, cy) == []
    assert company.room.log.end.id == 0


def test_a_private_message_reaches_another_room(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, bob, "/join den")
    shown(company, bob)
    run(company, ann, "/msg bob psst")
    assert shown(company, bob) == ["ann -> bob: psst"]


def test_a_private_message_to_an_address_reaches_who_has_no_name(
    company: Company, ann: Peer
) -> None:
    nameless = company.join()
    run(company, ann, f"/msg {nameless.client.address} hello")
    assert shown(company, nameless) == [f"ann -> {nameless.client.address}: hello"]


def test_a_program_sees_what_it_is_told_and_is_not_told_what_it_says(
    company: Company, ann: Peer
) -> None:
    program = a_program(company, "ci")
    run(company, ann, "/msg ci stop")
    run(company, program, "/msg ann stopped")
    assert shown(company, program) == ["ann -> ci: stop"]
    assert shown(company, ann) == ["ann -> ci: stop", "ci -> ann: stopped"]


def test_nobody_talks_to_themselves(company: Company, ann: Peer) -> None:
    assert refusal(company, ann, "/msg ANN hello") == "You cannot send a direct message to yourself"


def test_a_message_to_whom_one_ignores_oneself_is_refused(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, "/ignore bob")
    assert "You ignore bob" in refusal(company, ann, "/msg bob hello")
    assert shown(company, bob) == []


def test_a_message_to_who_ignores_the_sender_is_refused_and_says_so(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, "/ignore bob")
    shown(company, ann)
    assert refusal(company, bob, "/msg ann hello") == "ann ignores you; not sent"
    assert shown(company, ann) == []
    assert shown(company, bob) == []


def test_a_message_to_who_has_just_left_is_refused(company: Company, ann: Peer, bob: Peer) -> None:
    membership.part(company.hub, bob.client, "test")
    assert "Nobody here is called bob" in refusal(company, ann, "/msg bob hello")


# /msg: its place


@pytest.mark.placed
def test_private_messages_come_at_their_place_among_what_the_room_says(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    for number in range(50):
        company.say(cy, f"said {number}")
        run(company, ann, f"/msg bob told {number}")
    expected = [(f"cy: said {n}", f"ann -> bob: told {n}") for n in range(50)]
    assert shown(company, bob) == [line for pair in expected for line in pair]
    assert shown(company, ann) == [line for pair in expected for line in pair]


@pytest.mark.placed
def test_private_messages_of_one_who_reads_late_come_at_their_place(
    company: Company, ann: Peer, cy: Peer
) -> None:
    slow = person(company, "slow", SMALL)
    company.say(cy, *["x" * 100] * 1000)
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    for number in range(20):
        company.say(cy, f"said {number}")
        run(company, ann, f"/msg slow told {number}")
    lines = [line for line in shown(company, slow) if "x" not in line]
    expected = [(f"cy: said {n}", f"ann -> slow: told {n}") for n in range(20)]
    assert lines == [line for pair in expected for line in pair]


@pytest.mark.placed
def test_private_messages_come_at_their_place_from_one_room_to_another(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, bob, "/join den")
    run(company, cy, "/join den")
    shown(company, bob)
    for number in range(20):
        company.say(cy, f"said {number}")
        run(company, ann, f"/msg bob told {number}")
    expected = [(f"cy: said {n}", f"ann -> bob: told {n}") for n in range(20)]
    assert shown(company, bob) == [line for pair in expected for line in pair]


def test_private_messages_that_wait_are_kept_when_one_goes_to_another_room(
    company: Company, ann: Peer, bob: Peer
) -> None:
    bob.client.until = company.room.log.end  # it does not listen for the moment
    for number in range(5):
        company.say(ann, f"said {number}")
        run(company, ann, f"/msg bob told {number}")
    run(company, bob, "/join den")
    membership.listen(company.hub, bob.client)
    told_lines = [line for line in shown(company, bob) if "told" in line]
    assert told_lines == [f"ann -> bob: told {number}" for number in range(5)]


# Away


def test_who_messages_somebody_away_is_told_so_once_and_so_is_each_other(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, bob, "/away lunch")
    notice = "bob is away: lunch"
    assert told(company, ann, "/msg bob one") == ["ann -> bob: one", notice]
    assert told(company, ann, "/msg bob two") == ["ann -> bob: two"]
    run(company, ann, "/nick anna")
    assert notice not in told(company, ann, "/msg bob three")
    assert notice in told(company, cy, "/msg bob four")
    assert "ann -> bob: one" in shown(company, bob)  # it has reached them all the same


def test_who_is_away_anew_is_told_of_anew(company: Company, ann: Peer, bob: Peer) -> None:
    for text in ("lunch", "tea"):
        run(company, bob, f"/away {text}")
        assert f"bob is away: {text}" in told(company, ann, "/msg bob hello")
    run(company, bob, "/away")
    assert told(company, ann, "/msg bob hello") == ["ann -> bob: hello"]


def test_answering_alone_does_not_end_being_away(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, bob, "/away lunch")
    run(company, ann, "/msg bob hello")
    run(company, bob, "/reply later")
    assert bob.client.away


def test_it_is_remembered_of_a_bounded_number_that_they_were_told(
    company: Company, ann: Peer, bob: Peer
) -> None:
    bob.client.away = Away("lunch", set(range(1000, 1000 + MAX_TOLD)))
    assert "bob is away: lunch" in told(company, ann, "/msg bob hello")
    assert len(bob.client.away.told) <= MAX_TOLD


# /reply


def test_reply_goes_to_who_was_the_last_to_say_something(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, bob, "/msg ann one")
    run(company, cy, "/msg ann two")
    run(company, ann, "/reply of course")
    assert shown(company, cy)[-1] == "ann -> cy: of course"
    assert shown(company, bob) == ["bob -> ann: one"]


def test_reply_finds_who_has_taken_another_name_or_room(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, bob, "/msg ann one")
    run(company, bob, "/nick robert")
    run(company, bob, "/join den")
    run(company, cy, "/nick bob")  # somebody else now
    run(company, ann, "/reply two")
    assert shown(company, bob)[-1] == "ann -> robert: two"
    assert not any("two" in line for line in shown(company, cy))


def test_reply_with_nobody_to_reply_to_is_refused(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, ann, "/msg bob hello")  # having said something is not enough
    why = "You have no direct message to reply to"
    assert refusal(company, ann, "/reply hello") == why


@pytest.mark.parametrize("reads", [True, False])
def test_reply_to_one_who_has_left_is_refused(
    reads: bool, company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, bob, "/msg ann one")
    membership.part(company.hub, bob.client, "test")
    if not reads:  # it does not even read any more what was said before
        membership.remove(company.hub, bob.client)
    run(company, cy, "/nick bob")
    why = refusal(company, ann, "/reply two")
    assert why == "The sender of your last direct message has left"
    assert not any("two" in line for line in shown(company, cy))


def test_reply_to_who_ignores_the_sender_meanwhile_is_refused(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, bob, "/msg ann one")
    run(company, bob, "/ignore ann")
    shown(company, bob)
    assert refusal(company, ann, "/reply two") == "bob ignores you; not sent"
    assert shown(company, bob) == []


# Whom a message is for


@pytest.mark.parametrize("typed", ["@bob", "bob:", "bob,", "@BOB:"])
def test_a_name_may_be_written_as_people_address_each_other(
    typed: str, company: Company, ann: Peer, bob: Peer
) -> None:
    assert told(company, ann, f"/msg {typed} hi") == ["ann -> bob: hi"]
    assert shown(company, bob) == ["ann -> bob: hi"]


def test_the_only_name_that_begins_so_is_meant_and_told(
    company: Company, ann: Peer, bob: Peer
) -> None:
    assert told(company, ann, "/msg BO hi") == [
        "ann -> bob: hi",
        "Sent to bob, the only name that begins with BO",
    ]
    assert shown(company, bob) == ["ann -> bob: hi"]


def test_of_several_names_none_is_chosen(company: Company, ann: Peer, bob: Peer) -> None:
    bonny = person(company, "bonny")
    shown(company, ann)
    why = refusal(company, ann, "/msg bo hi")
    assert why == "bo may be bob and bonny; type more of the name. Not sent."
    assert refusal(company, ann, "/msg b hi").startswith("Nobody here is called b;")
    assert not [line for peer in (bob, bonny) for line in shown(company, peer) if "hi" in line]


def test_one_who_can_come_back_makes_a_beginning_ambiguous_too(
    company: Company, ann: Peer, bob: Peer
) -> None:
    bonny = person(company, "bonny")
    give_token(company.hub, bonny.client)
    leave(company.hub, bonny.client)
    membership.part(company.hub, bonny.client, "test")
    assert refusal(company, ann, "/msg bo hi").startswith("bo may be bob and bonny;")


def test_a_whole_name_is_never_a_beginning(company: Company, ann: Peer, bob: Peer) -> None:
    bobby = person(company, "bobby")
    shown(company, ann)
    assert told(company, ann, "/msg bob hi") == ["ann -> bob: hi"]
    assert not [line for line in shown(company, bobby) if "hi" in line]
    assert refusal(company, ann, "/msg 127 hi").startswith("Nobody here is called 127;")
