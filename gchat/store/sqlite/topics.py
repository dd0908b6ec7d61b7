"""The rooms' topics in the history file."""

import sqlite3

from gchat.model.message import Topic


def write(connection: sqlite3.Connection, room: str, topic: Topic | None) -> None:
    """Write what `room` is about, in place of what it was before. Raises sqlite3.Error."""
    if topic is None:
        connection.execute("DELETE FROM topics WHERE room = ?", (room,))
    else:
        connection.execute("REPLACE INTO topics VALUES (?, ?, ?, ?)", (room, *topic))


def read(connection: sqlite3.Connection, room: str) -> Topic | None:
    """What `room` is about; None if nobody has said that. Raises sqlite3.Error."""
    rows = connection.execute("SELECT text, sender, name FROM topics WHERE room = ?", (room,))
    row = rows.fetchone()
    return Topic(*row) if row else None
