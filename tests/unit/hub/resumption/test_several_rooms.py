"""hub.resumption for clients in several rooms: all of them come back, each at its own place."""

import json

import pytest

from gchat.model.epochs import Place
from tests.unit.hub.resumption.in_all_rooms import (
    ROOMS,
    in_all_rooms,
    read_up_to,
    resumed,
    say,
    talkers,
)
from tests.unit.hub.resumption.returning import Server, gone
from tests.unit.peers import DEADLINE, Company, wait_until
from tests.unit.programs import carry_out, read, rooms_of, send, speaking_json


@pytest.mark.parametrize("restarts", [False, True])
def test_all_rooms_come_back_with_what_was_missed_in_each(server: Server, restarts: bool) -> None:
    company = server.company
    bot, others = in_all_rooms(company), talkers(company)
    say(company, others, "heard")
    read_up_to(bot, "heard", [])
    gone(company, bot)
    say(company, others, "missed")
    if restarts:
        server.stop()
        company = server.start()
        others = talkers(company)
    again, objects = resumed(company, resume=bot.client.token)
    assert rooms_of(again) == ROOMS
    told = [each for each in objects if each.get("answer") == "resume"]
    assert [(each["room"], each["missed"]) for each in told] == [(room, 1) for room in ROOMS]
    assert "Welcome back! You are bot in #lobby" in told[0]["text"]
    assert "You are also in #builds" in told[1]["text"]
    say(company, others, "end")
    assert read_up_to(again, "end", objects) == {room: ["missed", "end"] for room in ROOMS}


def test_what_it_is_again_is_told_before_any_message_that_it_has_missed(company: Company) -> None:
    bot, others = in_all_rooms(company), talkers(company)
    gone(company, bot)
    company.say(others[1], *map(str, range(100)))
    say(company, others, "missed")
    again = speaking_json(company, "other")
    send(again, resume=bot.client.token)
    company.hub.mark_ready(company.hub.rooms.by_name["builds"])  # it may be served before
    kinds = [read(again)["kind"] for _ in range(4)]
    assert kinds == ["answer", "answer", "answer", "say"]


def test_each_room_goes_on_behind_the_place_that_is_given_for_it(company: Company) -> None:
    bot, others = in_all_rooms(company), talkers(company)
    for text in ("one", "two", "three"):
        say(company, others, text)
    read_up_to(bot, "three", [])
    gone(company, bot)
    places = {}
    for room, back in (("lobby", 2), ("#Builds", 1), ("ops", 0)):
        log = company.hub.rooms.by_name[room.lower().removeprefix("#")].log
        places[room] = str(Place(log.end.id - back, log.epoch))
    again, objects = resumed(company, resume=bot.client.token, places=places)
    say(company, others, "end")
    assert read_up_to(again, "end", objects) == {
        "lobby": ["two", "three", "end"],
        "builds": ["three", "end"],
        "ops": ["end"],
    }


def test_a_single_place_is_that_of_the_first_room(company: Company) -> None:
    bot, others = in_all_rooms(company), talkers(company)
    say(company, others, "one")
    read_up_to(bot, "one", [])
    gone(company, bot)
    log = company.room.log
    place = Place(log.end.id - 1, log.epoch)
    again, objects = resumed(company, command=f"/resume {bot.client.token} {place}")
    say(company, others, "end")
    found = read_up_to(again, "end", objects)
    assert found == {"lobby": ["one", "end"], "builds": ["end"], "ops": ["end"]}


def test_a_gap_is_told_in_the_room_in_which_it_is(company: Company) -> None:
    bot, others = in_all_rooms(company), talkers(company)
    gone(company, bot)
    again, objects = resumed(company, resume=bot.client.token, places={"builds": "another-7"})
    say(company, others, "end")
    while [each.get("text") for each in objects].count("end") < len(ROOMS):
        objects.append(read(again))
    gaps = [each for each in objects if each["kind"] == "gap"]
    assert [(each["room"], each["missed"]) for each in gaps] == [("builds", None)]
    in_builds = [each["kind"] for each in objects if each.get("room") == "builds"]
    assert in_builds[-2:] == ["gap", "say"]


def test_it_is_also_in_a_room_of_which_it_gives_a_place_that_was_not_saved(
    server: Server,
) -> None:
    company = server.company
    bot, others = in_all_rooms(company), talkers(company)
    say(company, others, "one")
    read_up_to(bot, "one", [])
    identity = gone(company, bot)
    server.checkpointer.write()
    identity.places = identity.places[:1]  # as if the server was killed before it had saved more
    log = company.hub.rooms.by_name["ops"].log
    places = {"ops": str(Place(log.end.id - 1, log.epoch))}
    again, objects = resumed(company, resume=bot.client.token, places=places)
    assert rooms_of(again) == ["lobby", "ops"]
    server.checkpointer.write()
    (saved,) = company.hub.directory.identities()
    assert [place.room for place in saved.places] == ["lobby", "ops"]
    say(company, others, "end")
    texts = [each["text"] for each in objects if each["kind"] == "say"]
    while texts.count("end") < 2:
        fields = read(again)
        texts.append(fields["text"])
        assert fields["room"] in ("lobby", "ops")
    assert sorted(texts) == ["end", "end", "one"]


