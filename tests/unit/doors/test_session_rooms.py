"""doors.session for programs in several rooms: what they ask for, and what they are told."""

import json

import pytest

from gchat.doors import visit
from gchat.hub import membership
from gchat.model.epochs import Place
from tests.unit.peers import Company, Peer, wait_until
from tests.unit.programs import (
    Fields,
    carry_out,
    listener,
    read,
    rooms_of,
    said,
    send,
    speaking_json,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "LINGER", 0.2)


@pytest.fixture
def bot(company: Company) -> Peer:
    """A program called `bot` that speaks JSON, in the lobby alone."""
    return speaking_json(company, "bot")


def test_it_hears_what_is_said_in_all_its_rooms(company: Company, bot: Peer) -> None:
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    *answers, ok = carry_out(bot, join="builds")
    assert [each["text"] for each in answers] == ["You are in #builds, with bob"]
    log = company.hub.rooms.by_name["builds"].log
    place = Place(log.end.id, log.epoch)
    assert ok == {
        "kind": "ok", "ref": "this", "id": place.id, "place": str(place), "room": "builds"
    }  # fmt: skip
    company.say(ann, "one")
    assert said(bot, 1) == [("lobby", "one")]
    company.say(bob, "two")
    assert said(bot, 1) == [("builds", "two")]


def test_it_may_ask_for_all_of_it_in_its_first_packet(company: Company) -> None:
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    bot = company.converse(
        b'/nick bot\n/json\n{"join": "builds"}\n{"join": "ops"}\n{"leave": "lobby"}\n'
        b'{"text": "one", "room": "builds"}\n{"command": "/leave", "room": "ops"}\n'
        b'{"text": "two"}\n'
    )
    assert bob.read_lines(2) == ["bot: one", "bot: two"]
    assert rooms_of(bot) == ["builds"]
    company.say(ann, "not for it")
    company.say(bob, "for it")
    while (fields := read(bot))["kind"] == "answer" or fields["kind"] == "info":
        pass
    assert (fields["room"], fields["text"]) == ("builds", "for it")


def test_what_it_says_goes_to_the_room_that_it_names_or_to_the_first(
    company: Company, bot: Peer
) -> None:
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    carry_out(bot, join="#Builds")
    for fields in (
        {"text": "in the lobby"},
        {"text": "in builds", "room": "builds"},
        {"text": "waves", "kind": "action", "room": "#BUILDS"},
        {"command": "/topic tea", "room": "builds"},
        {"text": "in the lobby again", "room": "lobby"},
    ):
        ok = carry_out(bot, **fields)[-1]
        assert ok["kind"] == "ok"
        room = company.hub.rooms.by_name[fields.get("room", "lobby").lower().removeprefix("#")]
        assert (ok["room"], ok["id"]) == (room.name, room.log.end.id)
    assert ann.read_lines(2) == ["bot: in the lobby", "bot: in the lobby again"]
    assert bob.read_lines(3) == [
        "bot: in builds", " ** bot waves", " * bot set the topic: tea"
    ]  # fmt: skip


def test_it_is_not_sent_what_it_said_itself_in_any_of_them(company: Company, bot: Peer) -> None:
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    carry_out(bot, join="builds")
    send(bot, text="mine")
    send(bot, text="mine too", room="builds")
    bob.read_until("mine too")
    ann.read_until("mine")
    company.say(bob, "two")
    assert said(bot, 1) == [("builds", "two")]
    company.say(ann, "one")
    assert said(bot, 1) == [("lobby", "one")]
    assert [seat.own_ahead for seat in bot.client.seats] == [0, 0]


