"""All rooms: opened when a client goes there, closed when they stay empty."""

import time
from collections.abc import Callable, Iterable

from gchat.hub.client import Client
from gchat.hub.room import Room
from gchat.model.room_log import MAX_BYTES as MAX_LOG_BYTES
from gchat.model.room_log import RoomLog

LOBBY = "lobby"

MAX_ROOMS = 1000

MAX_EMPTY = 100
"""Empty rooms that are kept. For one more, a room without messages is closed, else the one that has
been empty for longest."""

EMPTY_TIME = 600.0
"""Seconds until an empty room is closed: a client that lost its connection finds it again."""

TOTAL_LOG_BYTES = 8 * MAX_LOG_BYTES
"""Bytes that the logs of all rooms but the lobby may keep together. They share them equally, up to
the bound of a single log. The lobby has that bound always, however many rooms are opened."""


class TooManyRooms(Exception):
    """Raised if there are MAX_ROOMS rooms, and none of them is empty."""


class Rooms:
    """The rooms by name; the lobby always exists."""

    def __init__(self, lobby: RoomLog, owes: Callable[[str], bool] = lambda _room: False) -> None:
        """`lobby` is the log of the lobby; `owes` tells whether a room has unwritten messages."""
        self.by_name = {LOBBY: Room(lobby)}
        self._owes = owes

    def open(self, log: RoomLog, clients: Iterable[Client]) -> Room:
        """Open a room with `log`. Raises TooManyRooms.

        `clients` are all clients, also those that are leaving and still read.
        """
        if len(self.by_name) >= min(MAX_EMPTY, MAX_ROOMS):
            self._make_space(clients)
        room = self.by_name[log.room] = Room(log)
        self._share_memory()
        return room

    def close_empty(self, clients: Iterable[Client]) -> None:
        """Close the rooms that have been empty for EMPTY_TIME; `clients` are all clients."""
        too_long = time.monotonic() - EMPTY_TIME
        for room in self._empty(clients):
            if room.empty_since <= too_long:
                del self.by_name[room.name]
        self._share_memory()

    def _make_space(self, clients: Iterable[Client]) -> None:
        """Close empty rooms until there is space for one more. Raises TooManyRooms."""
        empty = self._empty(clients)
        surplus = max(len(empty) - MAX_EMPTY, len(self.by_name) - MAX_ROOMS) + 1
        for room in empty[: max(0, surplus)]:
            del self.by_name[room.name]
        if len(self.by_name) >= MAX_ROOMS:
            raise TooManyRooms

    def _empty(self, clients: Iterable[Client]) -> list[Room]:
        """Return the rooms that no client is in or still reads from, and that are all written.

        Nor is something still to be told there: it would be given a place behind the end that the
        room was closed with, which is another message's if it is open again by then.

        First come rooms without any messages, then the rooms that have been empty for longest.
        """
        in_use = {client.log.room for client in clients} | {LOBBY}
        empty = [
            room
            for name, room in self.by_name.items()
            if name not in in_use and not (room.pending or room.telling_later or self._owes(name))
        ]
        return sorted(empty, key=lambda room: (room.log.end.spoken > 0, room.empty_since))

    def _share_memory(self) -> None:
        """Divide TOTAL_LOG_BYTES among the rooms."""
        share = TOTAL_LOG_BYTES // max(1, len(self.by_name) - 1)
        for name, room in self.by_name.items():
            if name != LOBBY:
                room.log.keep(min(share, MAX_LOG_BYTES))
