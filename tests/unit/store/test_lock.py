"""store.sqlite.lock: one server for one history file, by whatever name."""

import errno
import fcntl
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gchat.store.errors import CannotUse
from gchat.store.sqlite import lock, schema
from gchat.store.sqlite.lock import Lock
from gchat.store.sqlite.schema import open_to_read
from gchat.store.sqlite.store import SqliteStore
from gchat.store.sqlite.worker import Worker


def why_not(path: Path) -> str:
    with pytest.raises(CannotUse) as why:
        Lock(str(path))
    return str(why.value)


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


# Who gets the lock


@pytest.mark.parametrize(
    "link", [None, Path.symlink_to, Path.hardlink_to], ids=["its own", "symbolic", "hard"]
)
def test_a_second_one_is_refused_by_every_name_and_told_by_whom(
    path: Path, link: Callable[[Path, Path], None] | None
) -> None:
    first = Lock(str(path))
    other = path
    if link:
        other = path.with_name("other.db")
        link(other, path)
    why = f"cannot open history file {other}: another gchat uses it (process {os.getpid()})"
    assert why_not(other) == why
    first.close()
    Lock(str(other)).close()


def test_another_file_is_not_locked(path: Path) -> None:
    with closing(Lock(str(path))), closing(Lock(f"{path}2")):
        pass


@pytest.mark.parametrize(
    "locks",
    [
        "",
        "1: POSIX  ADVISORY  WRITE 77 {file} 0 EOF\n",
        "1: FLOCK  ADVISORY  WRITE 77 {file}1 0 EOF\n",
        "1: FLOCK  ADVISORY  WRITE 0 {file} 0 EOF\n",
        "1: -> FLOCK  ADVISORY  WRITE 77 {file} 0 EOF\n",
        None,
    ],
)
def test_a_process_that_cannot_be_found_is_another_one(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: str | None
) -> None:
    with closing(Lock(str(path))):
        status, listed = path.stat(), tmp_path / "locks"
        device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
        if locks is not None:
            listed.write_text(locks.format(file=f"{device}:{status.st_ino}"))
        monkeypatch.setattr(lock, "LOCKS", listed)
        assert why_not(path) == f"cannot open history file {path}: another process uses it"


def test_it_is_not_inherited_by_programs_that_are_started(path: Path) -> None:
    held = Lock(str(path))
    with subprocess.Popen(
        [sys.executable, "-c", "print('runs', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=False,
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"runs\n"
        held.close()
        try:
            Lock(str(path)).close()
        finally:
            child.communicate(b"\n")


@pytest.mark.parametrize("number", lock.UNSUPPORTED)
def test_where_files_cannot_be_locked_a_server_starts_with_a_warning(
    path: Path, number: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)
    for _ in range(2):
        Lock(str(path)).discard()
    assert path.exists()  # another one may use it
    (record, _) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        f"cannot lock history file {path}: {os.strerror(number)}; "
        "do not start a second server with it: messages would be lost"
    )


@pytest.mark.parametrize("kind", sorted(lock.NETWORK))
def test_on_a_network_file_system_a_lock_would_keep_sqlite_out_and_there_is_none(
    path: Path,
    tmp_path: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mounts, number = tmp_path / "mountinfo", tmp_path.stat().st_dev
    device = f"{os.major(number)}:{os.minor(number)}"
    mounts.write_text(
        "35 1 0:1 / / rw - ext4 /dev/root rw\n"
        f"36 35 {device} / /a-b rw shared:1 master:2 - {kind} server:/a rw\n"
    )
    monkeypatch.setattr(lock, "MOUNTS", mounts)
    with closing(Lock(str(path))), closing(Lock(str(path))):
        assert caplog.messages == 2 * [
            f"cannot lock history file {path}: it is on a network file system ({kind}); "
            "do not start a second server with it: messages would be lost"
        ]


def test_the_type_of_a_file_system_is_what_the_kernel_says(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/proc/self/mountinfo", "rb") as file:
        assert lock.file_system(file.fileno()) == "proc"
        monkeypatch.setattr(lock, "MOUNTS", path)
        assert lock.file_system(file.fileno()) == ""


def test_another_error_of_the_system_ends_the_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", fail)
    assert why_not(path) == f"cannot open history file {path}: Input/output error"


def test_a_file_that_took_the_place_of_the_one_that_was_opened_is_locked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, done = fcntl.flock, list[int]()

    def flock(descriptor: int, operation: int) -> None:
        """Another server, which failed to start, deletes the file just before it is locked."""
        if not done:
            path.unlink()
        done.append(descriptor)
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    path.touch()
    with closing(Lock(str(path))):
        assert len(done) == 2
        assert why_not(path).endswith(f"another gchat uses it (process {os.getpid()})")


def test_a_file_that_is_replaced_again_and_again_is_given_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: path.unlink())
    assert why_not(path) == f"cannot open history file {path}: Stale file handle"


# The file that is made


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777, 0o022])
def test_a_new_file_and_those_beside_it_are_private_whatever_the_umask(
    path: Path, umask: int
) -> None:
    before = os.umask(umask)
    try:
        store = SqliteStore(str(path))
    finally:
        os.umask(before)
    files = [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]
    assert {file.name: mode(file) for file in files} == {file.name: 0o600 for file in files}
    store.close()


