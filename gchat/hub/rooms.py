"""The rooms that there are: opened by those who go there, closed when they stay empty."""

import time
from collections.abc import Iterable

from gchat.hub.client import Client
from gchat.hub.room import Room
from gchat.model.room_log import MAX_BYTES, RoomLog

LOBBY = "lobby"

MAX_ROOMS = 1000

MAX_EMPTY = 100
"""Empty rooms; of more than that, one in which nothing was said is closed, or the one that has been
empty for longest."""

EMPTY_TIME = 600.0
"""Seconds until an empty room is closed: so that one who lost the connection finds it again."""

TOTAL_BYTES = 8 * MAX_BYTES
"""What the logs of all rooms but the lobby keep together, in equal parts, of which none is larger
than a log's usual bound. The lobby has its own, whatever rooms are opened."""


class TooManyRooms(Exception):
    """There are as many rooms as there may be, and none of them is empty."""


class Rooms:
    """The rooms by name; the lobby is always there."""

    def __init__(self, lobby: RoomLog) -> None:
        """`lobby` is what was said there."""
        self.by_name = {LOBBY: Room(lobby)}

    def open(self, log: RoomLog, clients: Iterable[Client]) -> Room:
        """A new room, in which `log` is what was said. Raises TooManyRooms.

        `clients` are all there are, also those who leave and still read.
        """
        if len(self.by_name) >= min(MAX_EMPTY, MAX_ROOMS):
            self._make_place(clients)
        room = self.by_name[log.room] = Room(log)
        self._share_memory()
        return room

    def close_empty(self, clients: Iterable[Client]) -> None:
        """Close the rooms that have been empty for EMPTY_TIME; `clients` are all there are."""
        too_long = time.monotonic() - EMPTY_TIME
        for room in self._empty(clients):
            if room.empty_since <= too_long:
                del self.by_name[room.name]
        self._share_memory()

    def _make_place(self, clients: Iterable[Client]) -> None:
        """Close what stands in the way of one more room, if it is empty."""
        empty = self._empty(clients)
        surplus = max(len(empty) - MAX_EMPTY, len(self.by_name) - MAX_ROOMS) + 1
        for room in empty[: max(0, surplus)]:
            del self.by_name[room.name]
        if len(self.by_name) >= MAX_ROOMS:
            raise TooManyRooms

    def _empty(self, clients: Iterable[Client]) -> list[Room]:
        """The rooms in which nobody is, nor reads what was said there.

        Those first in which nothing was ever said; then the longest empty ones.
        """
        in_use = {client.log.room for client in clients} | {LOBBY}
        empty = [
            room
            for name, room in self.by_name.items()
            if name not in in_use and room.log.end == room.log.said
        ]
        return sorted(empty, key=lambda room: (room.log.end.spoken > 0, room.empty_since))

    def _share_memory(self) -> None:
        share = TOTAL_BYTES // max(1, len(self.by_name) - 1)
        for name, room in self.by_name.items():
            if name != LOBBY:
                room.log.keep(min(share, MAX_BYTES))