def test_the_other_connection_is_ended_in_all_its_rooms_and_nobody_is_told(
    company: Company,
) -> None:
    bot, others = in_all_rooms(company), talkers(company)
    company.hub.slots.take(bot.client.network)
    for room in ROOMS:  # as people they would be announced
        assert bot.client.number in company.hub.rooms.by_name[room].clients
    bot.client.person = True
    say(company, others, "before")
    read_up_to(bot, "before", [])
    again, objects = resumed(company, resume=bot.client.token)
    wait_until(lambda: again.client.number in company.hub.clients, "it has taken over")
    assert objects[-1]["kind"] == "ok"
    assert b"your token was used on another connection" in bot.read_to_end()
    wait_until(lambda: bot.client.number not in company.hub.clients, "the other one is gone")
    assert company.hub.slots.total == 1 + len(ROOMS) - 1
    say(company, others, "after")
    found = read_up_to(again, "after", objects)
    for room, other in zip(ROOMS, others, strict=True):
        assert company.hub.rooms.by_name[room].clients[again.client.number] is again.client
        company.hub.tell(other.client, "that is all")
        assert not [line for line in other.read_until("that is all") if "bot" in line]
        # A unix socket counts more for a packet than is in it: it may come twice.
        assert found[room] in (["after"], ["before", "after"])


def test_what_another_connection_had_on_its_way_in_each_room_is_sent_again(
    company: Company,
) -> None:
    bot, others = in_all_rooms(company), talkers(company)
    texts = [f"{number} {'x' * 1000}" for number in range(300)]
    for other in others:
        company.say(other, *texts)
    company.hub.pending_writes.wait_for_all(DEADLINE)
    wait_until(lambda: bot.client.connection.blocked, "its connection takes no more")
    taken = [read(bot) for _ in range(50)]
    again, objects = resumed(company, resume=bot.client.token)
    say(company, others, "end")
    found = read_up_to(again, "end", objects)
    for room in ROOMS:
        before = [each["text"] for each in taken if each["room"] == room]
        assert found[room][-1] == "end"
        # A unix socket counts more for a packet than is in it: some come twice, but all do.
        both = [*before, *found[room][:-1]]
        assert sorted(set(both), key=both.index) == sorted(set(texts), key=texts.index) == texts
        assert found[room][:-1] == texts[-len(found[room]) + 1 :]


def test_the_rooms_of_the_connection_that_resumes_are_left(company: Company) -> None:
    bot, others = in_all_rooms(company), talkers(company)
    gone(company, bot)
    again = speaking_json(company, "other")
    for room in ("tests", "ops"):
        carry_out(again, join=room)
    send(again, text="a stranger's", room="ops")
    others[2].read_until("a stranger's")
    objects = carry_out(again, resume=bot.client.token)
    assert objects[-1]["kind"] == "ok"
    assert rooms_of(again) == ROOMS
    missed = [each["missed"] for each in objects if each.get("answer") == "resume"]
    assert missed == [0, 0, 0]  # what it has said itself is none of that
    assert not company.hub.rooms.by_name["tests"].clients
    assert company.hub.slots.total == len(ROOMS) - 1
    say(company, others, "end")
    assert read_up_to(again, "end", objects) == {room: ["end"] for room in ROOMS}


def test_how_far_it_has_got_in_each_room_is_saved_while_it_is_there(server: Server) -> None:
    company = server.company
    bot, others = in_all_rooms(company), talkers(company)
    say(company, others, "one")
    read_up_to(bot, "one", [])

    def are_saved() -> bool:
        server.checkpointer.update()
        server.checkpointer.write()
        (identity,) = company.hub.directory.identities()
        ends = [company.hub.rooms.by_name[room].log.end for room in ROOMS]
        saved = [(place.room, place.cursor) for place in identity.places]
        return saved == list(zip(ROOMS, ends, strict=True))

    wait_until(are_saved, "its places are saved")
    carry_out(bot, leave="builds")

    def is_left() -> bool:
        server.checkpointer.update()
        server.checkpointer.write()
        (identity,) = company.hub.directory.identities()
        return [place.room for place in identity.places] == ["lobby", "ops"]

    wait_until(is_left, "that it has left is saved")


def test_a_private_message_arrives_and_is_not_sent_again(company: Company) -> None:
    bot, others = in_all_rooms(company), talkers(company)
    other = speaking_json(company, "friend")
    carry_out(other, text="psst", to="bot")
    while read(bot)["kind"] != "private":
        pass
    wait_until(lambda: not bot.client.private_bytes, "it has arrived")
    gone(company, bot)
    carry_out(other, text="psst again", to="bot")
    again = speaking_json(company, "other")
    objects = carry_out(again, resume=bot.client.token)
    while "private" not in [each["kind"] for each in objects]:
        objects.append(read(again))
    assert [each["text"] for each in objects if each["kind"] == "private"] == ["psst again"]
    say(company, others, "end")
    assert "psst" not in json.dumps(read_up_to(again, "end", objects))