def test_a_file_is_made_where_a_link_points_to(path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    SqliteStore(str(link)).close()
    assert link.is_symlink()
    assert mode(path) == 0o600


# When SQLite opens and closes it


LEAVE_WAL = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], timeout=0)
try:
    print(file.execute("PRAGMA journal_mode = DELETE").fetchone()[0])
except sqlite3.OperationalError as error:
    print(error)
"""
"""What SQLite lets a program do only if no other has the file open: it asks by its own locks."""


def test_sqlites_own_locks_last_as_long_as_the_history(path: Path) -> None:
    def leave_wal() -> str:
        program = [sys.executable, "-c", LEAVE_WAL, str(path)]
        return subprocess.run(program, capture_output=True, text=True, check=True).stdout

    store = SqliteStore(str(path))
    open_to_read(str(path)).close()
    assert leave_wal() == "database is locked\n"
    store.close()
    assert leave_wal() == "delete\n"


def test_it_is_closed_after_all_connections(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = list[object]()

    def note(kind: type[Worker] | type[Lock]) -> None:
        real = kind.close

        def close(self: Any, *seconds: float) -> Any:
            closed.append(kind)
            return real(self, *seconds)

        monkeypatch.setattr(kind, "close", close)

    note(Worker)
    note(Lock)
    SqliteStore(str(path)).close()
    assert closed == [Worker, Worker, Worker, Lock]


def test_a_history_that_is_closed_can_be_opened_again(path: Path) -> None:
    for _ in range(2):
        store = SqliteStore(str(path))
        with pytest.raises(CannotUse, match=f"process {os.getpid()}"):
            SqliteStore(str(path))
        store.close()


@pytest.mark.parametrize("is_new", [True, False])
def test_when_the_start_fails_the_lock_is_given_back_and_no_new_file_is_left(
    path: Path, is_new: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_new:
        SqliteStore(str(path)).close()
    before = sorted(os.listdir(path.parent))
    with monkeypatch.context() as patch:
        patch.setattr(
            schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE later (x); SELECT missing")
        )
        with pytest.raises(CannotUse, match="no such column"):
            SqliteStore(str(path))
    assert sorted(os.listdir(path.parent)) == before
    SqliteStore(str(path)).close()


def test_where_a_mode_cannot_be_set_the_server_starts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: int) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "fchmod", fail)
    with closing(Lock(str(path))):
        assert path.exists()


def test_a_file_with_more_names_than_one_is_warned_of(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SqliteStore(str(path)).close()
    assert not caplog.messages
    path.with_name("other.db").hardlink_to(path)
    SqliteStore(str(path)).close()
    (warning,) = caplog.messages
    assert warning.startswith(f"history file {path} has 2 names (hard links)")
