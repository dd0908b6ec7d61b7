# ruff: noqa: D102 - base.py says what each method does
"""The store in a history file: each of its parts, over threads that have the file open."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from time import monotonic

import gevent

from gchat.model.identities import Identity
from gchat.model.message import Message, Private, Topic
from gchat.model.room_log import Cursor
from gchat.model.runs import EPOCH, ID, Row
from gchat.store.base import END_PATIENCE, Batch, Opened, Placed
from gchat.store.directory import Directory, Sanctions
from gchat.store.errors import StoreError, decoding
from gchat.store.shared import RecordingStore
from gchat.store.sqlite import deleting, identities, messages, privates, sanctions, topics
from gchat.store.sqlite.archive import SqliteArchive
from gchat.store.sqlite.errors import refusal
from gchat.store.sqlite.ledger import GONE, Ledger
from gchat.store.sqlite.lock import Lock
from gchat.store.sqlite.schema import (
    BUSY,
    CLIENTS_IN_A_RUN,
    begin_run,
    end_run,
    note_run,
    noted_run,
)
from gchat.store.sqlite.threads import LEAST_TO_CLOSE, Threads
from gchat.store.sqlite.worker import Worker

SETTLING_PAUSE = 0.01
"""Seconds until it is looked again whether what is owed is written."""


class SqliteStore(RecordingStore):
    """The logs of all rooms in the file at `path`, which no other server can use meanwhile.

    Three threads have it open: one writes, one reads, and one is for what may take seconds.
    """

    is_kept = True
    places_at_once = False

    def __init__(self, path: str, sync: str = "normal") -> None:
        """`sync`: SQLite's `synchronous`. Raises CannotUse; a file that it made is gone then."""
        self._path = path
        with ExitStack() as opened:
            self._lock = Lock(path)
            opened.callback(self._lock.discard)
            self._threads = Threads(path, sync)
            opened.callback(self._threads.close, END_PATIENCE)
            self._writer, self._reader = self._threads.writer, self._threads.reader
            try:
                first_number, self._epoch = self._writer.run_within(BUSY, begin_run)
                first_private = self._writer.run_within(BUSY, privates.end) + 1
            except StoreError as error:
                raise refusal(path, error) from error
            opened.pop_all()
        self._ledger = Ledger(path, self._writer, lambda text: self.report(text))
        self.directory = SqliteDirectory(
            self._writer, self._reader, first_number, first_private, self._ledger.check_is_there
        )
        self.archive = SqliteArchive(
            self._writer, self._reader, self._threads.searcher, self._ledger.owed
        )

    @decoding()
    def open(self, room: str) -> Opened:
        owed, settled = self._ledger.owed, -1
        while settled != owed.settled:  # else what is written meanwhile is in neither
            settled = owed.settled
            end, found = self._reader.run(messages.tail, room)
        tail = messages.decode(found)
        for row in owed.of(room, max(end.id, owed.end(room).id - messages.TAIL)):
            if row[ID] != end.id + 1:  # something before it is left out, or lost
                tail = []
            message = Message(*row)
            end = Cursor(message.id, message.spoken)
            tail.append(message)
        return Opened(max(end, owed.end(room)), self._epoch, tail if end >= owed.end(room) else [])

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        return self._ledger.append(batches)

    def record(self, rows: Sequence[Row]) -> None:
        self._ledger.record(rows)

    def take_back(self, room: str, last: int) -> None:
        while self.owes(room):
            if self.trouble:
                raise StoreError(self.trouble)
            gevent.sleep(SETTLING_PAUSE)
        self._writer.run(deleting.remove_behind, room, last)

    def note_number(self, number: int) -> None:
        self._writer.run_within(BUSY, partial(note_run, run=number // CLIENTS_IN_A_RUN))

    def noted_number(self) -> int:
        return self._writer.run_within(BUSY, noted_run) * CLIENTS_IN_A_RUN

    def owes(self, room: str) -> bool:
        return self._ledger.owed.owes(room)

    @property
    def unwritten(self) -> int:
        return len(self._ledger.owed)

    @property
    def trouble(self) -> str:
        return self._ledger.trouble

    def check(self) -> bool:
        try:
            is_there, missing = self._reader.run(
                lambda _: (self._lock.is_under_its_name(), self._threads.missing())
            )
        except (StoreError, OSError):  # a disk that does not answer has not lost it
            return True
        why = "" if is_there else GONE
        if missing and not why:
            why = self._do_without(missing)
        self._ledger.set_gone(why)
        return not why

    def _do_without(self, missing: str) -> str:
        """Use the file without the one at the path `missing`; returns why that is not possible."""
        try:
            self._threads.reopen()
        except (StoreError, OSError) as error:
            return f"{missing} was removed or replaced, and {error}"
        self.report(
            f"{missing} was removed or replaced: gchat has written everything to the history file "
            f"{self._path} and made it anew."
        )
        return ""

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
        for row in owed.of(room, found[-1].id if found else last, end, most - len(found)):
            if size >= characters:
                break
            found.append(Message(*row))
            size += len(found[-1].text)
        return found

    def start(self, room: str) -> int:
        return self._reader.run(messages.start, room)

    def epoch_end(self, room: str, epoch: int) -> int:
        found = self._reader.run(messages.first_with, room, "epoch", epoch + 1)
        owed = [row[ID] for row in self._ledger.owed.of(room) if row[EPOCH] <= epoch]
        return max([found, *owed[-1:]])

    def marked(self, sender: int, most: int) -> list[Message]:
        settled = -1
        while settled != self._ledger.owed.settled:  # else what is written meanwhile is in neither
            settled = self._ledger.owed.settled
            found = messages.decode(self._reader.run(messages.marked, sender, most))
        known = {(message.room, message.id) for message in found}
        owed = (Message(*row) for row in self._ledger.owed.marked(sender))
        return [*found, *(each for each in owed if (each.room, each.id) not in known)][-most:]

    def gone_between(self, room: str, last: int, end: int) -> int:
        return self._reader.run(messages.gone_between, room, last, end)

    def delete(self, room: str, ids: Collection[int]) -> set[int]:
        owed = self._ledger.owed
        deleted = owed.delete(room, ids)
        if owed.are_untouched(room, ids):  # nothing of it is in a file that cannot be written
            return deleted
        return deleted | self._writer.run(deleting.delete, room, ids)

    def trim_old(self, time: float, most: int) -> int:
        return self._writer.run(deleting.remove_old, time, most)

    def trim_room(self, room: str, kept: int, most: int) -> int:
        return self._writer.run(deleting.remove_surplus, room, kept, most)

    def find_crowded(self, behind: str, most: int) -> str:
        return self._threads.searcher.run(deleting.find_crowded, behind, most)

    def close(self, seconds: float = END_PATIENCE) -> None:
        deadline = monotonic() + seconds
        has_all = self._ledger.close(seconds)
        if has_all:
            with suppress(StoreError):  # then it counts as killed: a new epoch begins
                self._writer.run_within(max(LEAST_TO_CLOSE, deadline - monotonic()), end_run)
        if self._threads.close(deadline - monotonic()):
            self._lock.close()


class SqliteDirectory(Directory):
    """Identities, what is kept for them, sanctions and topics in a history file."""

    def __init__(
        self,
        writer: Worker,
        reader: Worker,
        first_number: int,
        first_private: int,
        check_is_there: Callable[[], None],
    ) -> None:
        """`check_is_there` raises StoreError if the file was removed: SQLite would not notice."""
        self._writer = writer
        self._reader = reader
        self.first_number = first_number
        self.first_private = first_private
        self._check_is_there = check_is_there

    @decoding()
    def topic(self, room: str) -> Topic | None:
        return self._reader.run(topics.read, room)

    def write_topic(self, room: str, topic: Topic | None) -> None:
        self._check_is_there()
        self._writer.run(topics.write, room, topic)

    @decoding()
    def sanctions(self, kind: str) -> Sanctions:
        return self._reader.run_within(None, partial(sanctions.read, kind=kind))

    def write_sanctions(self, held: Mapping[str, Sanctions]) -> None:
        self._check_is_there()
        self._writer.run(sanctions.write, held)

    @decoding()
    def identities(self) -> list[Identity]:
        return self._reader.run_within(None, identities.read)

    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        changed = [*changed]
        self._writer.run(
            identities.write,
            identities.encode(changed),
            identities.encode_places([*changed, *moved]),
            forgotten,
        )

    def keep_identities(self, known: Callable[[], Collection[int]]) -> None:
        self._writer.run(identities.delete_others, known)

    # What is kept or deleted is so to the end: somebody has to know whether it is.

    def keep_private(self, owner: int, private: Private, most: int) -> bool:
        self._check_is_there()
        return self._writer.run_to_the_end(
            partial(privates.keep, owner=owner, private=private, most=most)
        )

    def write_privates(self, kept: Sequence[tuple[int, Private]], gone: Sequence[int]) -> None:
        self._check_is_there()
        self._writer.run_to_the_end(partial(privates.write, kept=kept, gone=gone))

    @decoding()
    def privates(self, owner: int) -> list[Private]:
        # By the thread that writes: behind what it has been given to write.
        return self._writer.run(privates.read, owner)
