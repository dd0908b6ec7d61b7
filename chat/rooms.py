"""The rooms that there are: opened by those who go there, closed when they stay empty."""

import time
from collections.abc import Iterable
from operator import attrgetter

import gevent

from chat.client import Client
from chat.log import MAX_BYTES
from chat.room import Room

LOBBY = "lobby"

MAX_ROOMS = 1000

MAX_EMPTY = 100
"""Empty rooms; of more than that, the one that has been empty for longest is closed."""

EMPTY_TIME = 600.0
"""Seconds until an empty room is closed: so that one who lost the connection finds it again."""

TOTAL_BYTES = 8 * MAX_BYTES
"""What the logs of all rooms but the lobby keep together, in equal parts, of which none is larger
than a log's usual bound. The lobby has its own, whatever rooms are opened."""


class TooManyRooms(Exception):
    """There are as many rooms as there may be, and none of them is empty."""


class Rooms:
    """The rooms by name; the lobby is always there."""

    def __init__(self) -> None:
        self.by_name = {LOBBY: Room(LOBBY)}

    def find_or_open(self, name: str, clients: Iterable[Client]) -> Room:
        """The room called `name`; a new one if there is none. Raises TooManyRooms.

        `clients` are all there are, also those who leave and still read.
        """
        room = self.by_name.get(name)
        if room is None:
            if len(self.by_name) > MAX_EMPTY:
                self.close_empty(clients, most=MAX_EMPTY - 1)
            if len(self.by_name) >= MAX_ROOMS:
                raise TooManyRooms
            room = self.by_name[name] = Room(name)
            self._share_memory()
        return room

    def close_empty(
        self, clients: Iterable[Client], most: int = MAX_EMPTY, age: float = EMPTY_TIME
    ) -> None:
        """Close rooms that have been empty for `age` seconds, and the first of more than `most`.

        `clients` are all there are, also those who leave and still read.
        """
        in_use = {client.log.room for client in clients} | {LOBBY}
        empty = [room for name, room in self.by_name.items() if name not in in_use]
        empty.sort(key=attrgetter("empty_since"))
        too_long = time.monotonic() - age
        for index, room in enumerate(empty):
            if index < len(empty) - most or room.empty_since <= too_long:
                del self.by_name[room.name]
        self._share_memory()

    def _share_memory(self) -> None:
        share = TOTAL_BYTES // max(1, len(self.by_name) - 1)
        for name, room in self.by_name.items():
            if name != LOBBY:
                room.log.keep(min(share, MAX_BYTES))


def keep_closing_empty(rooms: Rooms, clients: dict[int, Client]) -> None:
    """Close what has stayed empty, now and then, for ever."""
    while True:
        gevent.sleep(EMPTY_TIME / 10)
        rooms.close_empty(clients.values())
