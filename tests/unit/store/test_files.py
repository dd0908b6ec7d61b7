"""store.sqlite.files: who can read the files of a history, and what keeps one from being used."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Self

import pytest

from gchat.store.sqlite.files import NEEDED, files_of, obstacle, warn_of_other_users


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "chat.db"
    path.touch(0o600)
    return path


@pytest.fixture
def wal(path: Path) -> Path:
    """The `-wal` of the history at `path`."""
    wal = path.with_name("chat.db-wal")
    wal.touch(0o600)
    return wal


def test_the_files_are_those_beside_the_database_and_not_beside_a_link_to_it(
    path: Path, wal: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = elsewhere / "link.db"
    link.symlink_to(path)
    assert files_of(str(link)) == files_of(str(path)) == [path, wal]


# Permissions


@pytest.mark.parametrize("mode", [0o600, 0o700, 0o400, 0o611])
def test_files_that_only_their_owner_can_read_or_write_are_not_worth_a_word(
    path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    path.chmod(mode)
    warn_of_other_users(str(path))
    assert caplog.messages == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_files_that_others_can_read_or_write_are_named_with_the_command_that_mends_it(
    path: Path, wal: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    wal.chmod(mode)
    warn_of_other_users(str(path))
    assert caplog.messages == [
        f"other users can read or write the history: {wal} (mode {mode:04o}); "
        f"to make it private: chmod 600 {wal}"
    ]
    assert wal.stat().st_mode & 0o777 == mode
    path.chmod(0o644)
    warn_of_other_users(str(path))
    assert caplog.messages[1].endswith(
        f"{path} (mode 0644), {wal} (mode {mode:04o}); to make it private: chmod 600 {path} {wal}"
    )


# What keeps a history from being used


def test_a_history_that_can_be_used_has_no_obstacle(path: Path) -> None:
    assert obstacle(str(path), writing=True) == obstacle(str(path), writing=False) == ""
    assert os.listdir(path.parent) == [path.name]


def test_what_is_no_file_is_an_obstacle(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, why in (
        (tmp_path / "none", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (Path("/dev/null"), "it is not a regular file"),
        (loop, "Too many levels of symbolic links"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        assert obstacle(str(path), writing=True) == why


def test_a_file_that_may_not_be_opened_is_named(
    path: Path, wal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = path

    def access(file: Path, mode: int) -> bool:
        return file != denied or mode == os.R_OK

    monkeypatch.setattr(os, "access", access)
    assert obstacle(str(path), writing=True) == "Permission denied"
    denied = wal
    assert obstacle(str(path), writing=True) == f"cannot open {wal}: Permission denied"
    assert obstacle(str(path), writing=False) == ""


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT])
def test_a_folder_in_which_sqlite_cannot_make_files_is_named_but_for_a_full_disk(
    path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    why = os.strerror(number)
    if number in (errno.EACCES, errno.EROFS):
        why = f"cannot make files in {path.parent}: {why}"
    assert obstacle(str(path), writing=True) == why


def test_less_free_space_than_sqlite_needs_is_found(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    class FullDisk:
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def write(self, data: bytes) -> None:
            written.append(len(data))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: FullDisk())
    assert obstacle(str(path), writing=True) == "No space left on device"
    assert written == [NEEDED]
