"""Deleting messages from the history file, one by one or the oldest, and from the index of words.

What is deleted is overwritten (PRAGMA secure_delete); the words of it are gone from the index when
that was merged (see words.merge).
"""

import json
import sqlite3
from collections.abc import Collection

from gchat.store.sqlite.schema import transaction, without_waiting
from gchat.store.sqlite.words import SPOKEN

LOOKED_AT = 20_000
"""Messages that are looked at, at a time, for those of one sender: some milliseconds."""

_UNINDEX = f"""
    INSERT INTO words (words, rowid, name, text)
    SELECT 'delete', place, name, text FROM messages
    WHERE {SPOKEN} AND +place <= (SELECT value FROM state WHERE name = 'indexed') AND """
"""What is not in the index yet must not be taken out of it. (+place: it is not by that bound that
the messages are looked up.)"""

_COUNT_UNINDEXING = "UPDATE state SET value = value + 1 WHERE name = 'unmerged'"

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
    """Leave of these messages of `room`, but for notices, nothing but that they were there.

    Returns the ids of those that were not gone before. Raises sqlite3.Error.
    """
    which = f"room = ? AND id IN (SELECT value FROM json_each(?)) AND {SPOKEN}"
    values = (room, json.dumps(list(ids)))
    with transaction(connection):
        _unindex(connection, which, values)
        deleted = connection.execute(
            f"UPDATE messages SET kind = 'gone', text = '' WHERE {which} RETURNING id", values
        )
        return {number for (number,) in deleted}


def find_of(
    connection: sqlite3.Connection, sender: int, before: int, most: int
) -> tuple[int, list[tuple[str, int]]]:
    """The rooms and ids of messages that `sender` has said, before the place `before`.

    At most `most`, the last ones, of those among LOOKED_AT messages. Returns as well the place
    before which the next ones are to be looked for; 0 if there are none. There is no index of
    senders: it would make each message an eighth longer, for what is asked for so rarely.
    """
    (first,) = connection.execute(
        "SELECT ifnull(min(place), 0) FROM ("
        "SELECT place FROM messages WHERE place < ? ORDER BY place DESC LIMIT ?)",
        (before, LOOKED_AT),
    ).fetchone()
    rows = connection.execute(_OF_SENDER, (first, before, sender, most))
    found = json.loads(rows.fetchone()[0])
    places = [(room, number) for _, room, number in found]
    return (found[-1][0] if len(found) == most else first), places


def remove_old(connection: sqlite3.Connection, time: float, most: int) -> int:
    """Delete at most `most` of the messages that were said before `time`, the first ones.

    Up to the first that was said later. Returns how many these were. Waits for no lock. Raises
    sqlite3.Error.
    """
    with without_waiting(connection), transaction(connection):
        (last,) = connection.execute(_OLD, (most, time)).fetchone()
        return _remove(connection, "place <= ?", (last,)) if last else 0


def find_crowded(connection: sqlite3.Connection, behind: str, most: int) -> str:
    """The first room, in the order of names and behind `behind`, with over `most` messages.

    Empty if there is none. Raises sqlite3.Error.
    """
    row = connection.execute(_CROWDED, (behind, most)).fetchone()
    return str(row[0]) if row else ""


def remove_surplus(connection: sqlite3.Connection, room: str, kept: int, most: int) -> int:
    """Delete at most `most` of the messages of `room` but the last `kept`, the first ones.

    Returns how many these were. Waits for no lock. Raises sqlite3.Error.
    """
    with without_waiting(connection), transaction(connection):
        (last,) = connection.execute(
            "SELECT max(id) FROM (SELECT id FROM messages WHERE room = ?1 AND id <="
            " (SELECT max(id) FROM messages WHERE room = ?1) - ?2 ORDER BY id LIMIT ?3)",
            (room, kept, most),
        ).fetchone()
        return _remove(connection, "room = ? AND id <= ?", (room, last)) if last else 0


def _remove(connection: sqlite3.Connection, which: str, values: tuple[object, ...]) -> int:
    connection.execute(
        # +room, or all of the index of rooms would be read to save some sorting.
        "INSERT INTO rooms SELECT room, max(id), max(spoken) FROM messages"
        f" WHERE {which} GROUP BY +room ON CONFLICT (name) DO UPDATE"
        " SET id = excluded.id, spoken = excluded.spoken WHERE excluded.id > id",
        values,
    )
    _unindex(connection, which, values)
    removed = connection.execute(f"DELETE FROM messages WHERE {which}", values).rowcount
    # The places of the last ones are given out again, if they are among those.
    connection.execute(
        "UPDATE state SET value = min(value, (SELECT ifnull(max(place), 0) FROM messages))"
        " WHERE name = 'indexed'"
    )
    return removed


def _unindex(connection: sqlite3.Connection, which: str, values: tuple[object, ...]) -> None:
    before = connection.total_changes
    connection.execute(f"{_UNINDEX} {which}", values)
    if connection.total_changes > before:
        connection.execute(_COUNT_UNINDEXING)
