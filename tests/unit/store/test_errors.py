"""store.errors, store.sqlite.errors: what callers of a store get, and what a person reads."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gchat.store.errors import Damaged, StoreError, TookTooLong, decoding
from gchat.store.sqlite.errors import explain, refusal, store_error
from gchat.store.sqlite.schema import open_file, stop_waiting
from gchat.store.sqlite.worker import Worker


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "chat.db")


@pytest.fixture
def worker(path: str) -> Iterator[Worker]:
    with closing(Worker(stop_waiting(open_file(path)), patience=1.0)) as worker:
        yield worker


def sqlite_error(code: int, name: str, text: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error


@pytest.mark.parametrize(
    ("code", "name", "text", "why"),
    [
        (
            sqlite3.SQLITE_IOERR_READ,
            "SQLITE_IOERR_READ",
            "disk I/O error",
            "disk I/O error (SQLITE_IOERR_READ)",
        ),
        (sqlite3.SQLITE_FULL, "SQLITE_FULL", "full", "No space left on device"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "", "locked", "another program holds a lock on it"),
    ],
)
def test_an_error_for_which_the_system_shows_no_reason_is_told_as_exactly_as_it_is_known(
    path: str, code: int, name: str, text: str, why: str
) -> None:
    open_file(path).close()
    told = str(refusal(path, sqlite_error(code, name, text)))
    assert told == f"cannot open history file {path}: {why}"


@pytest.mark.parametrize(
    ("code", "why", "is_locked"),
    [
        (sqlite3.SQLITE_BUSY, "another program holds a lock on it", True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "another program holds a lock on it", True),
        (sqlite3.SQLITE_LOCKED, "another program holds a lock on it", True),
        (sqlite3.SQLITE_FULL, "the disk is full", False),
        (sqlite3.SQLITE_NOTADB, "it is not a gchat history file", False),
        (sqlite3.SQLITE_CORRUPT, "it is damaged", False),
        (sqlite3.SQLITE_IOERR_WRITE, "disk I/O error", False),
    ],
)
def test_an_error_of_the_store_says_why_and_whether_it_was_locked(
    code: int, why: str, is_locked: bool
) -> None:
    error = store_error(sqlite_error(code, "", "disk I/O error"))
    assert (str(error), error.is_locked) == (why, is_locked)


def test_an_error_of_the_system_is_explained_in_its_own_words() -> None:
    assert explain(FileNotFoundError(2, "No such file or directory")) == "No such file or directory"


def test_a_worker_raises_errors_of_the_store_for_those_of_sqlite(worker: Worker) -> None:
    with pytest.raises(StoreError, match="no such table: absent") as raised:
        worker.run(sqlite3.Connection.execute, "SELECT * FROM absent")
    assert isinstance(raised.value.__cause__, sqlite3.Error)


def test_a_worker_raises_other_errors_as_they_are(worker: Worker) -> None:
    def give_up(_: sqlite3.Connection, error: Exception) -> None:
        raise error

    for error in (TookTooLong(), KeyError("x")):
        with pytest.raises(type(error)) as raised:
            worker.run(give_up, error)
        assert raised.value is error


def test_a_lock_waited_for_in_vain_is_one(worker: Worker, path: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as raised:
            worker.run(sqlite3.Connection.execute, "DELETE FROM topics")
    assert raised.value.is_locked


def test_a_refusal_names_the_cause_of_an_error_of_the_store(path: str) -> None:
    try:
        raise store_error(sqlite_error(sqlite3.SQLITE_CANTOPEN, "", "")) from sqlite_error(
            sqlite3.SQLITE_CANTOPEN, "", "unable to open database file"
        )
    except StoreError as error:
        told = str(refusal(path, error))
    assert told == f"cannot open history file {path}: No such file or directory"


@pytest.mark.parametrize("error", [ValueError("x"), TypeError("x"), KeyError("x")])
def test_what_cannot_be_decoded_is_damaged(path: str, error: Exception) -> None:
    with pytest.raises(Damaged) as raised, decoding():
        raise error
    assert str(raised.value) == "it is damaged"
    assert str(refusal(path, raised.value)) == f"cannot use history file {path}: it is damaged"
