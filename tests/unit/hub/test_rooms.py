"""hub.rooms: rooms that are opened by those who go there, and closed when they stay empty."""

import time
from itertools import count
from pathlib import Path

import pytest

from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.room import Room
from gchat.hub.rooms import (
    EMPTY_TIME,
    LOBBY,
    MAX_EMPTY,
    MAX_ROOMS,
    TOTAL_LOG_BYTES,
    Rooms,
    TooManyRooms,
)
from gchat.jobs import upkeep
from gchat.jobs.recorder import Recorder
from gchat.jobs.upkeep import tidy_rooms
from gchat.model.message import Kind
from gchat.model.room_log import MAX_BYTES, MESSAGE_BYTES, RoomLog
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import DEADLINE, Company, wait_until


class Guest:
    """All that a client is to the rooms: it reads a log."""

    def __init__(self, room: Room) -> None:
        self.log = room.log


@pytest.fixture
def rooms() -> Rooms:
    return Rooms(RoomLog(LOBBY))


def opened(rooms: Rooms, *names: str, guests: tuple[Guest, ...] = ()) -> list[Room]:
    """Rooms that have just become empty, one after the other."""
    made = []
    for name in names:
        room = find_or_open(rooms, name, clients(*guests))
        room.empty_since = time.monotonic() + next(ORDER) * 1e-6
        made.append(room)
    return made


ORDER = count()


def find_or_open(rooms: Rooms, name: str, clients: list[Client]) -> Room:
    return rooms.by_name.get(name) or rooms.open(RoomLog(name), clients)


def clients(*guests: Guest) -> list[Client]:
    return list(guests)  # type: ignore[arg-type]


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
        assert builds.telling_later
        hub.pending_writes.wait_for_all(DEADLINE)
        builds.empty_since = time.monotonic() - EMPTY_TIME
        hub.rooms.close_empty(hub.clients.values())
        membership.move(hub, cleo, "builds")
        wait_until(lambda: not builds.telling_later, "it is told")
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


def test_of_too_many_empty_rooms_the_longest_empty_ones_are_closed(rooms: Rooms) -> None:
    guest = Guest(find_or_open(rooms, "in use", []))
    made = opened(rooms, *(f"room{number}" for number in range(MAX_EMPTY)), guests=(guest,))
    made[7].empty_since -= 100
    opened(rooms, "one more", guests=(guest,))
    assert len(rooms.by_name) == MAX_EMPTY + 2
    assert "room7" not in rooms.by_name
    opened(rooms, "yet another", guests=(guest,))
    assert "room0" not in rooms.by_name
    assert {"in use", "one more", "room1"} <= rooms.by_name.keys()


def test_if_all_rooms_are_in_use_there_may_be_no_more(rooms: Rooms) -> None:
    guests: list[Guest] = []
    for number in range(MAX_ROOMS - 1):
        guests.append(Guest(find_or_open(rooms, f"room{number}", clients(*guests))))
    assert len(rooms.by_name) == MAX_ROOMS
    with pytest.raises(TooManyRooms):
        find_or_open(rooms, "one more", clients(*guests))
    assert find_or_open(rooms, "room5", clients(*guests)).log is guests[5].log
    assert len(rooms.by_name) == MAX_ROOMS


@pytest.mark.parametrize("empty", [1, MAX_EMPTY - 1, MAX_EMPTY])
def test_an_empty_room_makes_way_for_a_new_one(rooms: Rooms, empty: int) -> None:
    guests: list[Guest] = []
    for number in range(MAX_ROOMS - 1 - empty):
        guests.append(Guest(find_or_open(rooms, f"room{number}", clients(*guests))))
    opened(rooms, *(f"empty{number}" for number in range(empty)), guests=tuple(guests))
    assert len(rooms.by_name) == MAX_ROOMS
    assert find_or_open(rooms, "one more", clients(*guests)).name == "one more"
    assert all(guest.log.room in rooms.by_name for guest in guests)


def fill(room: Room) -> None:
    """Say more in `room` than it may keep."""
    text = "x" * 2**16
    for _ in range(MAX_BYTES // 2**16 + 10):
        room.log.append(0.0, Kind.SAY, [text])


def bytes_kept(room: Room) -> int:
    kept = room.log.after(room.log.start.id, 10**6)
    return sum(MESSAGE_BYTES + len(message.text) for message in kept)


def test_the_rooms_share_memory_and_the_lobby_has_its_own(rooms: Rooms) -> None:
    lobby = rooms.by_name[LOBBY]
    fill(lobby)
    before = bytes_kept(lobby)
    assert before > MAX_BYTES * 9 / 10
    made = [find_or_open(rooms, "first", [])]
    fill(made[0])
    assert MAX_BYTES * 9 / 10 < bytes_kept(made[0]) <= MAX_BYTES
    guests = [Guest(made[0])]
    for number in range(40):
        made.append(find_or_open(rooms, f"room{number}", clients(*guests)))
        guests.append(Guest(made[-1]))
        if number % 10 == 9:
            fill(made[-1])
            fill(made[0])
            assert sum(map(bytes_kept, made)) <= TOTAL_LOG_BYTES
            assert bytes_kept(made[0]) <= TOTAL_LOG_BYTES / len(made)
    assert bytes_kept(lobby) == before


def test_who_stays_may_keep_more_when_others_are_closed(rooms: Rooms) -> None:
    stays, *others = opened(rooms, *(f"room{number}" for number in range(50)))
    fill(stays)
    assert bytes_kept(stays) <= TOTAL_LOG_BYTES / 50
    for room in others:
        room.empty_since = time.monotonic() - EMPTY_TIME
    rooms.close_empty(clients(Guest(stays)))
    fill(stays)
    assert bytes_kept(stays) > MAX_BYTES * 9 / 10


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


def test_of_too_many_empty_rooms_those_in_which_nothing_was_said_go_first(rooms: Rooms) -> None:
    kept = find_or_open(rooms, "kept", [])
    kept.log.append(0.0, Kind.SAY, ["important"], 1, "ann")
    for number in range(3 * MAX_EMPTY):
        find_or_open(rooms, f"room{number}", []).empty_since = time.monotonic()
    assert rooms.by_name["kept"] is kept
    assert len(rooms.by_name) <= MAX_EMPTY + 2
