"""Write messages to the history file before anybody is sent them.

One greenlet writes the pending messages of all rooms in one transaction, in a native thread;
messages that come meanwhile wait for the next one. If the file cannot be written, the chat goes on
in memory.
"""

import logging
from time import monotonic

from gchat.hub.hub import Hub
from gchat.model.room_log import RoomLog
from gchat.runtime.loop import give_way
from gchat.store.base import Batch
from gchat.text.phrases import counted

RETRY = 10.0
"""Seconds until the next attempt to write a file that could not be written."""

PASSES = 2
"""Passes of the event loop that a transaction waits for clients that are about to speak."""

LONGEST_WAIT = 0.005
"""Seconds that a message waits for others of the same transaction."""

log = logging.getLogger(__name__)


class Recorder:
    """Write the pending messages of a hub, then release them to be sent."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._behind: dict[RoomLog, int] = {}
        """While the file cannot be written: the last id of each room that is in it."""
        self._next_try = 0.0

    def run(self) -> None:
        """Record messages for ever."""
        while True:
            self._hub.pending_writes.wait(RETRY if self._behind else None)
            self._wait_for_more()
            self._record()

    def _wait_for_more(self) -> None:
        """Wait for clients that are about to speak, and for the round that is under way to end.

        Messages written earlier would be sent only after that round anyway, and in two rounds. In
        one pass of the loop, timers come before sockets, so one pass is not enough: with a single
        one, a transaction had two thirds as many messages where 100 clients talk (measured).
        """
        for _ in range(PASSES):
            give_way()
        deadline = monotonic() + LONGEST_WAIT
        while self._hub.ready_rooms and monotonic() < deadline:
            give_way()

    def _record(self) -> None:
        rooms = self._hub.pending_writes.rooms
        ends = {room: room.log.said for room in rooms}
        logs = [room.log for room in ends]
        if not self._behind:
            self._write(logs)
        else:
            self._behind = {log: log.end.id for log in logs} | self._behind
        for room, end in ends.items():
            room.log.release(end)
            self._hub.mark_ready(room)
            if room.log.said == end:
                del rooms[room]
        self._hub.pending_writes.tell_written()
        if self._behind and monotonic() >= self._next_try:
            self._catch_up()

    def _write(self, logs: list[RoomLog]) -> None:
        """Write new messages of `logs`; if that fails, remember where the file ends."""
        try:
            self._hub.store.append([Batch(log.room, log.unreleased) for log in logs])
        except Exception as error:  # of any kind: the chat must go on
            self._behind = {log: log.end.id for log in logs}
            self._next_try = monotonic() + RETRY
            self._tell(
                f"Cannot write the history file: {error}. Messages are kept in memory and will be "
                "written later."
            )

    def _catch_up(self) -> None:
        """Write messages that were released unwritten, if they are still in memory."""
        batches = [Batch(log.room, log.entries_after(last)) for log, last in self._behind.items()]
        missing = sum(max(0, log.start.id - last) for log, last in self._behind.items())
        try:
            self._hub.store.append(batches, at_once=True)
        except Exception:  # of any kind, as in _write
            self._next_try = monotonic() + RETRY
        else:
            self._behind = {}
            lost = f"; {counted(missing, 'message')} could not be saved" if missing else ""
            self._tell(f"The history file can be written again{lost}")

    def _tell(self, text: str) -> None:
        """Log `text`, and tell it to the operators."""
        log.error("%s", text)
        for client in self._hub.each_client():
            if client.operator:
                self._hub.tell(client, text)
