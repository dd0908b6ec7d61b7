"""What programs that speak JSON are answered, as facts: about people, rooms and messages."""

import json
import time
from collections.abc import Iterator

import pytest

from gchat.commands import TABLE, rooms
from gchat.hub import membership
from gchat.hub.checkpoint import give_token, leave
from gchat.hub.naming import rename
from gchat.hub.owed import OWED_LIMIT
from gchat.model.epochs import Place
from gchat.protocol.json_lines import VERSION
from tests.unit.commands.asking import REF, answer, is_about, objects
from tests.unit.commands.typing_lines import a_program, person, run
from tests.unit.peers import Company, Peer

ALL = ["first tea", "second", "third tea"]


def test_who_tells_names_and_who_is_an_operator_away_or_a_program(
    company: Company, ann: Peer, bob: Peer, op: Peer
) -> None:
    a_program(company, "ci")
    run(company, bob, "/away lunch")
    found = answer(company, ann, "/who")
    assert sorted(found.pop("people"), key=lambda each: str(each["name"])) == [
        {"name": "ann", "operator": False, "away": None, "program": False},
        {"name": "bob", "operator": False, "away": "lunch", "program": False},
        {"name": "ci", "operator": False, "away": None, "program": True},
        {"name": "op", "operator": True, "away": None, "program": False},
    ]
    assert found == {"answer": "who", "room": "lobby", "total": 4, "more": False}


def test_who_tells_of_many_people_in_portions_that_are_true_when_they_come(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "PORTION", 2)
    zoes = [person(company, f"zoe{number}") for number in range(6)]

    def meanwhile() -> Iterator[None]:
        membership.part(company.hub, zoes[2].client, "test")
        yield
        rename(company.hub, zoes[5].client, "yve")
        yield
        yield

    turns = meanwhile()
    monkeypatch.setattr(company.hub, "next_turn", lambda client: next(turns))
    portions = [
        ([each["name"] for each in fields["people"]], fields["total"], fields["more"])
        for fields in objects(company, ann, "/who")
        if fields["kind"] == "answer"
    ]
    assert portions == [
        (["ann", "bob"], 8, True),
        (["zoe0", "zoe1"], 7, True),
        (["zoe3", "zoe4"], 7, True),
        (["yve"], 7, False),
    ]


def test_who_tells_nobody_what_somebody_that_they_ignore_says_of_being_away(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, bob, "/away lunch")
    run(company, ann, "/ignore bob")
    away = {each["name"]: each["away"] for each in answer(company, ann, "/who")["people"]}
    assert away == {"ann": None, "bob": ""}
    assert answer(company, ann, "/whois bob")["away"] == ""


def test_rooms_tells_their_sizes_and_topics(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, ann, "/topic tea")
    run(company, cy, "/join den")
    assert answer(company, ann, "/rooms") == {
        "answer": "rooms",
        "rooms": [
            {"room": "lobby", "people": 2, "topic": "tea"},
            {"room": "den", "people": 1, "topic": ""},
        ],
        "total": 2,
    }
    assert answer(company, ann, "/rooms zoo") == {"answer": "rooms", "rooms": [], "total": 0}


def test_whois_tells_room_and_times_and_only_oneself_ones_address(
    company: Company, ann: Peer, bob: Peer
) -> None:
    now = time.time()
    bob.client.since -= 100
    bob.client.heard -= 50
    run(company, bob, "/away lunch")
    found = answer(company, ann, "/whois bob")
    assert is_about(found.pop("since"), now - 100)
    assert is_about(found.pop("seen"), now - 50)
    assert found == {
        "answer": "whois",
        "name": "bob",
        "here": True,
        "room": "lobby",
        "rooms": ["lobby"],
        "away": "lunch",
        "address": None,
    }
    assert answer(company, ann, "/whois ann")["address"] == ann.client.address


def test_whois_tells_when_somebody_was_here_who_can_come_back(
    company: Company, ann: Peer, bob: Peer
) -> None:
    give_token(company.hub, bob.client)
    leave(company.hub, bob.client)
    membership.part(company.hub, bob.client, "test")
    found = answer(company, ann, "/whois bob")
    assert is_about(found["seen"], time.time())
    assert (found["name"], found["here"], found["since"]) == ("bob", False, None)


def test_what_has_become_of_one_is_told(company: Company, ann: Peer, bob: Peer) -> None:
    assert answer(company, ann, "/nick anna") == {"answer": "nick", "name": "anna"}
    run(company, bob, "/join den")
    run(company, bob, "/topic tea")
    den = {"answer": "join", "room": "den", "total": 2, "topic": "tea"}
    assert answer(company, ann, "/join den") == den
    assert answer(company, ann, "/leave")["room"] == "lobby"
    give_token(company.hub, ann.client)
    token = {"answer": "token", "token": ann.client.token, "room": "lobby"}
    if company.hub.store.is_kept:
        assert answer(company, ann, "/token").items() >= token.items()


