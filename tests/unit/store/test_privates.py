"""store.sqlite.privates: direct messages that somebody has not got yet."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from gchat.model.message import Private
from gchat.store.sqlite import privates
from gchat.store.sqlite.schema import open_file
from gchat.store.sqlite.store import SqliteStore

NONE: list[Private] = []


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "chat.db")


@pytest.fixture
def file(path: str) -> Iterator[Connection]:
    with closing(open_file(path)) as connection:
        yield connection


def private(number: int, text: str = "psst") -> Private:
    return Private(1.25, "bob", "ann", text, number)


def test_they_come_back_as_they_were_in_the_order_of_their_numbers(file: Connection) -> None:
    first, second, third = private(1, "öne"), private(2, '"two"'), private(3, "three")
    privates.write(file, [(7, third), (8, second)], [])
    privates.write(file, [(7, first)], [])
    assert privates.read(file, 7) == [first, third]
    assert privates.read(file, 8) == [second]
    assert privates.read(file, 9) == NONE


def test_one_that_is_kept_again_is_kept_once_and_for_whom_it_was_said_to_be_last(
    file: Connection,
) -> None:
    for owner in (7, 7, 8):
        privates.write(file, [(owner, private(1))], [])
    assert privates.read(file, 7) == NONE
    assert privates.read(file, 8) == [private(1)]


def test_those_are_deleted_that_are_named_and_no_others(file: Connection) -> None:
    privates.write(file, [(7, private(number)) for number in (1, 2, 3)], [])
    privates.write(file, [(7, private(4))], [1, 3, 99])
    assert privates.read(file, 7) == [private(2), private(4)]


def test_what_is_kept_for_one_is_bounded(file: Connection) -> None:
    kept = 0
    while privates.keep(file, 7, private(kept + 1, "x" * 100), 1000):
        kept += 1
    assert kept == 1000 // (100 + privates.PRIVATE_BYTES) + 1
    assert len(privates.read(file, 7)) == kept
    assert privates.keep(file, 8, private(kept + 1), 1000)


def test_numbers_begin_above_all_that_are_kept(path: str) -> None:
    with closing(SqliteStore(path)) as store:
        assert store.directory.first_private == 1
        store.directory.write_privates([(7, private(5)), (8, private(3))], [])
    with closing(SqliteStore(path)) as store:
        assert store.directory.first_private == 6
