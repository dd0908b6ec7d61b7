"""Notices of joins and leaves in a room, combined when there are many."""

import time
from collections.abc import Callable

import gevent

from gchat.hub.client import Client
from gchat.hub.names import Names
from gchat.hub.room import Room
from gchat.model.events import Renamed, RoomEvent
from gchat.model.presence import INTERVAL

MOST_PENDING = 100
"""Utterances without a place in a room, above which joins and leaves are collected further."""


class PresenceNotices:
    """Announce the joins and leaves that the `presence` of a room has collected."""

    def __init__(self, names: Names, notify: Callable[[Room, RoomEvent, int, str], None]) -> None:
        """`notify` appends an event to a room's log, as Hub.notify does."""
        self._names = names
        self._notify = notify

    def tell_soon(self, room: Room) -> None:
        """Announce a join or leave now, or together with the others of the next second.

        Or later, if much waits for a store that is away.
        """
        waits = len(room.pending) > MOST_PENDING
        if room.presence.delay(time.monotonic()) == 0 and not waits:
            self.tell(room)
        now = time.monotonic()
        delay = room.presence.delay(now)
        if waits and delay is not None:
            delay = max(delay, INTERVAL)
        if delay is None or (room.teller and room.tell_at <= now + delay):
            return
        if room.teller:
            room.teller.kill(block=False)
        room.tell_at = now + delay
        room.teller = gevent.spawn_later(delay, self._tell_later, room)

    def tell(self, room: Room) -> None:
        """Announce all joins and leaves that are not announced yet."""
        for event, about, name in room.presence.tell(time.monotonic(), self._names.ignored):
            self._notify(room, event, about, name)

    def tell_of(self, room: Room, number: int) -> None:
        """Announce all joins and leaves, also of the client `number` if it has no name yet."""
        room.presence.expect_no_name(number)
        self.tell(room)

    def tell_renamed(self, room: Room, client: Client, before: str) -> None:
        """Announce the new name of `client`, called `before` until now, if somebody knows that."""
        if room.presence.rename(client.number, client.name):
            self.tell_soon(room)
            return
        if room.presence.has_left(client.name):
            self.tell(room)  # or it would seem to be this one
        self._notify(room, Renamed(before), client.number, client.name)

    def _tell_later(self, room: Room) -> None:
        room.teller = None
        self.tell_soon(room)
