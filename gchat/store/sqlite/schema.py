"""How the history file is laid out, and how it is opened: one of ours, whole, and not newer."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gchat.model.epochs import first_epoch, next_epoch
from gchat.store.errors import CannotUse, Damaged, StoreError, decoding
from gchat.store.sqlite.errors import not_ours, refusal

APPLICATION_ID = 0x67636861
"""What marks the file as one of ours: `gcha`."""

BUSY = 5.0
"""Seconds to wait for a lock that another program has on the file, while it is opened."""

JOURNAL = 4 * 2**20
"""Bytes to which `-wal` shrinks when all of it is in the file: what a reader has kept there for a
while is no reason to keep it for ever. SQLite writes it anew after 4 MB, as a rule."""

CHECK = 1.0
"""Seconds in which the file is looked through for damage when it is opened: a few hundred MB."""

CHECK_STEPS = 10_000
"""Of SQLite's machine, between two looks at the clock meanwhile."""

CLIENTS_IN_A_RUN = 2**32
"""How many there may be from a start of the server to its end."""

STATEMENTS = 600
"""That SQLite keeps translated: one for each number of messages that is inserted at once."""

MIGRATIONS = (
    """
    CREATE TABLE messages (
        place INTEGER PRIMARY KEY,  -- in the order in which they were said, in whatever room
        id INTEGER NOT NULL,        -- 1, 2, 3, ... in each room
        spoken INTEGER NOT NULL,    -- how many of them, up to this one, people have said
        time REAL NOT NULL,         -- seconds since the epoch, UTC
        room TEXT NOT NULL,
        kind TEXT NOT NULL,         -- say, action, or what happened; gone if it was deleted
        sender INTEGER NOT NULL,    -- who has said it, or whom it is about; 0 is nobody
        name TEXT NOT NULL,         -- what that one was called at the time
        text TEXT NOT NULL,
        UNIQUE (room, id)
    );
    CREATE INDEX gone ON messages (room, id) WHERE kind = 'gone';
    CREATE VIRTUAL TABLE words USING fts5 (
        name, text, content=messages, content_rowid=place,
        tokenize="unicode61 remove_diacritics 2"
    );
    CREATE TABLE rooms (
        name TEXT PRIMARY KEY,
        id INTEGER NOT NULL,        -- up to where its messages are kept no more
        spoken INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE topics (
        room TEXT PRIMARY KEY,
        text TEXT NOT NULL,
        sender INTEGER NOT NULL,    -- who has set it
        name TEXT NOT NULL          -- what that one was called at the time
    ) WITHOUT ROWID;
    CREATE TABLE sanctions (
        kind TEXT NOT NULL,         -- ban, mute
        network TEXT NOT NULL,
        by TEXT NOT NULL,
        why TEXT NOT NULL,
        until REAL                  -- as times are; NULL if it does not end by itself
    );
    CREATE TABLE identities (
        number INTEGER PRIMARY KEY, -- what they are as a sender
        digest TEXT NOT NULL,       -- SHA-256 of the token
        network TEXT NOT NULL,
        name TEXT NOT NULL,
        seen REAL NOT NULL,         -- when they were last there, as times are
        room TEXT NOT NULL,
        id INTEGER NOT NULL,        -- up to where they have got what was said in it
        spoken INTEGER NOT NULL,
        own_ahead INTEGER NOT NULL, -- how many behind that they have said themselves
        state TEXT NOT NULL         -- what else comes back, as JSON
    );
    CREATE TABLE privates (
        place INTEGER PRIMARY KEY,
        number INTEGER NOT NULL,    -- of the identity that they are kept for
        time REAL NOT NULL,
        name TEXT NOT NULL,         -- of who has said it
        recipient TEXT NOT NULL,    -- what the one was called that it was said to
        text TEXT NOT NULL
    );
    CREATE INDEX privates_of ON privates (number);
    CREATE TABLE state (
        name TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) WITHOUT ROWID;
    INSERT INTO state VALUES
        ('runs', 0),                -- how often a server was started with this file
        ('indexed', 0),             -- up to which place the messages are in `words`
        ('unmerged', 0);            -- how often some were taken out of `words` since it was merged
    """,
    """
    ALTER TABLE messages ADD COLUMN epoch INTEGER NOT NULL DEFAULT {epoch};
                                    -- in which the id is this message's: never falls in a room
    ALTER TABLE messages ADD COLUMN ref;
                                    -- what a program has marked it with, a number or a string
    CREATE INDEX refs ON messages (sender, place) WHERE ref IS NOT NULL;
    CREATE TABLE places (
        number INTEGER NOT NULL,    -- of an identity
        rank INTEGER NOT NULL,      -- 0 is the room that it speaks in
        room TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        id INTEGER NOT NULL,        -- up to where it has got what was said in it
        spoken INTEGER NOT NULL,
        own_ahead INTEGER NOT NULL, -- how many behind that it has said itself
        PRIMARY KEY (number, room)
    ) WITHOUT ROWID;
    INSERT INTO places SELECT number, 0, room, {epoch}, id, spoken, own_ahead FROM identities;
    ALTER TABLE identities DROP COLUMN room;
    ALTER TABLE identities DROP COLUMN id;
    ALTER TABLE identities DROP COLUMN spoken;
    ALTER TABLE identities DROP COLUMN own_ahead;
    INSERT INTO state VALUES
        ('epoch', {epoch}),         -- of what is said now, in all rooms
        ('running', 0);             -- 1 if a server uses the file, or was killed when it did
    """,
    # The index of words finds no parts of words, and nothing in many scripts: see index.py.
    """
    DROP TABLE words;
    CREATE VIRTUAL TABLE grams USING fts5 (
        grams_of, content='', detail=none, tokenize="ascii"
    );
    INSERT OR REPLACE INTO state
        SELECT 'indexed', ifnull(max(place), 0) FROM messages UNION ALL
        SELECT 'indexed_from', ifnull(max(place), 0) FROM messages UNION ALL
        SELECT 'unmerged', 0;
    """,
)
"""What makes each version of the layout of the one before it; the first of nothing. `{epoch}` is
the epoch that the file begins with."""


