"""The rooms' topics in the history file."""

import sqlite3

from gchat.model.message import Topic


def write(connection: sqlite3.Connection, room: str, topic: Topic | None) -> None:
    """Save the topic of `room`, or delete it if it is None. Raises sqlite3.Error."""
    if topic is None:
        connection.execute("DELETE FROM topics WHERE room = ?", (room,))
    else:
        connection.execute("REPLACE INTO topics VALUES (?, ?, ?, ?)", (room, *topic))


def read(connection: sqlite3.Connection, room: str) -> Topic | None:
    """Read the topic of `room`; None if it has none. Raises sqlite3.Error."""
    rows = connection.execute("SELECT text, sender, name FROM topics WHERE room = ?", (room,))
    row = rows.fetchone()
    return Topic(*row) if row else None
