"""The one greenlet that writes to sockets: it moves every client's cursor along its room's log.

It works in rounds. A round of a room sends everybody who listens there, with one
system call each as a rule, all that the log held when the round began. What is said
meanwhile waits for the next round, so the busier it is, the more messages a call
carries. Rooms take turns, a slice of a round each; those in which little was said come first.
"""

from collections.abc import Iterable
from time import perf_counter

import gevent

from gchat.delivery.backfill import Backfill
from gchat.delivery.batches import SharedPages
from gchat.delivery.rounds import Round
from gchat.delivery.senders.choice import Sender
from gchat.delivery.senders.loop import LoopSender
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.model.room_log import Cursor
from gchat.runtime.loop import give_way

SLICE = 0.002
"""Seconds that a room is served before the others, and those who talk, get their turn."""

TURN = 0.001
"""Seconds that rooms in which little was said are served, and then the others, before those who
talk get their turn. Beside 50 rooms that are flooded, the p99 of a quiet one was 6 ms, and 8.5 with
twice as long."""

LITTLE = 1024
"""Bytes that were said in a room since its last round began, at the most, when it is served before
those in which more was said."""

PAGES_KEPT = 1.0
"""Seconds in which nobody has anything to get before pages that many have shared are dropped."""

RETRY = 1.0
"""Seconds after which a room is served again that could not be served for a mistake of ours."""


class Broadcaster:
    """Sends what the rooms of a hub hold to those who listen."""

    def __init__(self, hub: Hub, sender: Sender | None = None) -> None:
        """`sender` is used for cohorts; the one that works everywhere if there is none."""
        self._hub = hub
        self._sender = sender or LoopSender()
        self.backfill = Backfill(hub)
        """Which reads for those who are far behind; somebody has to let it run."""
        self._shared = SharedPages()
        self._rounds: dict[Room, Round] = {}
        self._failed: set[Room] = set()
        """Those that will be served again a while after that was not possible."""

    def run(self) -> None:
        """Broadcast for ever."""
        ready_rooms = self._hub.ready_rooms
        while True:
            if not ready_rooms:
                self._wait_for_work()
                give_way()  # those who speak at the same time are in the same round
            while ready_rooms:
                # A quiet room does not wait for those that are flooded; and they, however many
                # rooms are quiet, have as much time.
                little, much = list[Room](), list[Room]()
                for room in ready_rooms:
                    (little if room.queue.unsent <= LITTLE else much).append(room)
                self._serve_some(little)
                self._serve_some(much)
                if ready_rooms:
                    give_way()

    def _serve_some(self, rooms: Iterable[Room]) -> None:
        """Serve the first of `rooms` for TURN seconds, or a little more."""
        deadline = perf_counter() + TURN
        # Many rooms are small. None has two turns before more could be said in it.
        for room in rooms:
            self._try_to_serve(room)
            if perf_counter() > deadline:
                break

    def _wait_for_work(self) -> None:
        self._hub.work.clear()
        if self._shared.is_empty or not self._hub.work.wait(PAGES_KEPT):
            self._shared.clear()
            self._hub.work.wait()

    def _try_to_serve(self, room: Room) -> None:
        try:
            self._serve(room)
        except Exception:  # a mistake of ours: it must not be the end of all talk
            self._hub.faults.report("cannot broadcast in #%s", room.name)
            room.cohorts.dissolve()  # so that each of them gets what it has not got
            room.sent = Cursor(0, 0)
            if room not in self._failed:
                self._failed.add(room)
                gevent.spawn_later(RETRY, self._retry, room)

    def _retry(self, room: Room) -> None:
        self._failed.discard(room)
        self._hub.mark_ready(room)

    def _serve(self, room: Room) -> None:
        """Serve a slice of `room`'s clients; if there is more to do, the others come first."""
        del self._hub.ready_rooms[room]
        current = self._rounds.pop(room, None) or Round(
            self._hub, room, self.backfill, self._shared, self._sender
        )
        if current.serve(SLICE):
            self._rounds[room] = current
        said = room.log.end.id > room.sent.id
        # What is pending makes the room ready when it has its place; nobody has a turn before.
        waiting = room.queue.are_awaited and not room.pending
        if said or room in self._rounds or room.visits or waiting or room.is_pulse_due:
            self._hub.mark_ready(room)