def test_a_command_is_carried_out_in_the_room_that_it_names(company: Company, bot: Peer) -> None:
    bob = listener(company, "bob", "builds")
    company.say(bob, "earlier")
    carry_out(bot, join="builds")
    who = carry_out(bot, command="/who", room="builds")[0]
    assert (who["room"], [each["name"] for each in who["people"]]) == ("builds", ["bot", "bob"])
    assert carry_out(bot, command="/who")[0]["room"] == "lobby"
    shown = carry_out(bot, command="/history", room="builds")
    assert [each["text"] for each in shown if each.get("again")] == ["earlier"]
    around = carry_out(bot, command="/around 1", room="builds")
    assert [each["text"] for each in around if each.get("again")] == ["earlier"]


def test_who_is_in_a_room_comes_at_its_place_among_what_happens_there(
    company: Company,
) -> None:
    bot = speaking_json(company, "bot", send_buffer=2048)
    bob = listener(company, "bob", "builds")
    carry_out(bot, join="builds")
    company.say(bob, *(f"{number} {'x' * 1000}" for number in range(300)))
    wait_until(lambda: bot.client.connection.blocked, "its connection takes no more")
    *before, who, ok = carry_out(bot, command="/who builds")
    assert [each["text"].split()[0] for each in before] == list(map(str, range(300)))
    assert (who["answer"], who["room"], ok["kind"]) == ("who", "builds", "ok")


def test_leaving_a_room_ends_what_is_heard_of_it_and_the_others_stay(
    company: Company, bot: Peer
) -> None:
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    carry_out(bot, join="builds")
    company.say(bob, "before")
    objects = carry_out(bot, leave="builds")
    assert [each["text"] for each in objects[:-1]] == ["before", "You left #builds"]
    assert rooms_of(bot) == ["lobby"]
    assert bot.client.number not in company.hub.rooms.by_name["builds"].clients
    company.say(bob, "after")
    company.say(ann, "hello")
    assert said(bot, 1) == [("lobby", "hello")]
    wait_until(lambda: bot.client.cohort is not None, "it is in a cohort again")


def test_when_it_leaves_its_first_room_the_next_one_is_the_first(
    company: Company, bot: Peer
) -> None:
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    carry_out(bot, join="builds")
    carry_out(bot, join="ops")
    send(bot, text="first", room="builds")
    carry_out(bot, leave="lobby")
    assert rooms_of(bot) == ["builds", "ops"]
    assert carry_out(bot, text="second")[-1]["room"] == "builds"
    assert bob.read_lines(2) == ["bot: first", "bot: second"]
    company.say(ann, "not for it")
    company.say(bob, "for it")
    assert said(bot, 1) == [("builds", "for it")]
    carry_out(bot, leave="builds")
    assert rooms_of(bot) == ["ops"]
    assert bot.client.connection.seats is None


def test_join_moves_it_from_its_first_room_and_the_others_stay(company: Company, bot: Peer) -> None:
    bob = listener(company, "bob", "builds")
    carry_out(bot, join="builds")
    carry_out(bot, command="/join ops")
    assert rooms_of(bot) == ["ops", "builds"]
    company.say(bob, "hello")
    assert said(bot, 1) == [("builds", "hello")]
    carry_out(bot, command="/join tests", room="builds")
    assert rooms_of(bot) == ["ops", "tests"]
    carry_out(bot, command="/leave", room="tests")
    assert rooms_of(bot) == ["ops"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"text": "x", "room": "builds"}, 'You are not in #builds; {"join": "builds"} enters it'),
        ({"command": "/who", "room": "builds"}, "You are not in #builds"),
        ({"join": "lobby"}, "You are in #lobby already"),
        ({"join": "a b"}, "must be the name of a room"),
        ({"join": "a/b"}, "Names have letters"),
        ({"leave": "lobby"}, "#lobby is the only room that you are in"),
        ({"leave": "builds"}, "You are not in #builds"),
        ({"join": "builds", "text": "x"}, "no field text"),
        ({"text": "x", "to": "ann", "room": "lobby"}, "is in no room"),
        ({"text": "x", "places": {}}, "comes with resume"),
        ({"resume": "bad-token", "places": {"lobby": "none"}}, "The places are an object"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    bot: Peer, fields: Fields, why: str
) -> None:
    (error,) = carry_out(bot, **fields)
    assert error["kind"] == "error"
    assert why in error["text"]
    assert rooms_of(bot) == ["lobby"]


