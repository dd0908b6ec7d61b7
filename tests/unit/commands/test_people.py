"""commands.people: who you are, and who others are."""

import re
import time
import timeit
from functools import partial

import pytest

from gchat.commands.arguments import MAX_TEXT
from gchat.hub import membership
from gchat.hub.checkpoint import give_token, leave
from gchat.hub.client import Dismissed
from tests.unit.commands.typing_lines import a_program, person, refusal, run, shown, told
from tests.unit.peers import Company, Peer

MARKS = "a" + "\u0315\u0300" * 30_000
"""What takes its length squared to normalise."""

# /nick


def test_a_new_name_is_told_to_the_others_and_confirmed_to_its_owner(
    company: Company, ann: Peer, bob: Peer
) -> None:
    assert told(company, ann, "/nick anna") == ["You are now anna"]
    company.say(ann, "hello")
    assert shown(company, bob) == [" * ann is now anna", "anna: hello"]


def test_a_program_that_takes_a_name_is_told_nothing_and_nobody_else_is(
    company: Company, ann: Peer
) -> None:
    program = a_program(company)
    assert told(company, program, "/nick ci") == []
    assert shown(company, ann) == []
    assert program.client.name == "ci"


def test_the_same_name_in_another_case_is_still_ones_own(company: Company, ann: Peer) -> None:
    assert told(company, ann, "/nick ANN") == ["You are now ANN"]
    assert told(company, ann, "/nick ANN") == ["You are now ANN"]


@pytest.mark.parametrize("name", ["a b", "127.0.0.1", "a" * 100, "\\x1b", "!", "\u0301"])
def test_nick_refuses_what_is_not_a_name_with_the_reason_and_a_free_one(
    name: str, company: Company, ann: Peer, bob: Peer
) -> None:
    why = refusal(company, ann, f"/nick {name}")
    assert re.search(r"^.{5,}; \S+ is free$", why)
    assert ann.client.name == "ann"
    assert shown(company, bob) == []
    run(company, ann, f"/nick {why.split()[-3]}")


def test_nick_refuses_a_name_that_looks_like_somebodys_with_a_free_one(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, "/nick coco")
    assert refusal(company, bob, "/nick сосо") == (
        "The name сосо looks like coco, who is here; сосо2 is free"
    )
    assert bob.client.name == "bob"


def test_nick_refuses_a_taken_name_with_who_has_it_since_when_and_a_free_one(
    company: Company, ann: Peer, bob: Peer
) -> None:
    ann.client.heard = time.monotonic() - 185
    ann.client.named = time.monotonic() - 3 * 86400
    why = refusal(company, bob, "/nick ANN")
    assert re.fullmatch(
        r"The name ANN is taken \(by ann since \d{4}-\d\d-\d\d \d\d:\d\d, idle for 3 min\); "
        r"ANN2 is free",
        why,
    )
    assert bob.client.name == "bob"
    assert shown(company, ann) == []
    run(company, bob, "/nick ANN2")


def test_a_name_is_free_as_soon_as_its_owner_has_left_or_taken_another(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, ann, "/nick anna")
    run(company, bob, "/nick ann")
    membership.part(company.hub, bob.client, "test")
    run(company, cy, "/nick ann")
    assert company.hub.names.holder("ann") is cy.client


@pytest.mark.parametrize("line", ["/nick", "/whois", "/msg", "/ignore", "/unignore", "/who"])
@pytest.mark.parametrize("typed", [MARKS, "\ufdfa" * 20_000], ids=["marks", "ligatures"])
def test_a_name_of_great_length_costs_about_what_a_short_one_does(
    line: str, typed: str, company: Company, ann: Peer
) -> None:
    def seconds(name: str) -> float:
        refuse = partial(refusal, company, ann, f"{line} {name}")
        return min(timeit.repeat(refuse, number=1, repeat=3))

    assert seconds(f"{typed} text") < 100 * seconds("nobody! text")


# /whois


