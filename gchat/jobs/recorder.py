"""The one greenlet that writes what is said to the history file, before anybody is sent it.

It writes what all rooms have waiting in one transaction, in a thread; what is said meanwhile
waits for the next one. If the file cannot be written, the chat goes on in memory.
"""

import logging
from time import monotonic

from gchat.hub.hub import Hub
from gchat.model.room_log import RoomLog
from gchat.runtime.loop import give_way
from gchat.store.base import Batch
from gchat.text.phrases import counted

RETRY = 10.0
"""Seconds until it is tried again to write to a file that could not be written to."""

PASSES = 2
"""Of the loop, in which those who are about to speak may do so."""

LONGEST_WAIT = 0.005
"""Seconds that what is said waits for more that goes into the same transaction."""

log = logging.getLogger(__name__)


class Recorder:
    """Takes what is unrecorded in a hub, and releases it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._behind: dict[RoomLog, int] = {}
        """If the file could not be written to: the last id that it has of each room."""
        self._next_try = 0.0

    def run(self) -> None:
        """Record for ever."""
        while True:
            self._hub.pending_writes.wait(RETRY if self._behind else None)
            self._wait_for_more()
            self._record()

    def _wait_for_more(self) -> None:
        """Let those speak who are about to, and a round end that is under way.

        What is written before that would only be sent after it, and in two rounds. In one pass
        of the loop who waits for time comes before who waits for a socket, so one pass is not
        enough: with it a transaction had two thirds as many messages, where 100 talk (measured).
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
        """Write what is new in `logs`; if that fails, they are behind."""
        try:
            self._hub.store.append([Batch(log.room, log.unreleased) for log in logs])
        except Exception as error:  # whatever it is: the talk must go on
            self._behind = {log: log.end.id for log in logs}
            self._next_try = monotonic() + RETRY
            self._tell(
                f"the history cannot be written to its file: {error}. What is said "
                "goes on in memory, and is written when that is possible again"
            )

    def _catch_up(self) -> None:
        """Write what was released without being written, as far as it is still in memory."""
        batches = [Batch(log.room, log.entries_after(last)) for log, last in self._behind.items()]
        missing = sum(max(0, log.start.id - last) for log, last in self._behind.items())
        try:
            self._hub.store.append(batches, at_once=True)
        except Exception:  # as before
            self._next_try = monotonic() + RETRY
        else:
            self._behind = {}
            lost = f"; {counted(missing, 'message')} are not in it" if missing else ""
            self._tell(f"the history is written to its file again{lost}")

    def _tell(self, text: str) -> None:
        log.error("%s", text)
        for client in self._hub.each_client():
            if client.operator:
                self._hub.tell(client, text)
