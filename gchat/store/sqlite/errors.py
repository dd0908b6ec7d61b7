"""SQLite's errors in words, and as those of the store."""

import errno
import os
import sqlite3

from gchat.store.errors import CannotUse, StoreError
from gchat.store.sqlite.files import obstacle

LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

SYSTEM = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
)
"""The codes of errors that come from the system, whose reason SQLite keeps to itself."""


def store_error(error: sqlite3.Error) -> StoreError:
    """The exception that callers of the store get in place of `error`, its cause."""
    return StoreError(explain(error), is_locked=_code(error) in LOCKED)


def explain(error: Exception) -> str:
    """What has happened, as a clause that a person can read."""
    code = _code(error)
    if code in LOCKED:
        return "another program holds a lock on it"
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full"
    if code == sqlite3.SQLITE_NOTADB:
        return "it is not a gchat history file"
    if code == sqlite3.SQLITE_CORRUPT:
        return "it is damaged"
    return str(getattr(error, "strerror", None) or error)


def refusal(path: str, error: Exception, *, writing: bool = True) -> CannotUse:
    """The exception to raise when `error` keeps the history at `path` from being used.

    It names the reason of the system where SQLite has none. A StoreError counts as its cause.
    """
    if isinstance(error, StoreError) and isinstance(error.__cause__, sqlite3.Error):
        error = error.__cause__
    code = _code(error)
    if code == sqlite3.SQLITE_NOTADB:
        return not_ours(path)
    if code in SYSTEM:
        why = obstacle(path, writing=writing) or _in_sqlites_words(error)
    else:
        why = explain(error)
    verb = "open" if code in (*SYSTEM, *LOCKED) or isinstance(error, OSError) else "use"
    return CannotUse(f"cannot {verb} history file {path}: {why}")


def not_ours(path: str) -> CannotUse:
    """The exception to raise when what is at `path` was not written by gchat."""
    return CannotUse(f"{path} is not a gchat history file")


def _in_sqlites_words(error: Exception) -> str:
    """The reason if the system shows none: `disk I/O error (SQLITE_IOERR_READ)`."""
    if _code(error) == sqlite3.SQLITE_FULL:  # some is free again, but not as much as it takes
        return os.strerror(errno.ENOSPC)
    return f"{error} ({getattr(error, 'sqlite_errorname', '')})"


def _code(error: Exception) -> int:
    """The primary code of an error of SQLite's; 0 if it is none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
