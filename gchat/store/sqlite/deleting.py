"""Delete messages from the history file and its full-text index, one by one or the oldest.

Deleted texts are overwritten (PRAGMA secure_delete). Their pairs of characters leave the index when
it is merged (see index.merge).
"""

import json
import sqlite3
from collections.abc import Collection

from gchat.store.sqlite.index import SPOKEN, forget_end, unindex
from gchat.store.sqlite.schema import transaction

SCANNED_AT_A_TIME = 20_000
"""Messages scanned at a time for those of one sender: some milliseconds."""

FOUND_AT_A_TIME = 200
"""Messages of one sender that are found at a time."""

_OLD = """
    SELECT max(place) FROM (
        SELECT place, max(time) OVER (ORDER BY place) AS latest
        FROM (SELECT place, time FROM messages ORDER BY place LIMIT ?)
    ) WHERE latest < ?"""

_CROWDED = """
    WITH RECURSIVE each (room) AS (
        SELECT min(room) FROM messages WHERE room > ?
        UNION ALL SELECT (SELECT min(room) FROM messages WHERE room > each.room) FROM each
        WHERE each.room NOT NULL
    )
    SELECT each.room FROM each WHERE each.room NOT NULL AND
        (SELECT max(id) FROM messages WHERE room = each.room) -
        (SELECT min(id) FROM messages WHERE room = each.room) >= ?
    LIMIT 1"""

_OF_SENDER = f"""
    SELECT json_group_array(json_array(place, room, id)) FROM (
        SELECT place, room, id FROM messages
        WHERE place >= ? AND place < ? AND sender = ? AND {SPOKEN} ORDER BY place DESC LIMIT ?
    )"""


def delete(connection: sqlite3.Connection, room: str, ids: Collection[int]) -> set[int]:
    """Delete the texts of messages of `room`; their ids stay in use, and notices stay as they are.

    Returns the ids of the messages that were not deleted before. Raises sqlite3.Error.
    """
    which = f"room = ? AND id IN (SELECT value FROM json_each(?)) AND {SPOKEN}"
    values = (room, json.dumps(list(ids)))
    with transaction(connection):
        unindex(connection, which, values)
        deleted = connection.execute(
            f"UPDATE messages SET kind = 'gone', text = '' WHERE {which} RETURNING id", values
        )
        return {number for (number,) in deleted}


def find_of(
    connection: sqlite3.Connection, sender: int, before: int, most: int
) -> tuple[int, list[tuple[str, int]]]:
    """Find the last `most` messages of `sender` among SCANNED_AT_A_TIME before the place `before`.

    Returns the place before which to search on, 0 at the beginning of the file, and the rooms and
    ids of the messages. There is no index of senders: it would make each message an eighth longer,
    for a rare search.
    """
    (first,) = connection.execute(
        "SELECT ifnull(min(place), 0) FROM ("
        "SELECT place FROM messages WHERE place < ? ORDER BY place DESC LIMIT ?)",
        (before, SCANNED_AT_A_TIME),
    ).fetchone()
    rows = connection.execute(_OF_SENDER, (first, before, sender, most))
    found = json.loads(rows.fetchone()[0])
    places = [(room, number) for _, room, number in found]
    return (found[-1][0] if len(found) == most else first), places


def remove_old(connection: sqlite3.Connection, time: float, most: int) -> int:
    """Delete the oldest messages, at most `most`, up to the first that is not older than `time`.

    Returns their number. Raises sqlite3.Error.
    """
    with transaction(connection):
        (last,) = connection.execute(_OLD, (most, time)).fetchone()
        return _remove(connection, "place <= ?", (last,)) if last else 0


def find_crowded(connection: sqlite3.Connection, behind: str, most: int) -> str:
    """Return the first room behind `behind`, by name, with more than `most` messages.

    Empty if there is none. Raises sqlite3.Error.
    """
    row = connection.execute(_CROWDED, (behind, most)).fetchone()
    return str(row[0]) if row else ""


def remove_surplus(connection: sqlite3.Connection, room: str, kept: int, most: int) -> int:
    """Delete the oldest messages of `room`, at most `most`, so that the last `kept` stay.

    Returns their number. Raises sqlite3.Error.
    """
    with transaction(connection):
        (last,) = connection.execute(
            "SELECT max(id) FROM (SELECT id FROM messages WHERE room = ?1 AND id <="
            " (SELECT max(id) FROM messages WHERE room = ?1) - ?2 ORDER BY id LIMIT ?3)",
            (room, kept, most),
        ).fetchone()
        return _remove(connection, "room = ? AND id <= ?", (room, last)) if last else 0


def remove_behind(connection: sqlite3.Connection, room: str, last: int) -> None:
    """Delete the messages of `room` behind the id `last`; their ids are free again.

    Raises sqlite3.Error.
    """
    which, values = "room = ? AND id > ?", (room, last)
    with transaction(connection):
        unindex(connection, which, values)
        connection.execute(f"DELETE FROM messages WHERE {which}", values)
        forget_end(connection)


def _remove(connection: sqlite3.Connection, which: str, values: tuple[object, ...]) -> int:
    connection.execute(
        # +room: else SQLite would read the whole index of rooms to save some sorting.
        "INSERT INTO rooms SELECT room, max(id), max(spoken) FROM messages"
        f" WHERE {which} GROUP BY +room ON CONFLICT (name) DO UPDATE"
        " SET id = excluded.id, spoken = excluded.spoken WHERE excluded.id > id",
        values,
    )
    unindex(connection, which, values)
    removed = connection.execute(f"DELETE FROM messages WHERE {which}", values).rowcount
    forget_end(connection)
    return removed
