"""store.sqlite.schema: opening the file, one of ours, whole and not newer."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gchat.store.errors import CannotUse
from gchat.store.sqlite import messages, schema
from gchat.store.sqlite.schema import (
    CLIENTS_IN_A_RUN,
    MIGRATIONS,
    begin_run,
    end_run,
    open_file,
    open_to_read,
)
from tests.unit.store.entries import entries


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "chat #1?.db")


def why_not(path: str) -> str:
    with pytest.raises(CannotUse) as why:
        open_file(path)
    return str(why.value)


def not_usable(path: str, why: str) -> str:
    return f"cannot use history file {path}: {why}"


def change(path: str, statement: str) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(statement)


def test_what_was_written_is_there_when_it_is_opened_again(path: str) -> None:
    with closing(open_file(path)) as file:
        messages.append(file, entries(3))
    for again in (open_file(path), open_to_read(path)):
        with closing(again):
            assert messages.end(again, "lobby").id == 3


def test_a_file_that_does_not_exist_cannot_be_read(path: str) -> None:
    with pytest.raises(CannotUse):
        open_to_read(path)
    assert not Path(path).exists()


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "no" / "chat.db")
    assert why_not(path) == f"cannot open history file {path}: No such file or directory"


def test_what_is_no_database_is_refused_and_left_as_it_was(path: str) -> None:
    text = b"Dear diary, today I have not used a database. " * 50
    Path(path).write_bytes(text)
    assert why_not(path) == f"{path} is not a gchat history file"
    with pytest.raises(CannotUse, match="is not a gchat history file"):
        open_to_read(path)
    assert Path(path).read_bytes() == text


def test_another_programs_database_is_refused_and_left_as_it_was(path: str) -> None:
    change(path, "CREATE TABLE bookmarks (url)")
    before = Path(path).read_bytes()
    assert why_not(path) == f"{path} is not a gchat history file"
    assert Path(path).read_bytes() == before


def test_one_of_a_newer_gchat_is_refused(path: str) -> None:
    open_file(path).close()
    change(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    assert why_not(path) == not_usable(path, "a newer gchat wrote it; update this one to use it")


def test_one_of_an_older_gchat_is_brought_up_to_date(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_file(path)) as file:
        messages.append(file, entries(3))
    newer = (*MIGRATIONS, "CREATE TABLE later (x); INSERT INTO later VALUES (7)")
    monkeypatch.setattr(schema, "MIGRATIONS", newer)
    with pytest.raises(CannotUse, match="older"):
        open_to_read(path)
    for _ in range(2):
        with closing(open_file(path)) as file:
            assert file.execute("SELECT x FROM later").fetchall() == [(7,)]
            assert messages.end(file, "lobby").id == 3


def test_a_step_that_fails_leaves_the_file_as_it_was(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file(path).close()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE later (x); SELECT missing"))
        assert "no such column" in why_not(path)
    with closing(open_file(path)) as file:
        assert not file.execute("SELECT * FROM sqlite_schema WHERE name = 'later'").fetchall()


def test_a_damaged_one_is_refused(path: str) -> None:
    with closing(open_file(path)) as file:
        messages.append(file, entries(5000))
    content = bytearray(Path(path).read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 3 * 4096] = b"\xaa" * 3 * 4096
    Path(path).write_bytes(content)
    assert why_not(path) == not_usable(path, "it is damaged")


def test_one_that_another_program_has_locked_is_refused(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file(path).close()
    monkeypatch.setattr(schema, "BUSY", 0.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert why_not(path) == (
            f"cannot open history file {path}: another program holds a lock on it"
        )


def test_an_empty_file_can_be_written_but_not_read(path: str) -> None:
    Path(path).touch()
    with pytest.raises(CannotUse) as why:
        open_to_read(path)
    assert str(why.value) == not_usable(path, "it is empty")
    open_file(path).close()
    open_to_read(path).close()


def test_numbers_of_clients_never_come_again(path: str) -> None:
    firsts = []
    for _ in range(3):
        with closing(open_file(path)) as file:
            firsts.append(begin_run(file)[0])
    assert firsts == [CLIENTS_IN_A_RUN, 2 * CLIENTS_IN_A_RUN, 3 * CLIENTS_IN_A_RUN]


def test_a_new_epoch_begins_only_after_a_run_that_has_not_ended(path: str) -> None:
    epochs = []
    for is_killed in (False, False, True, False):
        with closing(open_file(path)) as file:
            epochs.append(begin_run(file)[1])
            if not is_killed:
                end_run(file)
    assert epochs[0] == epochs[1] == epochs[2] < epochs[3]
