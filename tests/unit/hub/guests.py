"""Guests from several networks, and the rooms that are opened for them."""

import time
from itertools import count

from gchat.hub.client import Client
from gchat.hub.room import Room
from gchat.hub.rooms import (
    MAX_ROOMS,
    Rooms,
    TooManyRooms,
)
from gchat.model.message import Kind
from gchat.model.room_log import RoomLog
from gchat.text.addresses import Network, network_of
from tests.unit.peers import HOME

ANNS, BOBS, MALLORYS = map(network_of, ("10.0.0.1", "10.0.0.2", "10.0.0.66"))


class Guest:
    """All that a client is to the rooms: it reads a log."""

    def __init__(self, room: Room) -> None:
        self.log = room.log
        self.seats = (self,)


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
    return rooms.by_name.get(name) or rooms.open(RoomLog(name), HOME, clients)


def clients(*guests: Guest) -> list[Client]:
    return list(guests)  # type: ignore[arg-type]


def take_all(rooms: Rooms, network: Network, guests: list[Guest], talk: bool = False) -> str:
    """Open rooms for `network`, with a guest in each, until that is refused; returns why.

    If there is to be `talk`, the rooms are empty, and something was said in each.
    """
    for number in range(MAX_ROOMS):
        try:
            room = rooms.open(RoomLog(f"{network}-{number}"), network, clients(*guests))
        except TooManyRooms as error:
            return str(error)
        if talk:
            room.log.append(0.0, Kind.SAY, ["mine"], 1, "ann")
        else:
            guests.append(Guest(room))
    raise AssertionError("it may have all rooms")
