"""The messages in the history file: what is appended to a room's log, and read from there.

What is read comes as JSON in one step of SQLite's. For each row on its own, Python's lock would
be given back and waited for, up to 5 ms where the loop is busy; so `decode` is for the loop.
"""

import json
import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from gchat.model.message import Message
from gchat.model.room_log import Cursor, Entry
from gchat.store.sqlite.schema import transaction, without_waiting

COLUMNS = "id, spoken, time, room, kind, sender, name, text"
"""As in log.Entry."""

MOST_AT_ONCE = 512
"""Messages that one statement inserts, each of them another one, translated once: SQLite takes
32,766 values in one."""

_AFTER = f"""
    SELECT json_group_array(json_array({COLUMNS})) FROM (
        SELECT *, sum(length(text)) OVER (ORDER BY id) - length(text) AS before FROM (
            SELECT {COLUMNS} FROM messages WHERE room = ? AND id > ? AND id <= ?
            ORDER BY id LIMIT ?
        ) ORDER BY id
    ) WHERE before < ?"""

TAIL = 200
"""Messages that a log begins with when it is opened: what is asked for most."""

TAIL_CHARACTERS = 64 * 1024
"""How long they may be together, but for the last."""


def append(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Write messages, all or none. Raises sqlite3.Error."""
    if len(entries) <= MOST_AT_ONCE:  # one statement is a transaction by itself
        _insert(connection, entries)
        return
    with transaction(connection):
        for first in range(0, len(entries), MOST_AT_ONCE):
            _insert(connection, entries[first : first + MOST_AT_ONCE])


def append_at_once(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """The same, without waiting for a lock."""
    with without_waiting(connection):
        append(connection, entries)


def _insert(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    if entries:
        connection.execute(_insertion(len(entries)), list(chain.from_iterable(entries)))


@lru_cache(MOST_AT_ONCE)
def _insertion(count: int) -> str:
    values = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * count)
    return f"INSERT INTO messages ({COLUMNS}) VALUES {values}"


def end(connection: sqlite3.Connection, room: str) -> Cursor:
    """The place behind the last message of `room`, kept or not."""
    rows = connection.execute(
        "SELECT id, spoken FROM messages WHERE room = ?1 UNION ALL"
        " SELECT id, spoken FROM rooms WHERE name = ?1 ORDER BY id DESC LIMIT 1",
        (room,),
    )
    return Cursor(*(rows.fetchone() or (0, 0)))


def after(
    connection: sqlite3.Connection, room: str, last: int, end: int, count: int, characters: int
) -> str:
    """Messages of `room` from behind the id `last` up to `end`, for `decode`.

    At most `count`, of which all but the last have less than so many `characters` together.
    """
    values = (room, last, end, count, characters)
    return str(connection.execute(_AFTER, values).fetchone()[0])


def decode(messages: str) -> list[Message]:
    """What `after` has read."""
    return [Message(*fields) for fields in json.loads(messages)]


def tail(connection: sqlite3.Connection, room: str) -> tuple[Cursor, str]:
    """The end of `room`, and the messages before it, for `decode`, that a log begins with."""
    place = end(connection, room)
    characters, last = 0, place.id
    rows = connection.execute(
        "SELECT id, length(text) FROM messages WHERE room = ? AND id <= ? ORDER BY id DESC LIMIT ?",
        (room, place.id, TAIL),  # more may have been written meanwhile
    )
    for number, length in rows:
        characters += length
        if number != last or characters > TAIL_CHARACTERS:  # there is a hole before it
            break
        last -= 1
    return place, after(connection, room, last, place.id, TAIL, TAIL_CHARACTERS)


def start(connection: sqlite3.Connection, room: str) -> int:
    """The id behind which the first message of `room` is that is kept; its end if there is none."""
    rows = connection.execute("SELECT min(id) - 1 FROM messages WHERE room = ?", (room,))
    (first,) = rows.fetchone()
    return end(connection, room).id if first is None else int(first)


def gone_between(connection: sqlite3.Connection, room: str, last: int, end: int) -> int:
    """How many messages of `room` from behind the id `last` up to `end` were deleted."""
    rows = connection.execute(
        "SELECT count(*) FROM messages WHERE kind = 'gone' AND room = ? AND id > ? AND id <= ?",
        (room, last, end),
    )
    return int(rows.fetchone()[0])


def first_with(connection: sqlite3.Connection, room: str, field: str, least: float) -> int:
    """The id behind which the first message is that has `least`, or more, in `field`.

    That is `spoken` or `time`, which grow from one to the next.
    """
    low, high = start(connection, room), end(connection, room).id
    while low < high:
        middle = (low + high) // 2 + 1
        rows = connection.execute(
            f"SELECT id, {field} >= ? FROM messages WHERE room = ? AND id >= ? ORDER BY id LIMIT 1",
            (least, room, middle),
        )
        found, enough = rows.fetchone() or (high + 1, True)
        if enough:
            high = middle - 1
        else:
            low = found
    return low
