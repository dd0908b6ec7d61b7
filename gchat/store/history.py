"""What was said before: in memory, and behind that in the store."""

from time import monotonic

from gchat.model.message import Message
from gchat.model.room_log import RoomLog
from gchat.store.base import Left, Store
from gchat.store.errors import decoding

PAGE = 256
"""Messages that are read from the store at a time."""

PAGE_CHARACTERS = 32 * 1024
"""How long they may be together, but for the last: it takes the loop half a millisecond to
decode and encode so many short ones."""


INDEX_STEP = 200
"""Messages that are entered into the index at a time: some milliseconds in which nothing else is
written."""

INDEX_WAIT = 2.0
"""Seconds that a search waits for the index."""


class History:
    """Reads the rooms' logs as far back as they are kept. Whatever reads the store waits."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @decoding()
    def open(self, room: str) -> RoomLog:
        """The log of `room`, which goes on where the store has its end. Raises StoreError."""
        log = RoomLog(room)
        log.begin(*self.store.open(room))
        return log

    def complete_index(self) -> Left:
        """Index new messages, for INDEX_WAIT seconds at most; returns what is left.

        Raises StoreError.
        """
        archive, end = self.store.archive, monotonic() + INDEX_WAIT
        left = archive.left()
        while left.new and monotonic() < end:
            left = archive.index(INDEX_STEP)
        return left

    def after(self, log: RoomLog, last: int, limit: int = PAGE) -> list[Message]:
        """At most `limit` messages that people may see from behind the id `last`.

        They follow one another, but the first may have another id than the next one, if
        those between are not kept. There are none only if nothing follows.
        """
        while last < log.start.id:
            deletions = log.deletions
            found = self.store.read(log.room, last, log.start.id, min(limit, PAGE), PAGE_CHARACTERS)
            if log.deletions != deletions:  # it may have what is gone by now
                continue
            if found:
                return _first_that_follow(found)
            break
        return log.after(last, limit)

    def start(self, log: RoomLog) -> int:
        """The id behind which the first message is that is kept."""
        first = self.store.start(log.room) if log.start.id else None
        return log.start.id if first is None else min(log.start.id, first)

    def epoch_end(self, log: RoomLog, epoch: int) -> int:
        """The id of the last message that was placed in `epoch` or before, kept or not."""
        end = log.epoch_end(epoch)
        if end is None:
            end = self.store.epoch_end(log.room, epoch)
        return log.start.id if end is None else min(end, log.end.id)

    def gone_after(self, log: RoomLog, last: int) -> int:
        """How many messages behind the id `last` were deleted."""
        gone = log.gone_after(last)
        if last < log.start.id:
            gone += self.store.gone_between(log.room, last, log.start.id)
        return gone

    def back(self, log: RoomLog, count: int, before: int | None = None) -> int:
        """The id behind which lie the last `count` messages that people have said.

        Or the last of the first `before` of all that they ever said in the room.
        """
        least = (log.end.spoken if before is None else before) - count + 1
        first = None
        if least <= log.start.spoken:
            first = self.store.archive.since_spoken(log.room, least)
        return log.back(count, before) if first is None else first

    def since(self, log: RoomLog, time: float) -> int:
        """The id behind which lies what was said at `time` or later."""
        first = log.since(time)
        if first == log.start.id > 0:
            kept = self.store.archive.since(log.room, time)
            return first if kept is None else kept
        return first


def _first_that_follow(found: list[Message]) -> list[Message]:
    """Those up to where something is missing between two."""
    first = found[0].id
    if found[-1].id - first == len(found) - 1:
        return found
    return [message for index, message in enumerate(found) if message.id == first + index]