def test_whois_tells_the_room_since_when_and_how_long_idle(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, bob, "/join builds")
    bob.client.heard = time.monotonic() - 125
    lines = told(company, ann, "/whois BOB")
    (line,) = [line for line in lines if line != "bob left"]
    assert re.fullmatch(r"bob: in #builds, here since \d\d:\d\d( \d\d:\d\d)?, idle for 2 min", line)


def test_whois_tells_that_somebody_is_away_and_why(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, bob, "/away lunch")
    assert told(company, ann, "/whois bob")[1] == "bob is away: lunch"


def test_whois_shows_an_address_to_nobody_but_its_owner(
    company: Company, ann: Peer, bob: Peer
) -> None:
    assert f"address {ann.client.address}" in told(company, ann, "/whois ann")[0]
    assert ann.client.address not in told(company, bob, "/whois ann")[0]
    run(company, bob, "/json on")
    assert ann.client.address not in "".join(told(company, bob, "/whois ann"))


def test_whom_nobody_knows_is_refused_with_where_to_look(company: Company, ann: Peer) -> None:
    for line in ("/whois zoe", "/msg zoe hello"):
        why = "Nobody here is called zoe; /who lists the people in this room"
        assert refusal(company, ann, line) == why


def test_whois_tells_of_one_who_can_come_back(company: Company, ann: Peer) -> None:
    bob = person(company, "bob")
    give_token(company.hub, bob.client)
    leave(company.hub, bob.client)
    membership.part(company.hub, bob.client, "test")
    shown(company, ann)
    (line,) = told(company, ann, "/whois @BOB")
    assert re.fullmatch(
        r"bob: not here, last seen [-\d :]+ in #lobby; the name is reserved for them, and /msg "
        "reaches them when they come back",
        line,
    )


def test_a_new_name_is_in_the_log(
    company: Company, ann: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    run(company, ann, "/nick anna")
    run(company, ann, "/nick anna")
    assert caplog.messages.count(f"ann ({ann.client.address}) is now anna") == 1


def test_whoever_is_asked_about_does_not_learn_it(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, ann, "/whois bob")
    assert shown(company, bob) == []


# /away


def test_one_is_back_with_away_alone_or_with_what_one_says(company: Company, ann: Peer) -> None:
    assert told(company, ann, "/away lunch")[0].startswith("You are away")
    assert told(company, ann, "/away") == ["You are no longer away"]
    assert refusal(company, ann, "/away").startswith("You are not away; /away TEXT ")
    assert ann.client.away is None
    assert told(company, ann, "/away lunch")[0].startswith("You are away")
    company.say(ann, "I am back")
    assert shown(company, ann) == [" * You are no longer away"]
    assert ann.client.away is None
    assert told(company, ann, "/away lunch")[0].startswith("You are away")
    assert told(company, ann, "/me is back") == ["You are no longer away"]


def test_another_text_takes_the_place_of_the_first(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, bob, "/away lunch")
    run(company, bob, "/away tea")
    assert told(company, ann, "/whois bob")[1] == "bob is away: tea"


def test_nobody_else_is_told_that_one_is_away(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, ann, "/away lunch")
    run(company, ann, "/away")
    assert shown(company, bob) == []


def test_too_long_an_away_text_is_refused_with_its_length_and_the_limit(
    company: Company, ann: Peer
) -> None:
    why = refusal(company, ann, "/away " + "x" * (MAX_TEXT + 1))
    assert str(MAX_TEXT + 1) in why
    assert f"limit {MAX_TEXT})" in why
    assert ann.client.away is None
    run(company, ann, "/away " + "x" * MAX_TEXT)


def test_a_program_is_not_told_that_it_is_away(company: Company) -> None:
    program = a_program(company, "ci")
    assert told(company, program, "/away lunch") == []
    with pytest.raises(Dismissed):
        run(company, program, "/quit")
    assert shown(company, program) == []


def test_whois_does_not_show_what_one_who_is_ignored_says_about_being_away(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, bob, "/away something rude")
    run(company, ann, "/ignore bob")
    assert not [line for line in told(company, ann, "/whois bob") if "rude" in line]
