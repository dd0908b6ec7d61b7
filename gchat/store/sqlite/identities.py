"""Identities in the history file, and the direct messages that are kept for them.

They are read and written as JSON, in one step of SQLite's: messages.py says why.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from gchat.model.display import Display
from gchat.model.identities import Identity
from gchat.model.message import Private
from gchat.model.room_log import Cursor
from gchat.model.sanctions import Sanction
from gchat.store.sqlite.schema import transaction

PRIVATE_BYTES = 64
"""Bytes that a direct message takes in the file besides its text."""

COLUMNS = "number, digest, network, name, seen, room, id, spoken, own_ahead, state"

_WRITE = f"""
    INSERT OR REPLACE INTO identities ({COLUMNS})
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
        value ->> 6, value ->> 7, value ->> 8, value ->> 9
    FROM json_each(?)"""

_MOVE = """
    UPDATE identities
    SET id = value ->> 1, spoken = value ->> 2, own_ahead = value ->> 3, seen = value ->> 4
    FROM json_each(?) WHERE number = value ->> 0"""

_READ = f"""
    SELECT json_group_array(json_array({COLUMNS})) FROM (
        SELECT * FROM identities ORDER BY seen
    )"""

_TAKE = """
    SELECT json_group_array(json_array(time, name, recipient, text)) FROM (
        SELECT * FROM privates WHERE number = ? ORDER BY place
    )"""


def encode(identities: Iterable[Identity]) -> str:
    """Encode identities as the JSON that `write` stores."""
    return json.dumps([_row(identity) for identity in identities])


def encode_places(identities: Iterable[Identity]) -> str:
    """Encode the cursors of identities for `write`: fast, since there are thousands a second."""
    places = (
        f"[{each.number},{each.place.id},{each.place.spoken},{each.own_ahead},{each.seen}]"
        for each in identities
    )
    return f"[{','.join(places)}]"


def write(
    connection: sqlite3.Connection, changed: str, moved: str, forgotten: Sequence[int]
) -> None:
    """Write `changed` identities, the cursors of `moved` ones, and delete `forgotten` ones.

    `changed` comes from `encode`, `moved` from `encode_places`, and `forgotten` are numbers, whose
    direct messages are deleted as well. Raises sqlite3.Error; then nothing is written.
    """
    with transaction(connection):
        if forgotten:
            gone = json.dumps(forgotten)
            for table in ("identities", "privates"):
                connection.execute(
                    f"DELETE FROM {table} WHERE number IN (SELECT value FROM json_each(?))", (gone,)
                )
        connection.execute(_WRITE, (changed,))
        connection.execute(_MOVE, (moved,))


def read(connection: sqlite3.Connection) -> list[Identity]:
    """Read all identities, those last seen longest ago first. Raises sqlite3.Error."""
    return [_identity(*row) for row in json.loads(connection.execute(_READ).fetchone()[0])]


def keep(
    connection: sqlite3.Connection,
    number: int,
    privates: Sequence[Private],
    most: float = inf,
) -> bool:
    """Keep direct messages for the identity with this number.

    False if more than `most` bytes are kept for it already. Raises sqlite3.Error.
    """
    rows = connection.execute(
        "SELECT coalesce(sum(length(CAST(text AS BLOB)) + ?), 0) FROM privates WHERE number = ?",
        (PRIVATE_BYTES, number),
    )
    if rows.fetchone()[0] > most:
        return False
    connection.execute(
        "INSERT INTO privates (number, time, name, recipient, text)"
        " SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
        (number, json.dumps(privates)),
    )
    return True


def take(connection: sqlite3.Connection, number: int) -> list[Private]:
    """Remove and return the direct messages kept for an identity. Raises sqlite3.Error."""
    with transaction(connection):
        (found,) = connection.execute(_TAKE, (number,)).fetchone()
        connection.execute("DELETE FROM privates WHERE number = ?", (number,))
    return [Private(*fields) for fields in json.loads(found)]


def _row(identity: Identity) -> list[Any]:
    display = identity.display
    state = {
        "look": display._replace(zone=None)._asdict(),
        "zone": str(display.zone) if display.zone else "",
        "ignored": identity.ignored,
        "person": identity.person,
        "rings": identity.rings,
        "muted": identity.muted,
        "correspondent": identity.correspondent,
    }
    return [
        identity.number,
        identity.digest,
        str(identity.network),
        identity.name,
        identity.seen,
        identity.room,
        *identity.place,
        identity.own_ahead,
        json.dumps(state),
    ]


def _identity(
    number: int,
    digest: str,
    network: str,
    name: str,
    seen: float,
    room: str,
    last: int,
    spoken: int,
    own_ahead: int,
    state: str,
) -> Identity:
    fields = json.loads(state)
    display, zone, muted = fields.pop("look"), fields.pop("zone"), fields.pop("muted")
    identity = Identity(
        number,
        digest,
        ip_network(network),
        name,
        seen,
        room,
        Cursor(last, spoken),
        own_ahead,
        **fields,
    )
    identity.display = Display(**display)._replace(zone=ZoneInfo(zone) if zone else None)
    identity.muted = Sanction(*muted) if muted else None
    return identity