def test_the_topic_is_told_and_empty_if_there_is_none(
    company: Company, ann: Peer, bob: Peer
) -> None:
    for line, topic in (("/topic", ""), ("/topic tea", "tea"), ("/topic", "tea"), ("/topic -", "")):
        facts = {"answer": "topic", "room": "lobby", "topic": topic}
        assert answer(company, ann, line) == facts, line


def test_the_names_that_one_ignores_are_told(company: Company, ann: Peer, bob: Peer) -> None:
    assert answer(company, ann, "/ignore")["names"] == []
    run(company, ann, "/ignore zoe")
    run(company, ann, "/ignore bob")
    assert answer(company, ann, "/ignore")["names"] == ["bob", "zoe"]


@pytest.mark.placed
def test_messages_follow_how_many_there_are_each_with_the_ref(
    company: Company, ann: Peer, bob: Peer
) -> None:
    now = time.time()
    company.say(bob, "first tea", "second", "third tea")
    last = company.room.log.end.id
    place = str(Place(last, company.room.log.epoch))
    around = {"answer": "around", "room": "lobby", "id": last, "place": place}
    for line, facts, texts in (
        ("/history 2", {"answer": "history", "room": "lobby", "count": 2}, ["second", "third tea"]),
        ("/since 1h", {"answer": "since", "room": "lobby", "count": 3}, ALL),
        ("/find tea", {"answer": "find", "count": 2, "unsearched": 0}, ["first tea", "third tea"]),
        ("/find coffee", {"answer": "find", "count": 0, "unsearched": 0}, []),
        (f"/around {last}", around, ALL),
    ):
        heading, *messages = objects(company, ann, line)
        if "since" in heading:
            assert is_about(heading.pop("since"), now - 3600)
        assert heading.items() >= ({"kind": "answer", "ref": REF} | facts).items(), line
        assert [each["text"] for each in messages] == texts, line
        for each in messages:
            assert (each["again"], each["ref"], each["name"]) == (True, REF, "bob")


def test_what_one_can_delete_is_counted(company: Company, ann: Peer) -> None:
    company.say(ann, "one", "two")
    assert answer(company, ann, "/forget") == {"answer": "forget", "count": 2, "deleted": False}
    assert answer(company, ann, "/forget yes") == {"answer": "forget", "count": 2, "deleted": True}


def test_json_announces_its_version(company: Company, ann: Peer) -> None:
    assert answer(company, ann, "/json on") == {"answer": "json", "json": True, "version": VERSION}
    assert answer(company, ann, "/json off") == {
        "answer": "json",
        "json": False,
        "version": VERSION,
    }


def test_being_away_is_told_and_being_back_in_both_ways(company: Company, ann: Peer) -> None:
    assert answer(company, ann, "/away lunch") == {"answer": "away", "away": "lunch"}
    assert answer(company, ann, "/away") == {"answer": "away", "away": None}
    run(company, ann, "/away lunch")
    assert answer(company, ann, "/me is back") == {"answer": "away", "away": None}


def test_of_a_direct_message_it_is_told_to_whom_it_went_and_if_they_are_away(
    company: Company, ann: Peer, bob: Peer
) -> None:
    sent = {"answer": "msg", "to": "bob", "stored": False, "away": None}
    assert answer(company, ann, "/msg bo psst") == sent
    run(company, bob, "/away lunch")
    assert answer(company, ann, "/msg bob psst") == sent | {"away": "lunch"}
    run(company, ann, "/ignore zoe")
    (private,) = objects(company, ann, "/msg bob psst")  # which is told once
    assert private["kind"] == "private"


def test_help_lists_commands(company: Company, ann: Peer) -> None:
    nick = {
        "command": "/nick",
        "arguments": "NAME",
        "group": "people",
        "summary": "change your name",
        "operator": False,
    }
    assert answer(company, ann, "/help nick") == {"answer": "help", "commands": [nick]}
    everything = answer(company, ann, "/help")["commands"]
    assert [each["command"] for each in everything] == list(TABLE)
    assert nick in everything
    people = answer(company, ann, "/help people")["commands"]
    assert people == [each for each in everything if each["group"] == "people"]
    operators = answer(company, ann, "/help operators")["commands"]
    assert {each["group"] for each in operators} == {"moderation", "admin"}
    assert {each["command"] for each in operators} >= {"/ban", "/shutdown"}
    assert all(each["operator"] for each in operators if each["command"] != "/op")


def test_all_of_help_takes_less_than_may_be_unread(company: Company, ann: Peer) -> None:
    (everything,) = objects(company, ann, "/help")
    assert len(json.dumps(everything)) < OWED_LIMIT


def test_what_is_no_fact_is_a_text_with_the_ref(company: Company, ann: Peer, bob: Peer) -> None:
    (time_,) = objects(company, ann, "/time UTC")
    assert time_.keys() == {"kind", "text", "ref"}
    (private,) = objects(company, ann, "/msg bob psst")
    assert (private["kind"], private["text"], private["ref"]) == ("private", "psst", REF)
