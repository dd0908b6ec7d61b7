"""All rooms: opened when a client goes there, closed when they stay empty.

Networks share them fairly, and a room counts for the network that has opened it, whoever is there:
however many are opened from one, the others can open theirs, and find again what was said there.
"""

import time
from collections.abc import Callable, Iterable

from gchat.hub.client import Client
from gchat.hub.room import Room
from gchat.model.room_log import MAX_BYTES as MAX_LOG_BYTES
from gchat.model.room_log import RoomLog
from gchat.text.addresses import Network

LOBBY = "lobby"

MAX_ROOMS = 1000
"""Rooms at a time, the lobby among them."""

SHARE = 4
"""A network may open another room while so many times its rooms are less than those that are still
free (TooManyRooms calls it a quarter). One alone gets 200, a second one 160: some are left for the
thirtieth. A class behind one address needs fewer: people are in one room at a time."""

EMPTY_TIME = 600.0
"""Seconds until an empty room is closed: a client that lost its connection finds it again."""

TOTAL_LOG_BYTES = 8 * MAX_LOG_BYTES
"""Bytes that the logs of all rooms but the lobby may keep together. Networks share them equally,
and so do the rooms of a network, up to the bound of a single log. The lobby has that bound always,
however many rooms are opened."""


class TooManyRooms(Exception):
    """Raised if a network may not open `room` now; says why, as a clause."""

    def __init__(self, room: str, why: str) -> None:
        super().__init__(why)
        self.room = room


class Rooms:
    """The rooms by name; the lobby always exists."""

    def __init__(
        self,
        lobby: RoomLog,
        owes: Callable[[str], bool] = lambda _room: False,
        is_kept: bool = False,
    ) -> None:
        """`lobby` is the log of the lobby; `owes` tells whether a room has unwritten messages.

        `is_kept`: what was said in a room that is closed is found again when it is opened.
        """
        self.by_name = {LOBBY: Room(lobby)}
        self._owes = owes
        self._is_kept = is_kept
        self._of: dict[Network, set[Room]] = {}
        """The rooms that each network has opened."""

    def open(
        self,
        log: RoomLog,
        network: Network,
        clients: Iterable[Client],
        *,
        is_shared: bool = True,
    ) -> Room:
        """Open a room with `log` for a client from `network`. Raises TooManyRooms.

        `clients` are all clients, also those that are leaving and still read. If rooms are not to
        be shared among networks, one may have all.
        """
        self._make_space(log.room, network, clients, SHARE if is_shared else 0)
        room = self.by_name[log.room] = Room(log)
        room.network = network
        self._of.setdefault(network, set()).add(room)
        self._share_memory()
        return room

    def close_empty(self, clients: Iterable[Client]) -> None:
        """Close the rooms that have been empty for EMPTY_TIME; `clients` are all clients."""
        too_long = time.monotonic() - EMPTY_TIME
        for room in self._empty(self.by_name.values(), clients):
            if room.empty_since <= too_long:
                self._close(room)
        self._share_memory()

    def _make_space(
        self, name: str, network: Network, clients: Iterable[Client], share: int
    ) -> None:
        """Close empty rooms until `network` may open that called `name`. Raises TooManyRooms.

        Its own give way if nothing is lost with them, the longest empty first. All others stay for
        EMPTY_TIME, unless all rooms are taken, and a network that has none wants one.
        """
        own, free = len(self._of.get(network, ())), MAX_ROOMS - len(self.by_name)
        if own * share < free:
            return
        spare = [room for room in self._of.get(network, ()) if self._is_spare(room)]
        for room in self._empty(spare, clients):
            self._close(room)
            own, free = own - 1, free + 1
            if own * share < free:
                return
        if own and share:
            raise TooManyRooms(
                name,
                f"your address has {own} rooms, and may have a quarter of the {free} that are free",
            )
        empty = self._empty(self.by_name.values(), clients)
        if own or not empty:
            raise TooManyRooms(name, f"all {MAX_ROOMS} rooms are taken")
        self._close(min(empty, key=lambda room: (not self._is_spare(room), -self._beside(room))))

    def _is_spare(self, room: Room) -> bool:
        """Whether nothing is lost if `room` is closed while it is empty."""
        return self._is_kept or not (room.log.end.spoken or room.topic)

    def _beside(self, room: Room) -> int:
        """How many rooms the network of `room` has."""
        return len(self._of[room.network]) if room.network else 0

    def _close(self, room: Room) -> None:
        del self.by_name[room.name]
        if room.network is not None:
            others = self._of[room.network]
            others.remove(room)
            if not others:
                del self._of[room.network]

    def _empty(self, rooms: Iterable[Room], clients: Iterable[Client]) -> list[Room]:
        """Of `rooms`, those that no client is in or still reads from, and that are all written.

        Nor is something still to be told there: it would be given a place behind the end that the
        room was closed with, which is another message's if it is open again by then.

        The rooms that have been empty for longest come first.
        """
        left = [
            room
            for room in rooms
            if not (
                room.clients
                or room.expected
                or room.pending
                or room.teller
                or self._owes(room.name)
            )
        ]
        if left:
            in_use = {seat.log.room for client in clients for seat in client.seats} | {LOBBY}
            left = [room for room in left if room.name not in in_use]
        return sorted(left, key=lambda room: room.empty_since)

    def _share_memory(self) -> None:
        """Divide TOTAL_LOG_BYTES among the networks that have rooms, and among their rooms."""
        for rooms in self._of.values():
            share = TOTAL_LOG_BYTES // len(self._of) // len(rooms)
            for room in rooms:
                room.log.keep(min(share, MAX_LOG_BYTES))
