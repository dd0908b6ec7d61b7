"""Bans and mutes in the history file: all that hold are written whenever one is changed."""

import json
import sqlite3
from collections.abc import Mapping

from gchat.model.sanctions import Sanction
from gchat.store.directory import Sanctions
from gchat.store.sqlite.schema import transaction
from gchat.text.addresses import Network, parse_network


def write(connection: sqlite3.Connection, held: Mapping[str, Sanctions]) -> None:
    """Write those that hold, by their kind, in place of those before. Raises sqlite3.Error."""
    rows = [
        (kind, str(network), *sanction)
        for kind, sanctions in held.items()
        for network, sanction in sanctions.items()
    ]
    with transaction(connection):
        connection.execute("DELETE FROM sanctions")
        connection.execute(
            "INSERT INTO sanctions (kind, network, by, why, until)"
            " SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4"
            " FROM json_each(?) ORDER BY key",
            (json.dumps(rows),),
        )


def read(connection: sqlite3.Connection, kind: str) -> dict[Network, Sanction]:
    """The sanctions of one kind, in the order in which they were imposed. Raises sqlite3.Error.

    A file of an older server may have networks in other forms than those that are looked up.
    """
    rows = connection.execute(
        "SELECT network, by, why, until FROM sanctions WHERE kind = ? ORDER BY rowid", (kind,)
    )
    return {parse_network(network): Sanction(*fields) for network, *fields in rows}
