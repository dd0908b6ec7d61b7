"""commands.talk: actions, and what is said to one person alone."""

import pytest

from gchat.commands import Refused
from gchat.hub import direct_messages, membership
from gchat.hub.asking import ANSWERS
from gchat.hub.checkpoint import give_token, leave
from gchat.hub.client import Away
from gchat.hub.direct_messages import MAX_TOLD, MOST_UNREAD, PRIVATE_LIMIT
from gchat.hub.mail_parts import PART, PART_OF_NETWORK
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


# /msg: its place, and its bound


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


def _fill(company: Company, ann: Peer, name: str, width: int = 500) -> tuple[int, str]:
    """Tell `name` numbers of `width` digits until that is refused; returns how many, and why."""
    for count in range(PRIVATE_LIMIT):
        try:
            run(company, ann, f"/msg {name} {count:0{width}}")
        except Refused as why:
            return count, str(why)
        if count % 50 == 0:
            shown(company, ann)
    raise AssertionError("it was never refused")


def test_what_waits_for_who_does_not_read_is_bounded_and_the_rest_is_refused_and_comes_later(
    company: Company, ann: Peer
) -> None:
    slow = person(company, "slow", SMALL)
    count, why = _fill(company, ann, "slow")
    assert why == "slow has not read earlier messages; not sent, try again later"
    assert slow.client.private_bytes <= PRIVATE_LIMIT + 2000
    lines = slow.read_lines(count)
    assert lines == [f"ann -> slow: {number:0500}" for number in range(count)]
    wait_until(lambda: not slow.client.private_bytes, "all is sent")
    run(company, ann, "/msg slow at last")
    assert slow.read_line() == "ann -> slow: at last\n"


@pytest.fixture
def slow(company: Company, ann: Peer) -> Peer:
    """Somebody who does not read, and whose socket is full."""
    slow = person(company, "slow", SMALL)
    company.say(ann, *["x" * 100] * 1000)
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    return slow


def test_whoever_fills_the_place_of_one_who_does_not_read_keeps_nobody_else_from_writing(
    company: Company, ann: Peer, bob: Peer, slow: Peer
) -> None:
    shown(company, bob)
    count, why = _fill(company, ann, "slow")
    assert refusal(company, ann, "/msg slow just this") == why
    assert told(company, bob, "/msg slow hello") == ["bob -> slow: hello"]
    assert refusal(company, bob, f"/msg slow {'x' * int(PART.burst)}") == why
    more, _ = _fill(company, bob, "slow")
    assert 0 < 500 * more < PART.burst
    told_lines = slow.read_lines(1000 + count + 1 + more)[1000:]
    assert told_lines[count] == "bob -> slow: hello"


def test_nobody_fills_it_with_one_connection_after_the_other(
    company: Company, ann: Peer, slow: Peer
) -> None:
    _fill(company, ann, "slow")
    counts = [_fill(company, person(company, f"n{each}"), "slow")[0] for each in range(12)]
    assert counts[0]
    assert not counts[-1]
    assert 500 * sum(counts) <= PART_OF_NETWORK.burst
    assert slow.client.private_bytes < MOST_UNREAD


def test_nor_do_those_of_one_network_at_another_server_keep_others_there_from_writing(
    company: Company, slow: Peer
) -> None:
    def is_taken(number: int, network: str, text: str) -> bool:
        what = slow.client.number, "slow", number, f"n{number}", network, text
        return "taken" in ANSWERS[direct_messages.DIRECT](company.hub, what)

    for number in range(20):
        while is_taken(number, "10.0.0.1/32", "x" * 500):
            pass
    assert not is_taken(20, "10.0.0.1/32", "hello")
    assert is_taken(21, "10.0.0.2/32", "hello")


def test_from_however_many_networks_they_come_it_is_bounded(
    company: Company, ann: Peer, bob: Peer, slow: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_messages, "MOST_UNREAD", PRIVATE_LIMIT)
    _, why = _fill(company, ann, "slow")
    assert refusal(company, bob, "/msg slow hello") == why


def test_many_tiny_messages_are_bounded_by_what_they_take_in_memory(
    company: Company, ann: Peer, slow: Peer
) -> None:
    _fill(company, ann, "slow", width=1)
    assert len(slow.client.owed) < PRIVATE_LIMIT // 100


def test_who_does_not_read_what_others_send_is_still_listened_to(
    company: Company, ann: Peer, bob: Peer
) -> None:
    slow = company.program(SMALL)
    _fill(company, ann, slow.client.name)
    shown(company, bob)
    slow.send(b"/me is still here\nis, too\n")
    address = slow.client.address
    assert bob.read_lines(2) == [f" ** {address} is still here", f"{address}: is, too"]


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
