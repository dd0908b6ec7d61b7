"""Messages that have no place in their room yet, and the greenlets that wait until they have."""

import time
from collections.abc import Sequence
from typing import Any

from gevent.event import Event

from gchat.hub.client import Client
from gchat.hub.room import Pending, Room
from gchat.model.message import Utterance


class PendingWrites:
    """The rooms with messages that have no place yet; the recorder takes them from here."""

    def __init__(self) -> None:
        self.rooms: dict[Room, None] = {}
        self._added = Event()
        self._placed = Event()

    def add(self, room: Room, utterance: Utterance, client: Client | None) -> Pending:
        """Note a new message in `room`, of `client` or, if that is None, of the server."""
        pending = Pending(utterance, client)
        room.pending.append(pending)
        if client is not None:
            client.pending = pending
        self.rooms[room] = None
        self._added.set()
        return pending

    def wait(self) -> None:
        """Wait for a room with messages that have no place yet."""
        if not self.rooms:
            self._added.clear()
            self._added.wait()

    def tell_placed(self) -> None:
        """Drop the rooms without pending messages, and wake the greenlets that wait for that."""
        for room in [room for room in self.rooms if not room.pending]:
            del self.rooms[room]
        placed, self._placed = self._placed, Event()
        placed.set()

    def wait_for(self, client: Client, seconds: float) -> None:
        """Wait until the messages of `client` have their places, at most `seconds`."""
        self._wait_while(seconds, lambda: bool(client.pending and not client.lost))

    def wait_for_all(self, seconds: float) -> None:
        """Wait until all messages have their places, at most `seconds`."""
        self._wait_while(seconds, lambda: bool(self.rooms))

    def wait_for_first(self, first: Sequence[Pending], seconds: float) -> None:
        """Wait until each of `first` has its place, at most `seconds`."""
        self._wait_while(seconds, lambda: any(each.place is None for each in first))

    def _wait_while(self, seconds: float, condition: Any) -> None:
        end = time.monotonic() + seconds
        while condition() and (left := end - time.monotonic()) > 0:
            self._placed.wait(left)
