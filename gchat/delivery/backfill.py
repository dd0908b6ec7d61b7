"""Reading back for those who have fallen behind what memory holds of their room.

The broadcaster never waits for a file: it asks, leaves the client alone, and finds the page in
`room.pages` when it comes to visit it again.
"""

import gevent
from gevent.event import Event

from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.hub.seat import Seat
from gchat.model.message import Message

MOST_PAGES = 16
"""Pages that have been read and not been used: their memory is bounded, and so is what is read
for somebody whose turn is far away."""

PAUSE = 0.002
"""Seconds to wait for the broadcaster to use some of them."""


class Backfill:
    """The greenlet that reads, one page after the other, for who has asked first first."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._asked: dict[tuple[Room, int], dict[int, Seat]] = {}
        """Who wants what follows an id in a room."""
        self._wake = Event()
        self._read: dict[tuple[Room, int], dict[int, Seat]] = {}
        """Who has asked for each page that has been read."""

    def ask(self, room: Room, seat: Seat) -> None:
        """Have `seat` visited when what follows its cursor in `room` is there."""
        self._asked.setdefault((room, seat.cursor.id), {})[seat.number] = seat
        self._wake.set()

    def run(self) -> None:
        """Read for ever."""
        while True:
            if not self._asked:
                self._wake.clear()
                self._wake.wait()
            self._forget_used()
            if len(self._read) < MOST_PAGES:
                self._read_next()
            else:
                gevent.sleep(PAUSE)

    def _read_next(self) -> None:
        room, last = key = next(iter(self._asked))
        page: list[Message] = []
        try:
            page = self._hub.history.after(room.log, last)
        except Exception:  # they learn what they have missed
            self._hub.faults.report("cannot read back in #%s", room.name)
        room.pages[last] = page
        self._read[key] = seats = self._asked.pop(key)
        for seat in seats.values():
            client = seat.client
            is_there = self._hub.clients.get(seat.number) is client
            # Else its room may be closed, too.
            if is_there and client.seat_in(seat.log.room) is seat:
                self._hub.visit(seat)

    def _forget_used(self) -> None:
        """Forget the pages of which everybody who has asked for them was visited since."""
        for key, seats in tuple(self._read.items()):
            room, last = key
            if not seats.keys() & room.visits.keys():
                del self._read[key]
                del room.pages[last]
