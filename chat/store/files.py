"""The files of a history: the database and, beside it, SQLite's `-wal` and `-shm`.

Nothing here opens and closes one of them: to close any descriptor of a file ends the locks that
SQLite holds on it for the whole process.
"""

import errno
import os
import stat
import tempfile
from pathlib import Path

BESIDE = ("-wal", "-shm")
"""What SQLite appends to the name of the database; it gives these files the database's mode."""

NEEDED = 64 * 1024
"""Bytes of disk that SQLite takes to open a history: 32 KiB of `-shm`, and some for what a start
writes."""


def files_of(path: str) -> list[Path]:
    """The files of the history at `path` that there are, the database first.

    SQLite makes the others where the database is, not where a link to it is.
    """
    real = os.path.realpath(path)
    return [Path(file) for file in (real, *(real + end for end in BESIDE)) if os.path.exists(file)]


def obstacle(path: str, *, writing: bool) -> str:
    """What keeps this process from using the history at `path`, in the system's words.

    Empty if nothing is found. SQLite says of most such errors only that there is one.
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
    """What keeps SQLite from making its files in `folder`; empty if nothing does."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(NEEDED))
            os.fsync(file.fileno())
    except OSError as error:
        why = os.strerror(error.errno or 0)
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return why if is_full else f"cannot make files in {folder}: {why}"
    return ""
