"""store.sqlite.deleting: the oldest messages go, in steps, and ids go on."""

import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from gchat.model.message import Kind
from gchat.model.room_log import Cursor
from gchat.store.sqlite import deleting, index, inspect, messages
from gchat.store.sqlite.schema import BUSY, stop_waiting
from tests.unit.store.entries import entries, entry
from tests.unit.store.file_contents import found, ids, indexed, made_anew


def test_what_is_old_is_deleted_in_steps_and_no_more(file: sqlite3.Connection) -> None:
    messages.append(file, [*entries(10), *entries(5, "builds")])
    index.index(file, 12)
    assert deleting.remove_old(file, 1008.0, 4) == 4
    assert ids(file) == [5, 6, 7, 8, 9, 10]
    assert deleting.remove_old(file, 1008.0, 100) == 3
    assert ids(file) == [8, 9, 10]
    assert ids(file, "builds") == [1, 2, 3, 4, 5]  # behind one that is not old
    assert deleting.remove_old(file, 1008.0, 100) == 0
    while any(index.index(file, 100)):
        pass
    assert found(file, "text in:lobby") == [10, 9, 8]
    assert indexed(file) == made_anew(file)
    assert not inspect.faults(file)


def test_of_a_room_the_last_are_kept(file: sqlite3.Connection) -> None:
    messages.append(file, [*entries(10), *entries(3, "builds"), *entries(30, "cars")])
    index.index(file, 20)
    assert deleting.find_crowded(file, "", 3) == "cars"
    assert deleting.find_crowded(file, "cars", 3) == "lobby"
    assert deleting.find_crowded(file, "lobby", 3) == ""
    assert deleting.find_crowded(file, "", 30) == ""
    assert [deleting.remove_surplus(file, "lobby", 3, 4) for _ in range(3)] == [4, 3, 0]
    assert ids(file) == [8, 9, 10]
    assert ids(file, "builds") == [1, 2, 3]
    assert len(ids(file, "cars")) == 30
    assert indexed(file) == made_anew(file)


def test_ids_go_on_when_nothing_is_left_of_a_room(file: sqlite3.Connection) -> None:
    messages.append(
        file, [*entries(10), entry(11, 10, 1.0, "lobby", Kind.NOTICE, 0, "", "a notice")]
    )
    index.index(file, 100)
    assert deleting.remove_old(file, 5000.0, 100) == 11
    assert ids(file) == []
    assert messages.end(file, "lobby") == Cursor(11, 10)
    assert messages.start(file, "lobby") == 11
    assert messages.tail(file, "lobby") == (Cursor(11, 10), "[]")
    messages.append(file, [entry(12, 11, 9000.0, "lobby", Kind.SAY, 7, "ann", "again")])
    assert index.index(file, 100) == (0, 0)
    assert found(file, "again") == [12]  # although its place in the file had been another one's
    assert indexed(file) == made_anew(file)
    deleting.remove_old(file, 9001.0, 100)
    assert messages.end(file, "lobby") == Cursor(12, 11)


def test_what_another_program_has_locked_is_not_waited_for(
    file: sqlite3.Connection, path: Path
) -> None:
    messages.append(file, entries(10))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        stop_waiting(file)
        began = monotonic()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            deleting.remove_old(file, 5000.0, 100)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            deleting.remove_surplus(file, "lobby", 1, 100)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            index.merge(file, True)
        assert monotonic() < began + BUSY / 2
        other.execute("ROLLBACK")
    assert deleting.remove_old(file, 5000.0, 100) == 10
