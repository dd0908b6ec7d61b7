# ruff: noqa: D102 - base.py says what each method does
"""The store in a history file: each of its parts, over threads that have the file open."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from math import inf
from time import monotonic

from gchat.model.identities import Identity
from gchat.model.message import Message, Private, Topic
from gchat.model.room_log import ID, Cursor
from gchat.store.base import (
    END_PATIENCE,
    Archive,
    Batch,
    Directory,
    Opened,
    Placed,
    Sanctions,
    Store,
)
from gchat.store.errors import StoreError, decoding
from gchat.store.sqlite import deleting, identities, messages, sanctions, topics, words
from gchat.store.sqlite.errors import refusal
from gchat.store.sqlite.ledger import Ledger
from gchat.store.sqlite.lock import Lock
from gchat.store.sqlite.schema import BUSY, begin_run, open_file, open_to_read, stop_waiting
from gchat.store.sqlite.worker import Worker
from gchat.text.query import Query

PATIENCE = 1.0
"""Seconds that a command waits for a lock, or for a disk that does not answer."""

LEAST_TO_CLOSE = 0.1
"""Seconds that a thread gets to close the file, however long it took to write what was owed."""

SEARCH_PATIENCE = 10.0
"""Seconds that a search may take, with those that are before it: each gives up by itself."""


class SqliteStore(Store):
    """The logs of all rooms in the file at `path`, which no other server can use meanwhile.

    Three threads have it open: one writes, one reads, and one is for what may take seconds.
    """

    is_kept = True
    places_at_once = False

    def __init__(self, path: str, sync: str = "normal") -> None:
        """`sync`: SQLite's `synchronous`. Raises CannotUse; a file that it made is gone then."""
        with ExitStack() as opened:
            self._lock = Lock(path)
            opened.callback(self._lock.discard)
            self._writer = opened.enter_context(
                closing(Worker(stop_waiting(open_file(path, sync)), PATIENCE))
            )
            self._reader, self._searcher = (
                opened.enter_context(closing(Worker(stop_waiting(open_to_read(path)), patience)))
                for patience in (PATIENCE, SEARCH_PATIENCE)
            )
            try:
                first_number = self._writer.run_within(BUSY, begin_run)
            except StoreError as error:
                raise refusal(path, error) from error
            opened.pop_all()
        self._ledger = Ledger(path, self._writer, lambda text: self.report(text))
        self.directory = SqliteDirectory(
            self._writer, self._reader, first_number, self._ledger.check_is_there
        )
        self.archive = SqliteArchive(self._writer, self._reader, self._searcher)

    @decoding()
    def open(self, room: str) -> Opened:
        end, found = self._reader.run(messages.tail, room)
        tail = messages.decode(found)
        owed = self._ledger.owed
        for row in owed.of(room, end.id)[-messages.TAIL :]:
            if row[ID] != end.id + 1:  # something before it is left out, or lost
                tail = []
            message = Message(*row)
            end = Cursor(message.id, message.spoken)
            tail.append(message)
        return Opened(max(end, owed.end(room)), tail if end >= owed.end(room) else [])

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        return self._ledger.append(batches)

    def owes(self, room: str) -> bool:
        return self._ledger.owed.owes(room)

    @property
    def trouble(self) -> str:
        return self._ledger.trouble

    def check(self) -> bool:
        try:
            is_there = self._reader.run(lambda _: self._lock.is_under_its_name())
        except (StoreError, OSError):  # a disk that does not answer has not lost it
            return True
        self._ledger.set_gone(not is_there)
        return is_there

    def read(self, room: str, last: int, end: int, most: int, characters: int) -> list[Message]:
        owed = self._ledger.owed
        while True:
            settled = owed.settled
            found = messages.decode(
                self._reader.run(messages.after, room, last, end, most, characters)
            )
            if len(found) == most:
                return found
            if owed.settled == settled:  # else what was written meanwhile may be in neither
                break
        size = sum(len(message.text) for message in found)
        for row in owed.of(room, found[-1].id if found else last, end):
            if size >= characters or len(found) == most:
                break
            found.append(Message(*row))
            size += len(found[-1].text)
        return found

    def start(self, room: str) -> int:
        return self._reader.run(messages.start, room)

    def gone_between(self, room: str, last: int, end: int) -> int:
        return self._reader.run(messages.gone_between, room, last, end)

    def delete(self, room: str, ids: Collection[int]) -> set[int]:
        deleted = self._ledger.owed.delete(room, ids)
        return deleted | self._writer.run(deleting.delete, room, ids)

    def trim_old(self, time: float, most: int) -> int:
        return self._writer.run(deleting.remove_old, time, most)

    def trim_room(self, room: str, kept: int, most: int) -> int:
        return self._writer.run(deleting.remove_surplus, room, kept, most)

    def find_crowded(self, behind: str, most: int) -> str:
        return self._searcher.run(deleting.find_crowded, behind, most)

    def close(self, seconds: float = END_PATIENCE) -> None:
        deadline = monotonic() + seconds
        self._ledger.close(seconds)
        are_closed = [
            worker.close(max(LEAST_TO_CLOSE, deadline - monotonic()))
            for worker in (self._searcher, self._reader, self._writer)
        ]
        if all(are_closed):
            self._lock.close()


