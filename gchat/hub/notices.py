"""Telling the people in a room who came and who left, together with others if they are many."""

import time
from collections.abc import Callable

import gevent

from gchat.hub.names import Names
from gchat.hub.room import Room
from gchat.model.message import Kind


class PresenceNotices:
    """Tells what the `presence` of rooms holds."""

    def __init__(self, names: Names, notify: Callable[[Room, str, int, str, str], None]) -> None:
        """`notify` puts a notice into a room's log, as Hub.notify."""
        self._names = names
        self._notify = notify

    def tell_soon(self, room: Room) -> None:
        """Somebody came or left: tell it now, or with what else happens within a second."""
        delay = room.presence.delay(time.monotonic())
        if delay == 0:
            self.tell(room)
        elif delay is not None and not room.telling_later:
            room.telling_later = True
            gevent.spawn_later(delay, self._tell_later, room)

    def tell(self, room: Room) -> None:
        """Tell all that has not been told yet."""
        # A line about many cannot be kept from those who ignore one of them.
        for text, about, name in room.presence.tell(time.monotonic(), self._names.ignored):
            self._notify(room, text, about, name, Kind.PRESENCE)

    def _tell_later(self, room: Room) -> None:
        room.telling_later = False
        self.tell_soon(room)
