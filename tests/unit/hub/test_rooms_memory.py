"""hub.rooms: how the rooms share the memory for their logs."""

import time

from gchat.hub.room import Room
from gchat.hub.rooms import (
    EMPTY_TIME,
    LOBBY,
    TOTAL_LOG_BYTES,
    Rooms,
)
from gchat.model.message import Kind
from gchat.model.room_log import MAX_BYTES, RoomLog
from gchat.model.runs import RUN_BYTES
from tests.unit.hub.guests import (
    ANNS,
    MALLORYS,
    Guest,
    clients,
    find_or_open,
    opened,
    take_all,
)


def fill(room: Room) -> None:
    """Say more in `room` than it may keep."""
    text = "x" * 2**16
    for _ in range(MAX_BYTES // 2**16 + 10):
        room.log.append(0.0, Kind.SAY, [text])


def bytes_kept(room: Room) -> int:
    kept = room.log.after(room.log.start.id, 10**6)
    return sum(RUN_BYTES + len(message.text) for message in kept)


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


def test_whoever_opens_many_rooms_takes_memory_from_none_of_another_network(
    rooms: Rooms,
) -> None:
    anns = rooms.open(RoomLog("anns"), ANNS, [])
    fill(anns)
    before = bytes_kept(anns)
    assert before > MAX_BYTES * 9 / 10
    guests = [Guest(anns)]
    take_all(rooms, MALLORYS, guests)
    fill(anns)
    assert bytes_kept(anns) >= before
    mallorys = rooms.by_name[guests[1].log.room]
    fill(mallorys)
    assert bytes_kept(mallorys) <= TOTAL_LOG_BYTES / 2 / 200


def test_who_stays_may_keep_more_when_others_are_closed(rooms: Rooms) -> None:
    stays, *others = opened(rooms, *(f"room{number}" for number in range(50)))
    fill(stays)
    assert bytes_kept(stays) <= TOTAL_LOG_BYTES / 50
    for room in others:
        room.empty_since = time.monotonic() - EMPTY_TIME
    rooms.close_empty(clients(Guest(stays)))
    fill(stays)
    assert bytes_kept(stays) > MAX_BYTES * 9 / 10
