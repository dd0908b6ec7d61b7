"""A start that fails: one line, which names the file and the system's reason."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gchat.config.password import MAX_PASSWORD
from gchat.store.sqlite.schema import MIGRATIONS, open_file
from tests.blackbox.server import ROOT, command, environment_with

NOBODY = "65534"
"""The user and group that own nothing."""

COPY = 'cp "$GOOD" "$0/chat.db"'
FILL = 'dd if=/dev/zero of="$0/filling" bs=4k status=none 2>&- || true'
MAKE_READ_ONLY = 'mount -o remount,ro "$0"'
BIND = 'touch "$0/chat.db"; mount --bind "$GOOD" "$0/chat.db"'

NO_SPACE = "No space left on device"
READ_ONLY = "Read-only file system"


def failure(*options: str, before: list[str] | None = None, **variables: str) -> str:
    """The line, without `gchat: `, with which a start with `options` fails.

    `before` is a command that starts the one behind it, as setpriv does.
    """
    ended = subprocess.run(
        [*(before or []), *command("--port=0", *options)],
        cwd=ROOT,
        env=environment_with(variables),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    assert ended.stderr.startswith("gchat: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr.removeprefix("gchat: ").rstrip("\n")


def on_small_disk(folder: Path, *prepare: str, after: str = "") -> list[str]:
    """A command that starts another one for which, alone, `folder` is a disk of 512 KiB.

    `prepare` are lines of a shell that run before it, and `after` is one that runs if it fails;
    $0 is `folder`.
    """
    mount = 'mount -t tmpfs -o size=512k tmpfs "$0"'
    script = "\n".join(["set -e", mount, *prepare, f'"$@" || {after or "exit $?"}'])
    return ["unshare", "-rm", "sh", "-c", script, str(folder)]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A history file with which a server starts."""
    path = tmp_path / "good.db"
    open_file(str(path)).close()
    return path


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user can go into; tmp_path is its owner's alone."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def unprivileged() -> list[str]:
    """A command that starts another one as a user whom permissions stop."""
    if os.geteuid() != 0:
        return []
    before = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    try:
        subprocess.run([*before, sys.executable, "-c", "import gevent"], cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("permissions do not stop root, and no other user can run the interpreter")
    return before


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(statement)


# The history file


def test_a_path_that_cannot_be_a_file_is_named_with_the_reason(tmp_path: Path) -> None:
    for path, why in (
        (tmp_path, "Is a directory"),
        (tmp_path / "no" / "chat.db", "No such file or directory"),
        (Path("/dev/null"), "it is not a regular file"),
        (Path("/dev/null/chat.db"), "Not a directory"),
    ):
        assert failure(f"--history={path}") == f"cannot open history file {path}: {why}"
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        ([FILL], NO_SPACE),
        ([COPY, FILL], NO_SPACE),
        ([MAKE_READ_ONLY], READ_ONLY),
        ([COPY, MAKE_READ_ONLY], READ_ONLY),
        ([BIND, MAKE_READ_ONLY], f"cannot make files in {{folder}}: {READ_ONLY}"),
    ],
    ids=["full", "full, with a file", "read-only", "a read-only file", "a read-only folder"],
)
def test_a_disk_that_cannot_be_written_is_named_with_the_reason(
    tmp_path: Path, good: Path, prepare: list[str], why: str
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    before = on_small_disk(folder, *prepare)
    told = failure(f"--history={folder}/chat.db", before=before, GOOD=str(good))
    assert told == f"cannot open history file {folder}/chat.db: {why.format(folder=folder)}"


@pytest.mark.parametrize("kilobytes", [4, 16, 36, 60])
def test_a_disk_on_which_little_is_free_is_named_and_no_new_file_is_left_there(
    tmp_path: Path, kilobytes: int
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    before = on_small_disk(
        folder,
        FILL,
        f'truncate -s -{kilobytes}k "$0/filling"',
        after='{ status=$?; test "$(ls "$0")" = filling || status=99; exit $status; }',
    )
    told = failure(f"--history={folder}/chat.db", before=before)
    assert told == f"cannot open history file {folder}/chat.db: {NO_SPACE}"


@pytest.mark.parametrize("part", ["", "-wal"])
def test_a_history_file_that_may_not_be_opened_is_named_with_the_reason(
    public: Path, good: Path, unprivileged: list[str], part: str
) -> None:
    path = public / "chat.db"
    shutil.copy(good, path)
    path.chmod(0o666)
    denied = Path(f"{path}{part}")
    denied.touch()
    denied.chmod(0o000)
    public.chmod(0o777)
    why = "Permission denied" if not part else f"cannot open {denied}: Permission denied"
    told = failure(f"--history={path}", before=unprivileged)
    assert told == f"cannot open history file {path}: {why}"


def test_a_folder_in_which_no_files_may_be_made_is_named_with_the_reason(
    public: Path, good: Path, unprivileged: list[str]
) -> None:
    new, path = public / "new.db", public / "chat.db"
    shutil.copy(good, path)
    path.chmod(0o666)
    public.chmod(0o555)
    told = failure(f"--history={new}", before=unprivileged)
    assert told == f"cannot open history file {new}: Permission denied"
    told = failure(f"--history={path}", before=unprivileged)
    why = f"cannot make files in {public}: Permission denied"
    assert told == f"cannot open history file {path}: {why}"


def test_a_history_file_that_another_program_locks_is_named(good: Path) -> None:
    with closing(sqlite3.connect(good, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        told = failure(f"--history={good}")
    assert told == f"cannot open history file {good}: another program holds a lock on it"


@pytest.mark.parametrize("content", [b"Dear diary. " * 100, bytes(range(256)) * 40])
def test_a_file_that_is_no_history_is_named_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "chat.db"
    path.write_bytes(content)
    assert failure(f"--history={path}") == f"{path} is not a gchat history file"
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["chat.db"]


IDENTITY = "INSERT INTO identities VALUES (1, '', '{}', 'ann', 1.0, '{}')"

UNUSABLE = {
    f"PRAGMA user_version = {len(MIGRATIONS) + 1}": (
        "a newer gchat wrote it; update this one to use it"
    ),
    "DELETE FROM state": "it is damaged",
    "INSERT INTO sanctions VALUES ('ban', 'everywhere', 'op', '', NULL)": "it is damaged",
    IDENTITY.format("127.0.0.1", "{"): "it is damaged",
    IDENTITY.format("127.0.0.1", "{}"): "it is damaged",
    IDENTITY.format("nowhere", "{}"): "it is damaged",
    **{f"DROP TABLE {table}": f"no such table: {table}" for table in ("topics", "sanctions")},
    **{f"DROP TABLE {table}": f"no such table: {table}" for table in ("rooms", "identities")},
}
"""What is done to a history file, and why it cannot be used then."""


@pytest.mark.parametrize("statement", UNUSABLE)
def test_a_history_file_that_cannot_be_read_is_named_with_the_reason(
    good: Path, statement: str
) -> None:
    change(good, statement)
    told = failure(f"--history={good}")
    assert told == f"cannot use history file {good}: {UNUSABLE[statement]}"


def test_a_line_end_in_a_path_does_not_end_the_line(tmp_path: Path) -> None:
    told = failure(f"--history={tmp_path}/no\nsuch/chat.db")
    assert told == (
        f"cannot open history file {tmp_path}/no\\x0asuch/chat.db: No such file or directory"
    )


# Other files

FILES = {
    "--password-file": "password file",
    "--op-password-file": "operators' password file",
    "--motd": "motd file",
}

BAD_PASSWORDS = {
    "\n": "empty",
    "x" * (MAX_PASSWORD + 1): f"longer than {MAX_PASSWORD} bytes",
    "one\ntwo\n": "more than one line",
}


@pytest.mark.parametrize("option", FILES)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, option: str) -> None:
    for path, why in (
        (tmp_path / "none", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (Path("/dev/null/x"), "Not a directory"),
    ):
        assert failure(f"{option}={path}") == f"cannot read {FILES[option]} {path}: {why}"


@pytest.mark.parametrize("option", FILES)
def test_a_file_that_may_not_be_read_is_named_with_the_reason(
    public: Path, unprivileged: list[str], option: str
) -> None:
    file = public / "file"
    file.touch(0o000)
    told = failure(f"{option}={file}", before=unprivileged)
    assert told == f"cannot read {FILES[option]} {file}: Permission denied"


@pytest.mark.parametrize("option", ["--password-file", "--op-password-file"])
@pytest.mark.parametrize("content", BAD_PASSWORDS)
def test_a_file_that_holds_no_password_is_named_with_the_reason(
    tmp_path: Path, option: str, content: str
) -> None:
    file = tmp_path / "password"
    file.write_text(content)
    why = BAD_PASSWORDS[content]
    assert failure(f"{option}={file}") == f"cannot use {FILES[option]} {file}: {why}"


def test_a_message_of_the_day_that_is_too_long_is_named(tmp_path: Path) -> None:
    file = tmp_path / "motd"
    file.write_text("x" * 4097)
    assert failure(f"--motd={file}") == f"cannot use motd file {file}: longer than 4096 bytes"


def test_a_door_that_there_is_not_is_named_with_those_that_there_are() -> None:
    assert failure("--doors=plain,tea").startswith("--doors: there is no door tea; the doors are ")