def open_file(path: str, sync: str = "normal") -> sqlite3.Connection:
    """Open the history at `path` for writing; it is made if there is none, or brought up to date.

    Raises CannotUse.
    """
    try:
        connection = _connect(Path(path).absolute().as_uri())
        try:
            _check_is_ours(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {sync}")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA journal_size_limit = {JOURNAL}")
            _migrate(connection)
            _check(connection)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, StoreError, OSError) as error:
        raise refusal(path, error) from error
    return connection


def open_to_read(path: str) -> sqlite3.Connection:
    """Open a history that exists, to read it, also while a server writes it. Raises CannotUse."""
    try:
        connection = _connect(f"{Path(path).absolute().as_uri()}?mode=ro")
        try:
            _check_is_ours(connection, path)
            _check_is_up_to_date(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise refusal(path, error, writing=False) from error
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What is written within is written as a whole, or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def stop_waiting(connection: sqlite3.Connection) -> sqlite3.Connection:
    """From now on, a lock that another program holds is an error at once; returns `connection`."""
    connection.execute("PRAGMA busy_timeout = 0")
    return connection


def begin_run(connection: sqlite3.Connection) -> tuple[int, int]:
    """A server starts with this file; returns the first number for its clients, and the epoch.

    Each number is above all that were given out before, so that `sender` means one for ever. The
    epoch is a new one if the server before was killed: it may have shown what is not in the file.
    """
    with transaction(connection), decoding():
        state = dict(connection.execute("SELECT name, value FROM state").fetchall())
        runs, epoch = int(state["runs"]) + 1, int(state["epoch"])
        if state["running"]:
            epoch = next_epoch(epoch)
        connection.executemany(
            "UPDATE state SET value = ? WHERE name = ?",
            ((runs, "runs"), (epoch, "epoch"), (1, "running")),
        )
        return runs * CLIENTS_IN_A_RUN, epoch


def note_run(connection: sqlite3.Connection, run: int) -> None:
    """Note the number that this run has: those of clients of runs up to there are taken."""
    with transaction(connection):
        connection.execute("UPDATE state SET value = max(value, ?) WHERE name = 'runs'", (run,))
        connection.execute("INSERT OR REPLACE INTO state (name, value) VALUES ('noted', ?)", (run,))


def noted_run(connection: sqlite3.Connection) -> int:
    """The number of the last run that has noted one; 0 if none has."""
    found = connection.execute("SELECT value FROM state WHERE name = 'noted'").fetchone()
    return int(found[0]) if found else 0


def end_run(connection: sqlite3.Connection) -> None:
    """The server ends, and the file has all that it has shown."""
    connection.execute("UPDATE state SET value = 0 WHERE name = 'running'")


def _connect(uri: str) -> sqlite3.Connection:
    # Every thread has its own one, but it need not be the thread that has made it.
    return sqlite3.connect(
        uri,
        uri=True,
        timeout=BUSY,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS,
    )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_is_ours(connection: sqlite3.Connection, path: str) -> None:
    marked = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    if not marked and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise not_ours(path)
    if _version(connection) > len(MIGRATIONS):
        raise CannotUse(
            f"cannot use history file {path}: a newer gchat wrote it; update this one to use it"
        )


def _check_is_up_to_date(connection: sqlite3.Connection, path: str) -> None:
    version = _version(connection)
    if version == 0:
        raise CannotUse(f"cannot use history file {path}: it is empty")
    if version < len(MIGRATIONS):
        raise CannotUse(
            f"cannot use history file {path}: an older gchat wrote it; start a server with it "
            "once, which brings it up to date"
        )


def _migrate(connection: sqlite3.Connection) -> None:
    epoch = str(first_epoch())
    for version in range(_version(connection), len(MIGRATIONS)):
        with closing(connection.cursor()) as cursor:
            cursor.executescript(
                f"BEGIN IMMEDIATE; {MIGRATIONS[version].replace('{epoch}', epoch)};"
                f"PRAGMA application_id = {APPLICATION_ID};"
                f"PRAGMA user_version = {version + 1}; COMMIT;"
            )


def _check(connection: sqlite3.Connection) -> None:
    """Raises Damaged if damage is found in the time there is for it."""
    end = time.monotonic() + CHECK
    connection.set_progress_handler(lambda: time.monotonic() > end, CHECK_STEPS)
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise Damaged(found)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
    finally:
        connection.set_progress_handler(None, 0)