class SqliteDirectory(Directory):
    """Identities, what is kept for them, sanctions and topics in a history file."""

    def __init__(
        self,
        writer: Worker,
        reader: Worker,
        first_number: int,
        check_is_there: Callable[[], None],
    ) -> None:
        """`check_is_there` raises StoreError if the file was removed: SQLite would not notice."""
        self._writer = writer
        self._reader = reader
        self.first_number = first_number
        self._check_is_there = check_is_there

    @decoding()
    def topic(self, room: str) -> Topic | None:
        return self._reader.run(topics.read, room)

    def write_topic(self, room: str, topic: Topic | None) -> None:
        self._check_is_there()
        self._writer.run(topics.write, room, topic)

    @decoding()
    def sanctions(self, kind: str) -> Sanctions:
        return self._reader.run(sanctions.read, kind)

    def write_sanctions(self, held: Mapping[str, Sanctions]) -> None:
        self._check_is_there()
        self._writer.run(sanctions.write, held)

    @decoding()
    def identities(self) -> list[Identity]:
        return self._reader.run_within(None, identities.read)

    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        self._writer.run(
            identities.write,
            identities.encode(changed),
            identities.encode_places(moved),
            forgotten,
        )

    def keep_privates(self, number: int, privates: Sequence[Private], most: float = inf) -> bool:
        self._check_is_there()
        # To the end: what is kept though nobody knows of it would be kept, and shown, once more.
        return self._writer.run_to_the_end(
            partial(identities.keep, number=number, privates=privates, most=most)
        )

    def take_privates(self, number: int) -> list[Private]:
        return self._writer.run_to_the_end(partial(identities.take, number=number))


class SqliteArchive(Archive):
    """The index of words of a history file, and what is found in the file by looking through it."""

    def __init__(self, writer: Worker, reader: Worker, searcher: Worker) -> None:
        self._writer = writer
        self._reader = reader
        self._searcher = searcher

    def find(self, query: Query, before: int, count: int) -> list[tuple[int, Message]]:
        return words.decode_hits(self._searcher.run(words.find, query, before, count))

    def find_of(self, sender: int, before: int, most: int) -> tuple[int, list[tuple[str, int]]]:
        return self._searcher.run(deleting.find_of, sender, before, most)

    def since(self, room: str, time: float) -> int:
        return self._reader.run(messages.first_with, room, "time", time)

    def since_spoken(self, room: str, spoken: int) -> int:
        return self._reader.run(messages.first_with, room, "spoken", spoken)

    def index(self, most: int) -> int:
        return self._writer.run(words.index, most)

    def purge(self) -> Iterator[None]:
        if count := self._reader.run(words.unmerged):
            self._writer.run(words.merge, True)
            while self._writer.run(words.merge, False):
                yield
            self._writer.run(words.set_merged, count)
