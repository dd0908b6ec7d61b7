"""What was said before: in memory, and behind that in the file, if there is one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf
from time import monotonic

from gchat.model.identities import Identity
from gchat.model.message import Message, Private, Topic
from gchat.model.room_log import Entry, RoomLog
from gchat.model.sanctions import Sanction
from gchat.store.errors import StoreError, decoding
from gchat.store.sqlite import deleting, identities, messages, sanctions, topics, words
from gchat.store.sqlite.errors import refusal
from gchat.store.sqlite.lock import Lock
from gchat.store.sqlite.sanctions import Held
from gchat.store.sqlite.schema import begin_run, open_file, open_to_read
from gchat.store.sqlite.worker import Worker
from gchat.text.addresses import Network
from gchat.text.query import Query

PAGE = 256
"""Messages that are read from the file at a time."""

PAGE_CHARACTERS = 32 * 1024
"""How long they may be together, but for the last: it takes the loop half a millisecond to
decode and encode so many short ones."""


INDEX_STEP = 200
"""Messages that are entered into the index at a time: some milliseconds in which nothing else is
written."""

INDEX_WAIT = 2.0
"""Seconds that a search waits for the index."""


class History:
    """Reads the rooms' logs as far back as they are kept. Whatever reads the file waits."""

    def __init__(self, path: str = "", sync: str = "normal") -> None:
        """`path` is that of the file; there is none if it is empty. Raises CannotUse."""
        self._lock = Lock(path) if path else None
        self._writer: Worker | None = None
        self._reader: Worker | None = None
        self._searcher: Worker | None = None
        """For what may take seconds."""
        self.first_number = 1
        """Of the clients of this run of the server: those before had smaller ones."""
        if self._lock:
            try:
                self._begin(path, sync)
            except BaseException:
                self._close_workers()
                self._lock.discard()
                raise

    def _begin(self, path: str, sync: str) -> None:
        """Open the file at `path`, which is locked. Raises CannotUse."""
        self._writer = Worker(open_file(path, sync))
        self._reader = Worker(open_to_read(path))
        self._searcher = Worker(open_to_read(path))
        try:
            self.first_number = self._writer.run(begin_run)
        except StoreError as error:
            raise refusal(path, error) from error

    @property
    def is_kept(self) -> bool:
        """There is a file."""
        return self._writer is not None

    @decoding()
    def open(self, room: str) -> RoomLog:
        """The log of `room`, which goes on where the file ends. Raises StoreError."""
        log = RoomLog(room, recorded=self.is_kept)
        if self._reader:
            end, tail = self._reader.run(messages.tail, room)
            log.begin(end, messages.decode(tail))
        return log

    def write(self, entries: Sequence[Entry]) -> None:
        """Write them to the file. Raises StoreError; then none is written."""
        if self._writer:
            self._writer.run(messages.append, entries)

    def write_at_once(self, entries: Sequence[Entry]) -> None:
        """The same, but if another program holds a lock on the file, that is not waited for."""
        if self._writer:
            self._writer.run(messages.append_at_once, entries)

    @decoding()
    def topic(self, room: str) -> Topic | None:
        """What `room` was about last; None if nobody has said that. Raises StoreError."""
        return self._reader.run(topics.read, room) if self._reader else None

    def write_topic(self, room: str, topic: Topic | None) -> None:
        """Write what `room` is about. Raises StoreError."""
        if self._writer:
            self._writer.run(topics.write, room, topic)

    @decoding()
    def sanctions(self, kind: str) -> dict[Network, Sanction]:
        """Those in the file, a `ban` or a `mute`. Raises StoreError."""
        return self._reader.run(sanctions.read, kind) if self._reader else {}

    def write_sanctions(self, held: Mapping[str, Held]) -> None:
        """Write all that hold, by their kind. Raises StoreError."""
        if self._writer:
            self._writer.run(sanctions.write, held)

    @decoding()
    def identities(self) -> list[Identity]:
        """All in the file, the longest gone first. Raises StoreError."""
        return self._reader.run(identities.read) if self._reader else []

    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        """Write those that have changed, and of others how far they have got.

        And delete those of the numbers in `forgotten`. Raises StoreError.
        """
        if self._writer:
            self._writer.run(
                identities.write,
                identities.encode(changed),
                identities.encode_places(moved),
                forgotten,
            )

    def keep_privates(self, number: int, privates: Sequence[Private], most: float = inf) -> bool:
        """Keep what is said to the one of this number alone, until it is there.

        False if over `most` bytes are kept for it already. Raises StoreError.
        """
        return self._writer is not None and self._writer.run(
            identities.keep, number, privates, most
        )

    def take_privates(self, number: int) -> list[Private]:
        """What is kept for it, and no longer. Raises StoreError."""
        return self._writer.run(identities.take, number) if self._writer else []

    def close(self) -> None:
        """Nothing is read or written any more, and another server may use the file."""
        self._close_workers()
        if self._lock:
            self._lock.close()

    def _close_workers(self) -> None:
        for worker in (self._searcher, self._reader, self._writer):
            if worker:
                worker.close()

    # Deleting

    def delete(self, room: str, ids: Collection[int]) -> set[int]:
        """Delete messages of `room` from the file (see deletion.py); returns which it deleted.

        Raises StoreError.
        """
        return self._writer.run(deleting.delete, room, ids) if self._writer else set()

    def find_of(self, sender: int, before: int, most: int) -> tuple[int, list[tuple[str, int]]]:
        """The rooms and ids of at most `most` messages of `sender` before the place `before`.

        And the place before which others may be; 0 if none are. Raises StoreError.
        """
        if not self._searcher:
            return 0, []
        return self._searcher.run(deleting.find_of, sender, before, most)

    def remove_old(self, time: float, most: int) -> int:
        """Delete at most `most` messages that were said before `time`; returns how many it were.

        Raises StoreError, also if another program holds a lock on the file.
        """
        return self._writer.run(deleting.remove_old, time, most) if self._writer else 0

    def find_crowded(self, behind: str, most: int) -> str:
        """The first room behind `behind` with over `most` messages; empty if there is none.

        Raises StoreError.
        """
        return self._searcher.run(deleting.find_crowded, behind, most) if self._searcher else ""

    def remove_surplus(self, room: str, kept: int, most: int) -> int:
        """Delete at most `most` messages of `room` but the last `kept`; as remove_old."""
        if not self._writer:
            return 0
        return self._writer.run(deleting.remove_surplus, room, kept, most)

    def unmerged(self) -> int:
        """How often words were taken out of the index, and still are in the file.

        Raises StoreError.
        """
        return self._reader.run(words.unmerged) if self._reader else 0

    def merge(self, first: bool) -> bool:
        """Take some of them out of the file; False if none are left there (see words.merge).

        Raises StoreError.
        """
        return self._writer is not None and self._writer.run(words.merge, first)

    def set_merged(self, count: int) -> None:
        """What was taken out `count` times is no longer in the file. Raises StoreError."""
        if self._writer:
            self._writer.run(words.set_merged, count)

    # Finding

    def index(self, most: int) -> int:
        """Enter at most `most` more messages into the index; returns how many are left.

        Raises StoreError.
        """
        return self._writer.run(words.index, most) if self._writer else 0

    def complete_index(self) -> int:
        """Index what is left now, for INDEX_WAIT seconds at most; returns how many still are.

        Raises StoreError.
        """
        end = monotonic() + INDEX_WAIT
        while left := self.index(INDEX_STEP):
            if monotonic() > end:
                break
        return left

    def find(self, query: Query, before: int, count: int) -> list[tuple[int, Message]]:
        """At most `count` messages that `query` matches, and their places, the newest first.

        They are before the place `before`, in all rooms. Raises TookTooLong and StoreError.
        """
        if not self._searcher:
            return []
        return words.decode_hits(self._searcher.run(words.find, query, before, count))

    # Reading

    def after(self, log: RoomLog, last: int, limit: int = PAGE) -> list[Message]:
        """At most `limit` messages that people may see from behind the id `last`.

        They follow one another, but the first may have another id than the next one, if
        those between are not kept. There are none only if nothing follows.
        """
        while last < log.start.id and self._reader:
            deletions = log.deletions
            page = self._reader.run(
                messages.after, log.room, last, log.start.id, min(limit, PAGE), PAGE_CHARACTERS
            )
            if log.deletions != deletions:  # it may have what is gone by now
                continue
            if found := messages.decode(page):
                return _first_that_follow(found)
            break
        return log.after(last, limit)

    def start(self, log: RoomLog) -> int:
        """The id behind which the first message is that is kept."""
        if log.start.id and self._reader:
            return min(log.start.id, self._reader.run(messages.start, log.room))
        return log.start.id

    def gone_after(self, log: RoomLog, last: int) -> int:
        """How many messages behind the id `last` were deleted."""
        gone = log.gone_after(last)
        if last < log.start.id and self._reader:
            gone += self._reader.run(messages.gone_between, log.room, last, log.start.id)
        return gone

    def back(self, log: RoomLog, count: int) -> int:
        """The id behind which lie the last `count` messages that people have said."""
        least = log.end.spoken - count + 1
        if least <= log.start.spoken and self._reader:
            return self._reader.run(messages.first_with, log.room, "spoken", least)
        return log.back(count)

    def since(self, log: RoomLog, time: float) -> int:
        """The id behind which lies what was said at `time` or later."""
        first = log.since(time)
        if first == log.start.id > 0 and self._reader:
            return self._reader.run(messages.first_with, log.room, "time", time)
        return first


def _first_that_follow(found: list[Message]) -> list[Message]:
    """Those up to where something is missing between two."""
    first = found[0].id
    if found[-1].id - first == len(found) - 1:
        return found
    return [message for index, message in enumerate(found) if message.id == first + index]
