"""Messages in the history file: appending them, and reading them from a place in a room's log.

SQLite returns messages as JSON, in one step. Fetching rows one by one would release Python's lock
for each of them and wait for it again, up to 5 ms while the loop is busy; so the worker's thread
returns the JSON, and the loop calls `decode`.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain

from gchat.model.message import Message
from gchat.model.room_log import Cursor
from gchat.model.runs import Row
from gchat.store.base import FINGERPRINTED
from gchat.store.sqlite.schema import transaction

COLUMNS = "id, spoken, time, room, kind, sender, name, text, epoch, ref"
"""The columns of a message, in the order of runs.Row."""

MOST_AT_ONCE = 512
"""Messages that one statement inserts. There is a statement for each number, compiled once; SQLite
takes 32,766 values in a statement."""

_AFTER = f"""
    SELECT json_group_array(json_array({COLUMNS})) FROM (
        SELECT *, sum(length(text)) OVER (ORDER BY id) - length(text) AS before FROM (
            SELECT {COLUMNS} FROM messages WHERE room = ? AND id > ? AND id <= ?
            ORDER BY id LIMIT ?
        ) ORDER BY id
    ) WHERE before < ?"""

_MARKED = f"""
    SELECT json_group_array(json_array({COLUMNS})) FROM (
        SELECT place, id, spoken, time, room, kind, sender, name, substr(text, 1, ?) AS text, epoch,
            ref
        FROM messages WHERE sender = ? AND ref IS NOT NULL ORDER BY place DESC LIMIT ?
    ) ORDER BY place"""

TAIL = 200
"""Messages that a log has in memory when it is opened: the ones that are read most."""

TAIL_CHARACTERS = 64 * 1024
"""Total length of those messages, not counting the last."""


_LOST = """
    INSERT INTO rooms SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
    ON CONFLICT (name) DO UPDATE SET id = excluded.id, spoken = excluded.spoken
    WHERE excluded.id > id"""


def append(connection: sqlite3.Connection, rows: Sequence[Row]) -> int:
    """Write messages, all or none; returns how many. Raises sqlite3.Error."""
    if len(rows) <= MOST_AT_ONCE:  # one statement is a transaction by itself
        return _insert(connection, rows)
    with transaction(connection):
        return sum(_insert(connection, portion) for portion in _portions(rows))


def append_owed(
    connection: sqlite3.Connection, rows: Sequence[Row], ends: Mapping[str, Cursor]
) -> int:
    """Write messages that were placed a while ago, and up to where there are none of each room.

    Returns how many were written: a place that the file has given to another one stays as it is.
    Raises sqlite3.Error; then nothing was written.
    """
    with transaction(connection):
        if ends:
            connection.execute(_LOST, (json.dumps([[room, *end] for room, end in ends.items()]),))
        return sum(_insert(connection, portion, "OR IGNORE") for portion in _portions(rows))


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), MOST_AT_ONCE):
        yield rows[first : first + MOST_AT_ONCE]


def _insert(connection: sqlite3.Connection, rows: Sequence[Row], manner: str = "") -> int:
    if not rows:
        return 0
    values = list(chain.from_iterable(rows))
    return connection.execute(_insertion(len(rows), manner), values).rowcount


@lru_cache(MOST_AT_ONCE)
def _insertion(count: int, manner: str) -> str:
    values = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * count)
    return f"INSERT {manner} INTO messages ({COLUMNS}) VALUES {values}"


def end(connection: sqlite3.Connection, room: str) -> Cursor:
    """Return the cursor at the end of `room`, whether its last message is kept or not."""
    rows = connection.execute(
        "SELECT id, spoken FROM messages WHERE room = ?1 UNION ALL"
        " SELECT id, spoken FROM rooms WHERE name = ?1 ORDER BY id DESC LIMIT 1",
        (room,),
    )
    return Cursor(*(rows.fetchone() or (0, 0)))


def after(
    connection: sqlite3.Connection, room: str, last: int, end: int, count: int, characters: int
) -> str:
    """Read messages of `room` with ids above `last` and up to `end`, as JSON for `decode`.

    At most `count` messages, all but the last with fewer than `characters` in total.
    """
    values = (room, last, end, count, characters)
    return str(connection.execute(_AFTER, values).fetchone()[0])


def marked(connection: sqlite3.Connection, sender: int, most: int) -> str:
    """Read the last messages of `sender` with a `ref`, as JSON for `decode`."""
    values = (FINGERPRINTED, sender, most)
    return str(connection.execute(_MARKED, values).fetchone()[0])


def decode(messages: str) -> list[Message]:
    """Decode the JSON of `after`, `tail` and `marked`."""
    return [Message(*fields) for fields in json.loads(messages)]


def tail(connection: sqlite3.Connection, room: str) -> tuple[Cursor, str]:
    """Return the end of `room`, and the messages before it that a log begins with, as JSON."""
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
    """Return the id before the first message of `room` that is kept; the end if none is."""
    rows = connection.execute("SELECT min(id) - 1 FROM messages WHERE room = ?", (room,))
    (first,) = rows.fetchone()
    return end(connection, room).id if first is None else int(first)


def gone_between(connection: sqlite3.Connection, room: str, last: int, end: int) -> int:
    """Count deleted messages of `room` with ids above `last` and up to `end`."""
    rows = connection.execute(
        "SELECT count(*) FROM messages WHERE kind = 'gone' AND room = ? AND id > ? AND id <= ?",
        (room, last, end),
    )
    return int(rows.fetchone()[0])


def first_with(connection: sqlite3.Connection, room: str, field: str, least: float) -> int:
    """Return the id before the first message of `room` whose `field` is at least `least`.

    `field` is `spoken`, `time` or `epoch`, which never fall from message to message.
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
