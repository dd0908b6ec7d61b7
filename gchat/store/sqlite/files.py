"""The files of a history: the database and, beside it, SQLite's `-wal` and `-shm`.

Nothing here opens and closes one of them: closing any descriptor of a file ends all locks that
SQLite holds on that file for this process.
"""

import errno
import logging
import os
import shlex
import stat
from pathlib import Path

PRIVATE = 0o600
"""The mode of a new history file: only its owner may read what people write."""

OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
"""The bits of a mode that let users other than the owner read or write a file."""

BESIDE = ("-wal", "-shm")
"""What SQLite appends to the name of the database; it gives these files the database's mode."""

NEEDED = 64 * 1024
"""Bytes of disk that SQLite takes to open a history: 32 KiB of `-shm`, and some that are written at
the start."""

log = logging.getLogger(__name__)


def files_of(path: str) -> list[Path]:
    """List the existing files of the history at `path`, the database first.

    SQLite makes the others where the database is, not where a link to it is.
    """
    real = os.path.realpath(path)
    return [Path(file) for file in (real, *(real + end for end in BESIDE)) if os.path.exists(file)]


def warn_of_other_users(path: str) -> None:
    """Log a warning if others than the owner can read or write a file of the history at `path`."""
    modes = {file: stat.S_IMODE(file.stat().st_mode) for file in files_of(path)}
    open_to_others = {file: mode for file, mode in modes.items() if mode & OTHERS}
    if open_to_others:
        log.warning(
            "other users can read or write the history: %s; to make it private: chmod 600 %s",
            ", ".join(f"{file} (mode {mode:04o})" for file, mode in open_to_others.items()),
            shlex.join(map(str, open_to_others)),
        )


def obstacle(path: str, *, writing: bool) -> str:
    """Return why this process cannot use the history at `path`, in the system's words.

    Empty if no reason is found. SQLite itself seldom tells the reason.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return os.strerror(errno.EISDIR) if os.path.isdir(path) else "it is not a regular file"
    except OSError as error:
        return os.strerror(error.errno or 0)
    files = files_of(path)
    for file in files:
        if number := _denial(file, writing):
            why = os.strerror(number)
            return why if file == files[0] else f"cannot open {file}: {why}"
    return _obstacle_in_folder(files[0].parent)


def _denial(file: Path, writing: bool) -> int:
    """The number of the error with which opening `file` would fail; 0 if it would not."""
    if os.access(file, os.R_OK | (os.W_OK if writing else 0)):
        return 0
    read_only = writing and os.statvfs(file).f_flag & os.ST_RDONLY
    return errno.EROFS if read_only else errno.EACCES


def _obstacle_in_folder(folder: Path) -> str:
    """Return why SQLite cannot make its files in `folder`; empty if it can."""
    import tempfile  # not needed at the start without a history file: 3 ms

    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(NEEDED))
            os.fsync(file.fileno())
    except OSError as error:
        why = os.strerror(error.errno or 0)
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return why if is_full else f"cannot make files in {folder}: {why}"
    return ""
