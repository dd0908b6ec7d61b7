"""hub.resumption for clients in several rooms: which rooms they do not come back to, and why."""

from typing import Any

import pytest

from gchat.commands import tokens
from gchat.hub import last_seen, membership, rooms
from gchat.hub.hub import Hub
from gchat.hub.seats import MOST_SEATS
from gchat.model.room_log import RoomLog
from gchat.store.errors import StoreError
from tests.unit.hub.resumption.in_all_rooms import ROOMS, in_all_rooms, resumed
from tests.unit.hub.resumption.returning import gone, somebody
from tests.unit.peers import Company, Peer
from tests.unit.programs import carry_out, read, rooms_of, send, speaking_json


def test_those_who_come_back_at_the_same_time_have_no_more_rooms_than_the_limit(
    company: Company,
) -> None:
    bots = [in_all_rooms(company, name) for name in ("ann", "bob", "cleo")]
    for bot in bots:
        gone(company, bot)
    company.hub.settings.limits.max_per_address = 2 * len(ROOMS[1:])
    again = [speaking_json(company, f"{number}") for number in range(len(bots))]
    for peer, bot in zip(again, bots, strict=True):
        send(peer, resume=bot.client.token, ref="this")
    ends = list[str]()
    for peer in again:
        while (fields := read(peer)).get("ref") != "this" or fields["kind"] == "answer":
            pass
        ends.append(fields["reason"] if "reason" in fields else fields["kind"])
    assert sorted(ends) == ["ok", "ok", "too many rooms for a client"]


def test_no_more_places_are_read_than_there_may_be_rooms(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, names = in_all_rooms(company), list[str]()
    gone(company, bot)

    def read_name(typed: str) -> str:
        names.append(typed.removeprefix("#"))
        return names[-1]

    monkeypatch.setattr(tokens, "room_named", read_name)
    too_many = {f"room{number}": "1" for number in range(MOST_SEATS + 1)}
    again, objects = resumed(company, resume=bot.client.token, places=too_many)
    assert objects[-1]["reason"] == "too many rooms for a client"
    assert not names
    carry_out(again, resume=bot.client.token, places={"ops": "1"})
    assert names == ["ops"]
    assert rooms_of(again) == ROOMS


def test_one_that_asks_for_too_many_rooms_ends_no_other_connection(company: Company) -> None:
    bot = in_all_rooms(company)
    more = {f"room{number}": "1" for number in range(MOST_SEATS)}
    _, objects = resumed(company, resume=bot.client.token, places=more)
    assert objects[-1]["reason"] == "too many rooms for a client"
    assert carry_out(bot, command="/who")[-1]["kind"] == "ok"


def test_more_rooms_than_it_may_be_in_are_refused_before_any_is_opened(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = in_all_rooms(company)
    gone(company, bot)
    monkeypatch.setattr(membership, "MOST_SEATS", 4)
    places = {f"room{number}": "7f-1" for number in range(2)}
    again, objects = resumed(company, resume=bot.client.token, places=places)
    assert objects[-1]["kind"] == "error"
    assert "in 4 rooms at a time" in objects[-1]["text"]
    assert rooms_of(again) == ["lobby"]
    assert not [name for name in company.hub.rooms.by_name if name.startswith("room")]
    assert carry_out(again, resume=bot.client.token)[-1]["kind"] == "ok"


def test_a_room_that_cannot_be_opened_is_named_and_it_is_in_the_others(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = in_all_rooms(company)
    gone(company, bot)
    monkeypatch.setattr(rooms, "MAX_ROOMS", len(ROOMS))
    place = {"elsewhere": "1"}
    again, objects = resumed(company, resume=bot.client.token, places=place)
    (unopened,) = [each for each in objects if each.get("answer") == "unopened"]
    assert (unopened["room"], unopened["reason"]) == ("elsewhere", "too many rooms")
    assert "You are not in #elsewhere, which cannot be opened: your address" in unopened["text"]
    assert objects[-1]["kind"] == "ok"
    assert rooms_of(again) == ROOMS


@pytest.mark.parametrize("first", [True, False])
def test_one_that_the_file_does_not_tell_of_now_is_named_whichever_it_is(
    company: Company, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    bot = in_all_rooms(company)
    gone(company, bot)
    failing, find = ROOMS[0 if first else 1], last_seen.continue_behind

    def fail(hub: Hub, log: RoomLog, *others: Any) -> Any:
        if log.room == failing:
            raise StoreError("it burns")
        return find(hub, log, *others)

    monkeypatch.setattr("gchat.hub.resumption.continue_behind", fail)
    again, objects = resumed(company, resume=bot.client.token)
    (unopened,) = [each for each in objects if each.get("answer") == "unopened"]
    assert (unopened["room"], unopened["reason"]) == (failing, "room not opened")
    assert rooms_of(again) == [room for room in ROOMS if room != failing]


def test_one_that_no_room_can_be_opened_for_is_refused_and_stays_who_it_is(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = in_all_rooms(company)
    gone(company, bot)

    def fail(*_: object) -> None:
        raise StoreError("it burns")

    with monkeypatch.context() as patch:
        patch.setattr("gchat.hub.resumption.continue_behind", fail)
        again, objects = resumed(company, resume=bot.client.token)
    assert objects[-1]["reason"] == "room not opened"
    assert carry_out(again, resume=bot.client.token)[-1]["kind"] == "ok"
    assert rooms_of(again) == ROOMS


def test_only_programs_that_speak_json_come_back_to_several_rooms(
    company: Company, ann: Peer
) -> None:
    places = "#lobby/7f-1 #builds/7f-1"
    gone(company, ann)
    again = somebody(company)
    again.send(f"/resume {ann.client.token} {places}\n".encode())
    assert "only programs that speak JSON" in again.read_line()
    again.send(f"/resume {ann.client.token} #lobby/7f-1\n".encode())
    again.read_until("Welcome back! You are ann in #lobby")
