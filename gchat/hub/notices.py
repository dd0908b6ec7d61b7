"""Notices of joins and leaves in a room, combined when there are many."""

import time
from collections.abc import Callable

import gevent

from gchat.hub.names import Names
from gchat.hub.room import Room
from gchat.model.message import Kind


class PresenceNotices:
    """Announce the joins and leaves that the `presence` of a room has collected."""

    def __init__(self, names: Names, notify: Callable[[Room, str, int, str, str], None]) -> None:
        """`notify` appends a notice to a room's log, as Hub.notify does."""
        self._names = names
        self._notify = notify

    def tell_soon(self, room: Room) -> None:
        """Announce a join or leave now, or together with the others of the next second."""
        delay = room.presence.delay(time.monotonic())
        if delay == 0:
            self.tell(room)
        elif delay is not None and not room.telling_later:
            room.telling_later = True
            gevent.spawn_later(delay, self._tell_later, room)

    def tell(self, room: Room) -> None:
        """Announce all joins and leaves that are not announced yet."""
        # Ignored clients get lines of their own: a combined line cannot be hidden from anybody.
        for text, about, name in room.presence.tell(time.monotonic(), self._names.ignored):
            self._notify(room, text, about, name, Kind.PRESENCE)

    def _tell_later(self, room: Room) -> None:
        room.telling_later = False
        self.tell_soon(room)
