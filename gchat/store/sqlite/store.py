# ruff: noqa: D102 - base.py says what each method does
"""The store in a history file: each of its parts, over threads that have the file open."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import chain
from math import inf

from gchat.model.identities import Identity
from gchat.model.message import Message, Private, Topic
from gchat.store.base import Archive, Batch, Directory, Opened, Sanctions, Store
from gchat.store.errors import StoreError, decoding
from gchat.store.sqlite import deleting, identities, messages, sanctions, topics, words
from gchat.store.sqlite.errors import refusal
from gchat.store.sqlite.lock import Lock
from gchat.store.sqlite.schema import begin_run, open_file, open_to_read
from gchat.store.sqlite.worker import Worker
from gchat.text.query import Query


class SqliteStore(Store):
    """The logs of all rooms in the file at `path`, which no other server can use meanwhile.

    Three threads have it open: one writes, one reads, and one is for what may take seconds.
    """

    is_kept = True

    def __init__(self, path: str, sync: str = "normal") -> None:
        """`sync`: SQLite's `synchronous`. Raises CannotUse; a file that it made is gone then."""
        with ExitStack() as opened:
            self._lock = Lock(path)
            opened.callback(self._lock.discard)
            self._writer = opened.enter_context(closing(Worker(open_file(path, sync))))
            self._reader = opened.enter_context(closing(Worker(open_to_read(path))))
            self._searcher = opened.enter_context(closing(Worker(open_to_read(path))))
            try:
                first_number = self._writer.run(begin_run)
            except StoreError as error:
                raise refusal(path, error) from error
            opened.pop_all()
        self.directory = SqliteDirectory(self._writer, self._reader, first_number)
        self.archive = SqliteArchive(self._writer, self._reader, self._searcher)

    @decoding()
    def open(self, room: str) -> Opened:
        end, tail = self._reader.run(messages.tail, room)
        return Opened(end, messages.decode(tail))

    def append(self, batches: Sequence[Batch], *, at_once: bool = False) -> None:
        entries = [*chain.from_iterable(batch.entries for batch in batches)]
        self._writer.run(messages.append_at_once if at_once else messages.append, entries)

    def read(self, room: str, last: int, end: int, most: int, characters: int) -> list[Message]:
        found = self._reader.run(messages.after, room, last, end, most, characters)
        return messages.decode(found)

    def start(self, room: str) -> int:
        return self._reader.run(messages.start, room)

    def gone_between(self, room: str, last: int, end: int) -> int:
        return self._reader.run(messages.gone_between, room, last, end)

    def delete(self, room: str, ids: Collection[int]) -> set[int]:
        return self._writer.run(deleting.delete, room, ids)

    def trim_old(self, time: float, most: int) -> int:
        return self._writer.run(deleting.remove_old, time, most)

    def trim_room(self, room: str, kept: int, most: int) -> int:
        return self._writer.run(deleting.remove_surplus, room, kept, most)

    def find_crowded(self, behind: str, most: int) -> str:
        return self._searcher.run(deleting.find_crowded, behind, most)

    def close(self) -> None:
        for worker in (self._searcher, self._reader, self._writer):
            worker.close()
        self._lock.close()


class SqliteDirectory(Directory):
    """Identities, what is kept for them, sanctions and topics in a history file."""

    def __init__(self, writer: Worker, reader: Worker, first_number: int) -> None:
        self._writer = writer
        self._reader = reader
        self.first_number = first_number

    @decoding()
    def topic(self, room: str) -> Topic | None:
        return self._reader.run(topics.read, room)

    def write_topic(self, room: str, topic: Topic | None) -> None:
        self._writer.run(topics.write, room, topic)

    @decoding()
    def sanctions(self, kind: str) -> Sanctions:
        return self._reader.run(sanctions.read, kind)

    def write_sanctions(self, held: Mapping[str, Sanctions]) -> None:
        self._writer.run(sanctions.write, held)

    @decoding()
    def identities(self) -> list[Identity]:
        return self._reader.run(identities.read)

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
        return self._writer.run(identities.keep, number, privates, most)

    def take_privates(self, number: int) -> list[Private]:
        return self._writer.run(identities.take, number)


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
