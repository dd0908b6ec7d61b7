"""hub.rooms: rooms that are opened by those who go there, and closed when they stay empty."""

import time
from collections import Counter
from pathlib import Path

import pytest

from gchat.hub import membership
from gchat.hub import rooms as rooms_module
from gchat.hub.rooms import (
    EMPTY_TIME,
    LOBBY,
    MAX_ROOMS,
    SHARE,
    Rooms,
    TooManyRooms,
)
from gchat.jobs import upkeep
from gchat.jobs.recorder import Recorder
from gchat.jobs.upkeep import tidy_rooms
from gchat.model.message import Kind, Topic
from gchat.model.room_log import RoomLog
from gchat.store.sqlite.store import SqliteStore
from gchat.text.addresses import Network, network_of
from tests.unit.hub.guests import (
    ANNS,
    BOBS,
    MALLORYS,
    Guest,
    clients,
    find_or_open,
    opened,
    take_all,
)
from tests.unit.peers import DEADLINE, HOME, Company, wait_until


def test_the_lobby_is_always_there(rooms: Rooms) -> None:
    rooms.by_name[LOBBY].empty_since = time.monotonic() - EMPTY_TIME
    rooms.close_empty([])
    assert list(rooms.by_name) == [LOBBY]


def test_a_room_is_opened_once_and_found_again(rooms: Rooms) -> None:
    (room,) = opened(rooms, "one")
    assert (room.name, room.log.room) == ("one", "one")
    assert find_or_open(rooms, "one", []) is room
    assert find_or_open(rooms, "two", []) is not room
    assert rooms.by_name.keys() == {LOBBY, "one", "two"}


def test_a_room_that_has_been_empty_for_long_is_closed(rooms: Rooms) -> None:
    old, new = opened(rooms, "old", "new")
    old.empty_since = time.monotonic() - EMPTY_TIME
    rooms.close_empty([])
    assert rooms.by_name.keys() == {LOBBY, "new"}
    assert rooms.by_name["new"] is new


def test_a_room_that_somebody_reads_from_is_not_closed(rooms: Rooms) -> None:
    old, _ = opened(rooms, "old", "other")
    for room in rooms.by_name.values():
        room.empty_since = time.monotonic() - EMPTY_TIME
    rooms.close_empty(clients(Guest(old)))
    assert rooms.by_name.keys() == {LOBBY, "old"}


def test_no_id_is_given_twice_where_somebody_has_left_just_before_the_room_is_closed(
    tmp_path: Path,
) -> None:
    store = SqliteStore(str(tmp_path / "chat.db"))
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        hub = company.hub
        ann, bob, cleo = (company.join(name).client for name in ("ann", "bob", "cleo"))
        ann.person = bob.person = True
        for client in (ann, bob):
            membership.move(hub, client, "builds")
        builds = hub.rooms.by_name["builds"]
        wait_until(lambda: builds.presence.delay(time.monotonic()) is None, "all is told")
        for client in (ann, bob):  # the second of them is told of a moment later
            membership.move(hub, client, LOBBY)
        assert builds.teller
        hub.pending_writes.wait_for_all(DEADLINE)
        builds.empty_since = time.monotonic() - EMPTY_TIME
        hub.rooms.close_empty(hub.clients.values())
        membership.move(hub, cleo, "builds")
        wait_until(lambda: not builds.teller, "it is told")
        hub.say(cleo, ["one"])
        hub.pending_writes.wait_for_all(DEADLINE)
        assert not store.trouble
        kept = store.read("builds", 0, 99, 99, 9999)
        assert [message.id for message in kept] == [*range(1, len(kept) + 1)]
        assert kept[-1].text == "one"
        builds.empty_since = time.monotonic() - EMPTY_TIME
        membership.move(hub, cleo, LOBBY)
        builds.empty_since = time.monotonic() - EMPTY_TIME
        hub.rooms.close_empty(hub.clients.values())
        assert "builds" not in hub.rooms.by_name
    store.close()


def networks(rooms: Rooms) -> Counter[Network | None]:
    """How many rooms each network has."""
    return Counter(room.network for name, room in rooms.by_name.items() if name != LOBBY)


