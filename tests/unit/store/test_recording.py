"""gchat.store.sqlite.store: keeping what another store has placed."""

from contextlib import closing
from pathlib import Path

import gevent
import pytest

from gchat.model.message import Kind
from gchat.model.runs import Row
from gchat.store.sqlite.store import SqliteStore


def row(number: int, text: str) -> Row:
    return (number, number, 1.0, "lobby", Kind.SAY, 1, "ann", text, 5, None)


def texts(store: SqliteStore) -> list[str]:
    return [message.text for message in store.read("lobby", 0, 100, 100, 10_000)]


@pytest.mark.parametrize("waits", [True, False])
def test_what_is_recorded_is_found_and_can_be_taken_back(tmp_path: Path, waits: bool) -> None:
    path = str(tmp_path / "chat.db")
    with closing(SqliteStore(path)) as store:
        store.record([row(3, "three"), row(4, "four"), row(5, "five")])
        assert texts(store) == ["three", "four", "five"]
        if waits:
            while store.owes("lobby"):
                gevent.sleep(0.001)
        store.take_back("lobby", 4)
        assert texts(store) == ["three", "four"]
        store.record([row(5, "another")])
        assert texts(store) == ["three", "four", "another"]
        assert store.open("lobby").end == (5, 5)
    with closing(SqliteStore(path)) as store:
        assert texts(store) == ["three", "four", "another"]


def test_numbers_that_others_have_are_not_given_out(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.db")
    with closing(SqliteStore(path)) as store:
        store.note_number(77 << 32)
    with closing(SqliteStore(path)) as store:
        assert store.directory.first_number == 78 << 32
