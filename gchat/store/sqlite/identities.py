"""Identities in the history file.

They are read and written as JSON, in one step of SQLite's: messages.py says why.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence

from gchat.model.identities import Identity
from gchat.store.identity_records import identity_from, places_of, record_of
from gchat.store.sqlite.schema import transaction

COLUMNS = "number, digest, network, name, seen, state"

_WRITE = f"""
    INSERT OR REPLACE INTO identities ({COLUMNS})
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
    FROM json_each(?)"""

_SEE = """
    UPDATE identities SET seen = value ->> 1 FROM json_each(?)
    WHERE number = value ->> 0 AND seen <> value ->> 1"""

_LEAVE = """
    DELETE FROM places WHERE number IN (SELECT value ->> 0 FROM json_each(?))"""

_MOVE = """
    INSERT OR REPLACE INTO places (number, rank, room, epoch, id, spoken, own_ahead)
    SELECT value ->> 0, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
    FROM json_each(?) WHERE EXISTS (SELECT 1 FROM identities WHERE number = value ->> 0)"""
"""An identity that was forgotten meanwhile has no place any more."""

_READ = f"""
    SELECT json_group_array(json_array({COLUMNS}, (
        SELECT json_group_array(json_array(room, epoch, id, spoken, own_ahead)) FROM (
            SELECT * FROM places WHERE places.number = identities.number ORDER BY rank
        )
    ))) FROM (SELECT * FROM identities ORDER BY seen) AS identities"""


def encode(identities: Iterable[Identity]) -> str:
    """Encode identities as the JSON that `write` stores."""
    return json.dumps([record_of(identity) for identity in identities])


def encode_places(identities: Iterable[Identity]) -> str:
    """Encode the places of identities for `write`: there are thousands a second."""
    return json.dumps(
        [
            (each.number, each.seen, rank, *place)
            for each in identities
            for rank, place in enumerate(places_of(each))
        ]
    )


def write(
    connection: sqlite3.Connection, changed: str, moved: str, forgotten: Sequence[int]
) -> None:
    """Write `changed` identities, the places of `moved` ones, and delete `forgotten` ones.

    `changed` comes from `encode`, `moved` from `encode_places` and has the places of those that
    have changed as well. `forgotten` are numbers, whose direct messages are deleted as well. Raises
    sqlite3.Error; then nothing is written.
    """
    with transaction(connection):
        if forgotten:
            gone = json.dumps(forgotten)
            for table in ("identities", "places", "privates"):
                connection.execute(
                    f"DELETE FROM {table} WHERE number IN (SELECT value FROM json_each(?))", (gone,)
                )
        connection.execute(_WRITE, (changed,))
        connection.execute(_LEAVE, (changed,))
        connection.execute(_SEE, (moved,))
        connection.execute(_MOVE, (moved,))


def delete_others(connection: sqlite3.Connection, known: Callable[[], Collection[int]]) -> None:
    """Delete all identities, with their direct messages, but those of the numbers in `known`.

    Raises sqlite3.Error; then nothing is deleted.
    """
    with transaction(connection):
        kept = json.dumps([*known()])
        for table in ("identities", "places", "privates"):
            connection.execute(
                f"DELETE FROM {table} WHERE number NOT IN (SELECT value FROM json_each(?))", (kept,)
            )


def read(connection: sqlite3.Connection) -> list[Identity]:
    """Read all identities, those last seen longest ago first. Raises sqlite3.Error."""
    return [identity_from(*row) for row in json.loads(connection.execute(_READ).fetchone()[0])]