def test_a_room_that_it_is_in_already_is_refused(bot: Peer) -> None:
    carry_out(bot, join="builds")
    for fields in ({"join": "builds"}, {"command": "/join builds"}):
        assert carry_out(bot, **fields)[-1]["text"] == "You are in #builds already"
    assert rooms_of(bot) == ["lobby", "builds"]


def test_json_stays_on_while_it_is_in_several_rooms(bot: Peer) -> None:
    carry_out(bot, join="builds")
    assert "which only JSON tells apart" in carry_out(bot, command="/json off")[-1]["text"]
    carry_out(bot, leave="builds")
    send(bot, command="/json off")
    assert read(bot)["text"] == "JSON is off"


def test_there_is_a_limit_on_its_rooms(bot: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "MOST_SEATS", 3)
    for room in ("one", "two"):
        assert carry_out(bot, join=room)[-1]["kind"] == "ok"
    assert "in 3 rooms at a time" in carry_out(bot, join="three")[-1]["text"]
    carry_out(bot, leave="one")
    assert carry_out(bot, join="three")[-1]["kind"] == "ok"


def test_further_rooms_count_as_connections(company: Company, bot: Peer) -> None:
    limits, slots = company.hub.settings.limits, company.hub.slots
    slots.take(bot.client.network)  # as its connection does at the door
    limits.max_clients = limits.max_per_address = 2
    assert carry_out(bot, join="one")[-1]["kind"] == "ok"
    assert "the server is full (limit 2" in carry_out(bot, join="two")[-1]["text"]
    limits.max_clients = 10
    assert "from your address (limit 2" in carry_out(bot, join="two")[-1]["text"]
    carry_out(bot, leave="one")
    assert carry_out(bot, join="two")[-1]["kind"] == "ok"
    bot.end_input()
    bot.read_to_end()
    wait_until(lambda: slots.total == 1, "it has given them back")


def test_others_are_told_in_each_room_who_comes_is_renamed_and_leaves(company: Company) -> None:
    bot = company.converse()
    bot.read_until("/help lists the commands")
    bot.send(b"/nick bot\n/json\n")
    bot.read_until("JSON is on")
    lobby, builds = listener(company, "ann"), listener(company, "bob", "builds")
    carry_out(bot, join="builds")
    assert builds.read_lines(1) == [" * bot joined"]
    carry_out(bot, command="/nick robot")
    assert lobby.read_lines(1) == [" * bot is now robot"]
    assert builds.read_lines(1) == [" * bot is now robot"]
    send(bot, command="/quit")
    assert lobby.read_lines(1) == [" * robot left"]
    assert builds.read_lines(1) == [" * robot left"]


def test_it_gets_all_that_was_said_in_each_before_it_leaves(company: Company, bot: Peer) -> None:
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    carry_out(bot, join="builds")
    company.say(ann, *map(str, range(300)))
    company.say(bob, *map(str, range(300)))
    bot.end_input()
    objects = [json.loads(line) for line in bot.read_to_end().splitlines()]
    for room in ("lobby", "builds"):
        texts = [each["text"] for each in objects if each.get("room") == room]
        assert texts == list(map(str, range(300)))


def test_what_is_sent_once_more_is_known_by_its_room(company: Company, bot: Peer) -> None:
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    carry_out(bot, join="builds")
    first = carry_out(bot, text="x", room="builds")
    assert carry_out(bot, text="x", room="builds") == first
    assert carry_out(bot, text="x") == first  # it may have been the first room then
    assert carry_out(bot, text="x", room="lobby")[-1]["room"] == "lobby"
    assert bob.read_lines(1) == ["bot: x"]
    assert ann.read_lines(1) == ["bot: x"]
