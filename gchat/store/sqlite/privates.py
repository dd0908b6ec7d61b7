"""Direct messages in the history file, for identities that have not got them yet.

They are read and written as JSON, in one step of SQLite's: messages.py says why.
"""

import json
import sqlite3
from collections.abc import Sequence

from gchat.model.message import Private
from gchat.store.sqlite.schema import transaction

PRIVATE_BYTES = 64
"""Bytes that a direct message takes in the file besides its text."""

_WRITE = """
    INSERT OR REPLACE INTO privates (number, time, name, recipient, text, place)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
    FROM json_each(?)"""

_DELETE = "DELETE FROM privates WHERE place IN (SELECT value FROM json_each(?))"

_READ = """
    SELECT json_group_array(json_array(time, name, recipient, text, place)) FROM (
        SELECT * FROM privates WHERE number = ? ORDER BY place
    )"""

_SIZE = """
    SELECT coalesce(sum(length(CAST(text AS BLOB)) + ?), 0) FROM privates WHERE number = ?"""


def keep(connection: sqlite3.Connection, owner: int, private: Private, most: int) -> bool:
    """Keep `private` for the identity with the number `owner`.

    False if more than `most` bytes are kept for it already. Raises sqlite3.Error.
    """
    if connection.execute(_SIZE, (PRIVATE_BYTES, owner)).fetchone()[0] > most:
        return False
    write(connection, [(owner, private)], [])
    return True


def write(
    connection: sqlite3.Connection, kept: Sequence[tuple[int, Private]], gone: Sequence[int]
) -> None:
    """Keep direct messages, each for the identity with a number, and delete those that are `gone`.

    `gone` are their own numbers. Raises sqlite3.Error; then nothing is written.
    """
    with transaction(connection):
        connection.execute(_DELETE, (json.dumps(gone),))
        connection.execute(_WRITE, (json.dumps([(owner, *private) for owner, private in kept]),))


def read(connection: sqlite3.Connection, owner: int) -> list[Private]:
    """Read what is kept for the identity with the number `owner`. Raises sqlite3.Error."""
    (found,) = connection.execute(_READ, (owner,)).fetchone()
    return [Private(*fields) for fields in json.loads(found)]


def end(connection: sqlite3.Connection) -> int:
    """Find the highest number of a direct message that is kept. Raises sqlite3.Error."""
    last: int = connection.execute("SELECT coalesce(max(place), 0) FROM privates").fetchone()[0]
    return last
