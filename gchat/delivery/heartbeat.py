"""Signs of life for clients whose voice has them, such as a comment among server-sent events.

Proxies end streams on which nothing comes for a minute, and a page cannot see otherwise that its
connection is dead. A pulse goes to a cohort as a whole, as a batch does, whoever is in it.
"""

from typing import NamedTuple

import gevent

from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.model.room_log import Cursor
from gchat.protocol.voices import voice_of

INTERVAL = 15.0
"""Seconds between two pulses, as the standard of server-sent events advises."""


class Pulse(NamedTuple):
    """Bytes for a cohort, between two messages of its room."""

    data: bytes
    end: Cursor
    """Where its members stand before and after it."""

    def place(self, sent: int) -> tuple[Cursor, memoryview]:
        """Where a member is that took the first `sent` bytes, and the rest of them."""
        return self.end, memoryview(self.data)[sent:]


def keep_alive(hub: Hub) -> None:
    """Have pulses sent, for ever."""
    while True:
        gevent.sleep(INTERVAL)
        for room in tuple(hub.rooms.by_name.values()):
            send_pulse(hub, room)


def send_pulse(hub: Hub, room: Room) -> None:
    """Have a pulse sent in `room` to all whose voice has one."""
    if any(voice_of(cohort.display).heartbeat for cohort in room.cohorts):
        room.is_pulse_due = True
        hub.mark_ready(room)
    for seat in tuple(room.listeners.values()):  # those in no cohort: few, as a rule
        is_first = seat is seat.client  # one for a connection, however many rooms it is in
        if is_first and (data := voice_of(seat.display).heartbeat):
            hub.owe(seat, data)
