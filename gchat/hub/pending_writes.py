"""Messages that are not in the history file yet, and the greenlets that wait until they are."""

import time

from gevent.event import Event

from gchat.hub.client import Client
from gchat.hub.room import Room


class PendingWrites:
    """The rooms with messages that are not written yet; the recorder empties `rooms`."""

    def __init__(self) -> None:
        self.rooms: dict[Room, None] = {}
        self._added = Event()
        self._written = Event()

    def add(self, room: Room) -> None:
        """Note a new message in `room`."""
        self.rooms[room] = None
        self._added.set()

    def wait(self, timeout: float | None) -> None:
        """Wait for a room with unwritten messages, at most `timeout` seconds."""
        if not self.rooms:
            self._added.clear()
            self._added.wait(timeout)

    def tell_written(self) -> None:
        """Wake the greenlets that wait: some messages have been written."""
        written, self._written = self._written, Event()
        written.set()

    def wait_for(self, client: Client) -> None:
        """Wait until the messages of `client` in its room are written and may be seen there."""
        while client.last_own > client.log.end.id and not client.lost:
            self._written.wait()

    def wait_for_all(self, timeout: float) -> None:
        """Wait until all messages are written, at most `timeout` seconds."""
        end = time.monotonic() + timeout
        while self.rooms and (left := end - time.monotonic()) > 0:
            self._written.wait(left)
