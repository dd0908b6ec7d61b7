"""What was said and is not in the history file yet, and those who wait until it is."""

import time

from gevent.event import Event

from gchat.hub.client import Client
from gchat.hub.room import Room


class PendingWrites:
    """The rooms in which there is some of it. The recorder takes them from here."""

    def __init__(self) -> None:
        self.rooms: dict[Room, None] = {}
        self._added = Event()
        self._written = Event()

    def add(self, room: Room) -> None:
        """Something was said in `room`."""
        self.rooms[room] = None
        self._added.set()

    def wait(self, timeout: float | None) -> None:
        """Wait until there is something, but no longer than `timeout` seconds."""
        if not self.rooms:
            self._added.clear()
            self._added.wait(timeout)

    def tell_written(self) -> None:
        """Something has been written, and taken out of `rooms` if it was all."""
        written, self._written = self._written, Event()
        written.set()

    def wait_for(self, client: Client) -> None:
        """Wait until what `client` has said in its room may be seen there."""
        while client.last_own > client.log.end.id and not client.lost:
            self._written.wait()

    def wait_for_all(self, timeout: float) -> None:
        """Wait until there is nothing, but no longer than `timeout` seconds."""
        end = time.monotonic() + timeout
        while self.rooms and (left := end - time.monotonic()) > 0:
            self._written.wait(left)