def test_one_network_gets_a_fifth_of_the_rooms_and_is_told_why(rooms: Rooms) -> None:
    guests: list[Guest] = []
    assert take_all(rooms, MALLORYS, guests) == (
        "your address has 200 rooms, and may have a quarter of the 799 that are free"
    )
    assert networks(rooms) == {MALLORYS: MAX_ROOMS // (SHARE + 1)}
    assert find_or_open(rooms, guests[5].log.room, clients(*guests)).log is guests[5].log


def test_however_many_networks_take_all_they_may_the_next_one_gets_a_room(rooms: Rooms) -> None:
    guests: list[Guest] = []
    for number in range(25):
        network = network_of(f"10.1.0.{number}")
        take_all(rooms, network, guests)
        assert networks(rooms)[network] >= 1
    assert rooms.open(RoomLog("anns"), ANNS, clients(*guests)).network == ANNS


def test_rooms_that_owe_rows_count_and_are_not_closed(rooms: Rooms) -> None:
    rooms = Rooms(RoomLog(LOBBY), owes=lambda _: True)  # the history file is locked
    for number in range(200):
        rooms.open(RoomLog(f"room{number}"), MALLORYS, [])
    with pytest.raises(TooManyRooms):
        rooms.open(RoomLog("one more"), MALLORYS, [])
    for room in rooms.by_name.values():
        room.empty_since = time.monotonic() - EMPTY_TIME
    rooms.close_empty([])
    assert networks(rooms) == {MALLORYS: 200}
    assert rooms.open(RoomLog("anns"), ANNS, []).network == ANNS


def test_nobody_pushes_out_an_empty_room_in_which_something_was_said(rooms: Rooms) -> None:
    anns = rooms.open(RoomLog("anns"), ANNS, [])
    anns.log.append(0.0, Kind.SAY, ["important"], 1, "ann")
    anns.empty_since = time.monotonic() - EMPTY_TIME + 60  # long before all others
    for number in range(2 * MAX_ROOMS):
        rooms.open(RoomLog(f"room{number}"), MALLORYS, []).empty_since = time.monotonic()
    take_all(rooms, network_of("10.0.0.1"), [], talk=True)
    rooms.close_empty([])
    assert rooms.by_name["anns"] is anns


def test_the_blank_rooms_of_a_network_give_way_to_its_next_the_longest_empty_first(
    rooms: Rooms,
) -> None:
    others = rooms.open(RoomLog("others"), ANNS, [])
    for number in range(200):
        room = rooms.open(RoomLog(f"room{number}"), MALLORYS, [])
        room.empty_since = time.monotonic() - number
        if number == 199:
            room.topic = Topic("about tea", 1, "ann")
        if number == 198:
            room.log.append(0.0, Kind.NOTICE, ["ann left"], 1, "ann")
        if number == 197:
            room.log.append(0.0, Kind.SAY, ["hello"], 1, "ann")
    for name in ("one more", "two more"):
        rooms.open(RoomLog(name), MALLORYS, []).empty_since = time.monotonic()
    assert networks(rooms)[MALLORYS] == 200
    assert {"room199", "room197", "room195", "one more"} <= rooms.by_name.keys()
    assert not {"room198", "room196"} & rooms.by_name.keys()
    assert rooms.by_name["others"] is others


def test_with_a_history_file_empty_rooms_with_talk_give_way_too_as_nothing_is_lost(
    rooms: Rooms,
) -> None:
    owed = {"room0"}
    rooms = Rooms(RoomLog(LOBBY), owes=owed.__contains__, is_kept=True)
    anns = rooms.open(RoomLog("anns"), ANNS, [])
    for number in range(300):
        room = rooms.open(RoomLog(f"room{number}"), MALLORYS, [])
        room.log.append(0.0, Kind.SAY, ["hello"], 1, "ann")
        room.empty_since = time.monotonic()
    assert networks(rooms) == {ANNS: 1, MALLORYS: 200}
    assert {"room0", "room299"} <= rooms.by_name.keys()
    assert rooms.by_name["anns"] is anns


def test_a_network_that_has_said_something_in_all_its_rooms_waits_for_the_first_to_be_closed(
    rooms: Rooms,
) -> None:
    take_all(rooms, MALLORYS, [], talk=True)
    first = next(room for name, room in rooms.by_name.items() if name != LOBBY)
    for room in rooms.by_name.values():
        room.empty_since = time.monotonic()
    first.empty_since -= EMPTY_TIME
    with pytest.raises(TooManyRooms):
        rooms.open(RoomLog("one more"), MALLORYS, [])
    rooms.close_empty([])
    assert first.name not in rooms.by_name
    rooms.open(RoomLog("one more"), MALLORYS, [])


def test_if_all_rooms_are_taken_a_newcomer_gets_the_emptiest_of_who_has_most(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_module, "MAX_ROOMS", 10)
    monkeypatch.setattr(rooms_module, "SHARE", 0)
    for number, network in enumerate([MALLORYS, BOBS] * 3 + [MALLORYS] * 3):
        room = rooms.open(RoomLog(f"room{number}"), network, [])
        room.empty_since = time.monotonic() - number
        if number:
            room.log.append(0.0, Kind.SAY, ["hello"], 1, "ann")
    anns = rooms.open(RoomLog("anns"), ANNS, [])
    anns.log.append(0.0, Kind.SAY, ["hello"], 1, "ann")
    assert "room0" not in rooms.by_name  # in which nothing was said
    rooms.open(RoomLog("carls"), network_of("10.0.0.4"), [])
    assert networks(rooms)[BOBS] == 3
    assert "room8" not in rooms.by_name  # which has been empty for longest
    with pytest.raises(TooManyRooms):
        rooms.open(RoomLog("another one"), ANNS, [])


def test_if_all_rooms_are_in_use_there_may_be_no_more(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_module, "MAX_ROOMS", 3)
    monkeypatch.setattr(rooms_module, "SHARE", 0)
    guests = [Guest(rooms.open(RoomLog(name), MALLORYS, [])) for name in ("one", "two")]
    with pytest.raises(TooManyRooms, match="all 3 rooms are taken"):
        rooms.open(RoomLog("anns"), ANNS, clients(*guests))
    assert len(rooms.by_name) == 3


def test_without_a_limit_for_one_address_it_may_open_all_rooms(company: Company) -> None:
    hub = company.hub
    hub.settings.limits.max_per_address = 0
    rooms = [membership.find_or_open(hub, f"room{number}", HOME) for number in range(999)]
    for room in rooms:
        room.log.append(0.0, Kind.SAY, ["hello"], 1, "ann")
    with pytest.raises(TooManyRooms, match="all 1000 rooms are taken"):
        membership.find_or_open(hub, "another", HOME)
    hub.settings.limits.max_per_address = 1
    with pytest.raises(TooManyRooms, match="your address has 999 rooms"):
        membership.find_or_open(hub, "another", HOME)


def test_a_room_counts_for_the_network_that_has_opened_it_whoever_is_there(
    company: Company,
) -> None:
    hub = company.hub
    mallory, ann = company.join("mallory").client, company.join("ann").client
    mallory.address = "10.0.0.66:40000"
    membership.move(hub, ann, "den")
    den = hub.rooms.by_name["den"]
    membership.move(hub, ann, LOBBY)
    membership.move(hub, mallory, "den")
    assert (den.network, hub.lobby.network) == (HOME, None)


def test_what_has_stayed_empty_is_closed_now_and_then(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "TIDY_INTERVAL", 0.001)
    hub = company.hub
    guest = company.join().client
    company.start(membership.move, hub, guest, "in use")
    wait_until(lambda: guest.log.room == "in use", "it has moved")
    find_or_open(hub.rooms, "empty", []).empty_since = time.monotonic() - EMPTY_TIME
    hub.rooms.by_name["in use"].empty_since = time.monotonic() - EMPTY_TIME
    company.start(tidy_rooms, hub.rooms, hub.clients)
    wait_until(lambda: "empty" not in hub.rooms.by_name, "it is closed")
    assert "in use" in hub.rooms.by_name
