"""A history file that cannot be written for one of several reasons, and what it holds at last."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gchat.model.runs import Row
from gchat.store.sqlite import messages
from gchat.store.sqlite.store import SqliteStore
from tests.checker.histories import Line
from tests.unit.peers import DEADLINE, Company, wait_until


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the lock on the file within."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


class Hanging:
    """A disk that does not answer, and does what it was asked to when it does again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = threading.Event()
        self._end = threading.Event()
        append = messages.append

        def hang(connection: sqlite3.Connection, rows: list[Row]) -> int:
            self.begun.set()
            self._end.wait(DEADLINE)
            return append(connection, rows)

        monkeypatch.setattr(messages, "append", hang)

    def end(self) -> None:
        self._end.set()


def fail(error: Exception) -> pytest.MonkeyPatch:
    """Have all writing of messages fail until `undo`."""

    def raise_it(*_: object, **__: object) -> None:
        raise error

    patch = pytest.MonkeyPatch()
    patch.setattr(messages, "append", raise_it)
    patch.setattr(messages, "append_owed", raise_it)
    return patch


@contextmanager
def owing(store: SqliteStore) -> Iterator[None]:
    """Have `store` owe its file all that is said meanwhile, and not try to write any of it.

    While that is tried, it is not known what the file has, and nothing of that is lost.
    """
    ledger = store._ledger
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "_settle_later", lambda: None)
        ledger._begin_trouble("the disk is full")
        ledger._tell_trouble()
        yield
    ledger._settle_later()


def in_the_file(path: Path, room: str = "lobby") -> list[Line]:
    """What people have said, as the file has it."""
    with closing(sqlite3.connect(path)) as file:
        return [
            Line("", number, text, time)
            for number, text, time in file.execute(
                "SELECT id, text, time FROM messages WHERE room = ? AND kind = 'say' ORDER BY id",
                (room,),
            )
        ]


def texts(path: Path, room: str = "lobby") -> list[str]:
    return [line.text for line in in_the_file(path, room)]


def wait_until_written(company: Company) -> None:
    wait_until(lambda: not company.hub.store.trouble, "all is written")


def full() -> sqlite3.Error:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error
