"""The threads that have a history file open, and the files that SQLite keeps beside it.

What has been written is in `-wal` at first, and in the file itself a while later. If somebody
removes `-wal`, the connections still have it, and nobody else does: it has to be written into the
file, and the connections have to be opened anew, before the process ends all of a sudden.
"""

import os
import sqlite3
from contextlib import ExitStack, closing
from time import monotonic

import gevent

from gchat.store.errors import CannotUse, StoreError
from gchat.store.sqlite.files import BESIDE, files_of
from gchat.store.sqlite.schema import open_file, open_to_read, stop_waiting
from gchat.store.sqlite.worker import Job, Worker

PATIENCE = 1.0
"""Seconds that a command waits for a lock, or for a disk that does not answer."""

SEARCH_PATIENCE = 10.0
"""Seconds that a search may take once those before it have ended: as a rule it gives up by itself
long before."""

NICER = 5
"""By how much the niceness of the thread that searches is above that of the others: on a busy core
the loop then gets three times its time, so that whoever talks does not wait for who searches."""

LEAST_TO_CLOSE = 0.1
"""Seconds that a thread gets to close the file, however long it took to write what was owed."""

OTHERS = "another program has it open"
"""Why the file cannot be opened anew: the other one still uses what was removed."""


class Threads:
    """Three threads that have the file at `path` open: one writes, two read."""

    def __init__(self, path: str, sync: str) -> None:
        """`sync`: SQLite's `synchronous`. Raises CannotUse."""
        self._path = path
        self._sync = sync
        writer, reader, searcher = self._open()
        self.writer = Worker(writer, PATIENCE)
        self.reader = Worker(reader, PATIENCE)
        self.searcher = Worker(searcher, SEARCH_PATIENCE, counts_own_time=True)
        """The one for what may take seconds."""
        self.searcher.submit(lambda _: os.nice(NICER))  # on Linux, of the calling thread alone
        self._workers = (self.searcher, self.reader, self.writer)
        self._are_open = True
        self._beside = _numbers(path)

    def close(self, seconds: float) -> bool:
        """Close the file, behind what is under way; False if that takes over `seconds`."""
        deadline = monotonic() + seconds
        are_closed = [
            worker.close(max(LEAST_TO_CLOSE, deadline - monotonic())) for worker in self._workers
        ]
        return all(are_closed)

    def missing(self) -> str:
        """The path of a file beside the file that was removed or replaced; empty if none was."""
        there = _numbers(self._path)
        return next((path for path, each in self._beside.items() if there.get(path) != each), "")

    def reopen(self) -> None:
        """Write everything into the file, and open it anew. What is to be done meanwhile waits.

        Raises StoreError; called again, it goes on where that was.
        """
        try:
            for worker in self._workers:
                if not worker.suspend(PATIENCE):
                    raise StoreError("it does not answer")
            exchange = Job(self._exchange)
            gevent.get_hub().threadpool.apply(exchange.carry_out, (self.writer.connection,))
            if exchange.error:
                raise exchange.error
        finally:
            for worker in self._workers:
                worker.go_on()

    def _exchange(self, writing: sqlite3.Connection) -> None:
        if self._are_open:
            _empty_journal(writing)
            self._are_open = False
            for worker in self._workers:
                worker.connection.close()
        if len(files_of(self._path)) > 1:  # who closes the file last removes the others
            raise StoreError(OTHERS)
        try:
            self.writer.connection, self.reader.connection, self.searcher.connection = self._open()
        except CannotUse as error:
            raise StoreError(str(error)) from error
        self._are_open = True
        self._beside = _numbers(self._path)

    def _open(self) -> list[sqlite3.Connection]:
        """Open the file for each of the threads. Raises CannotUse."""
        with ExitStack() as opened:
            writer = opened.enter_context(closing(open_file(self._path, self._sync)))
            readers = [opened.enter_context(closing(open_to_read(self._path))) for _ in range(2)]
            opened.pop_all()
        return [stop_waiting(connection) for connection in (writer, *readers)]


def _empty_journal(connection: sqlite3.Connection) -> None:
    """Write all that is in `-wal` into the file. Raises sqlite3.Error and StoreError."""
    (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise StoreError(OTHERS, is_locked=True)


def _numbers(path: str) -> dict[str, tuple[int, int]]:
    """The files beside the one at `path`, each with the numbers of its device and inode."""
    numbers = dict[str, tuple[int, int]]()
    for end in BESIDE:
        beside = os.path.realpath(path) + end
        try:
            status = os.stat(beside)
        except FileNotFoundError:
            continue
        numbers[beside] = (status.st_dev, status.st_ino)
    return numbers
