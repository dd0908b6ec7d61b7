"""For `export` and `check`: find faults in a history file, describe it, read all of it."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from gchat.model.message import Kind, Message
from gchat.store.sqlite.messages import COLUMNS
from gchat.text.phrases import counted

READ_AT_A_TIME = 1000
"""Messages per query of `read_all`."""

MAX_LISTED = 20
"""Faults of one kind that are listed one by one."""

_OUT_OF_ORDER = """
    SELECT DISTINCT room FROM (
        SELECT room, id, spoken, place,
            lag(id) OVER rooms AS id_before, lag(spoken) OVER rooms AS spoken_before
        FROM messages WINDOW rooms AS (PARTITION BY room ORDER BY place)
    ) WHERE id <= id_before OR spoken < spoken_before OR spoken - spoken_before > id - id_before
    ORDER BY room LIMIT ?"""

_UNINDEXED = """
    SELECT count(*) FROM messages LEFT JOIN grams_docsize ON grams_docsize.id = messages.place
    WHERE kind IN ('say', 'action') AND grams_docsize.id IS NULL
    AND place > (SELECT value FROM state WHERE name = 'indexed_from')
    AND place <= (SELECT value FROM state WHERE name = 'indexed')"""

_DELETED = """
    SELECT count(*) FROM grams_docsize LEFT JOIN messages ON messages.place = grams_docsize.id
    WHERE ifnull(kind, 'gone') = 'gone'"""

_ROOMS = "SELECT count(*), count(DISTINCT room), min(time), max(time) FROM messages"

_GONE = "SELECT count(*) FROM messages WHERE kind = 'gone'"

_HOLES = """
    SELECT ifnull(sum(holes), 0) FROM (
        SELECT max(id) - min(id) + 1 - count(*) AS holes FROM messages GROUP BY room
    )"""


def faults(connection: sqlite3.Connection) -> list[str]:
    """Check the file; return a line for each fault, none if it is sound. Raises sqlite3.Error."""
    found = [
        text
        for (text,) in connection.execute(f"PRAGMA integrity_check({MAX_LISTED})")
        if text != "ok"
    ]
    if found:  # further checks would only repeat these
        return [f"damaged: {text}" for text in found]
    for (room,) in connection.execute(_OUT_OF_ORDER, (MAX_LISTED,)):
        found.append(f"#{room}: messages are out of order")
    (missing,) = connection.execute(_UNINDEXED).fetchone()
    if missing:
        found.append(f"{counted(missing, 'message')} missing in the index of /find")
    (left,) = connection.execute(_DELETED).fetchone()
    if left:
        found.append(f"{counted(left, 'deleted message')} left in the index of /find")
    return found


def contents(connection: sqlite3.Connection, path: Path) -> list[str]:
    """Describe the content of the file in lines for people. Raises sqlite3.Error."""
    messages, rooms, first, last = connection.execute(_ROOMS).fetchone()
    size = path.stat().st_size
    lines = [f"{counted(messages, 'message')} in {counted(rooms, 'room')}, {size:,} bytes"]
    if messages:
        begin, end = (datetime.fromtimestamp(time) for time in (first, last))
        lines.append(f"from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}")
    (holes,) = connection.execute(_HOLES).fetchone()
    if holes:
        lines.append(f"{counted(holes, 'message')} missing in between (could not be saved)")
    (gone,) = connection.execute(_GONE).fetchone()
    if gone:
        lines.append(f"{counted(gone, 'message')} deleted, of these")
    return lines


def read_all(
    connection: sqlite3.Connection, room: str = "", since: float = 0.0
) -> Iterator[tuple[float, list[Message]]]:
    """Yield the messages of `room` (all rooms if empty) since a time, without deleted ones.

    Yields pairs: the share of the file that has been read, from 0 to 1, and a list of messages.
    Raises sqlite3.Error.
    """
    (last,) = connection.execute("SELECT ifnull(max(place), 0) FROM messages").fetchone()
    place = 0
    while place < last:
        rows = connection.execute(
            f"SELECT place, {COLUMNS} FROM messages WHERE place > ? AND place <= ?"
            " ORDER BY place LIMIT ?",
            (place, last, READ_AT_A_TIME),
        ).fetchall()
        place = rows[-1][0]
        found = [Message(*fields) for _, *fields in rows]
        yield (
            place / last,
            [
                each
                for each in found
                if each.kind != Kind.GONE and each.time >= since and room in ("", each.room)
            ],
        )
