"""What is in a history file, in the order in which it was said, for whoever takes it elsewhere."""

import sqlite3
from collections.abc import Iterator

from gchat.model.message import Kind, Message
from gchat.store.sqlite.messages import COLUMNS

PORTION = 1000
"""Messages that are read at a time."""


def read_all(
    connection: sqlite3.Connection, room: str = "", since: float = 0.0
) -> Iterator[tuple[float, list[Message]]]:
    """The messages of `room`, or of all rooms if it is empty, that were said at `since` or later.

    Without what was deleted. They come in portions, each with the share of the file that has been
    read with it. Raises sqlite3.Error.
    """
    (last,) = connection.execute("SELECT ifnull(max(place), 0) FROM messages").fetchone()
    place = 0
    while place < last:
        rows = connection.execute(
            f"SELECT place, {COLUMNS} FROM messages WHERE place > ? AND place <= ?"
            " ORDER BY place LIMIT ?",
            (place, last, PORTION),
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
