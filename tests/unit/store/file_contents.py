"""What a history file holds: messages, what is found in it, and what is in its index."""

import sqlite3

from gchat.store.sqlite import index, messages, searching
from gchat.store.sqlite.messages import decode
from gchat.store.sqlite.searching import decode_hits
from gchat.text.query import read_query

LAST = 2**62


def kept(file: sqlite3.Connection, room: str = "lobby") -> list[tuple[int, str, str]]:
    found = decode(messages.after(file, room, 0, LAST, 10_000, LAST))
    return [(message.id, message.kind, message.text) for message in found]


def ids(file: sqlite3.Connection, room: str = "lobby") -> list[int]:
    return [number for number, _, _ in kept(file, room)]


def found(file: sqlite3.Connection, typed: str) -> list[int]:
    query = read_query(typed, 2000.0, None)
    chosen = searching.rarest(query, searching.sample(file)[1])
    hits = decode_hits(searching.find(file, query, chosen, 0, LAST, 10_000))
    return [hit.id for _, hit in hits if query.matches(hit.time, hit.room, hit.name, hit.text)]


def indexed(file: sqlite3.Connection) -> list[object]:
    """All that is in the index: grams and where they stand."""
    file.execute("CREATE VIRTUAL TABLE temp.inside USING fts5vocab(main, grams, instance)")
    try:
        return file.execute("SELECT * FROM temp.inside ORDER BY term, doc, col, offset").fetchall()
    finally:
        file.execute("DROP TABLE temp.inside")


def made_anew(file: sqlite3.Connection) -> list[object]:
    """What the index would hold if it were made of what is there now."""
    file.execute("SAVEPOINT before")
    try:
        first, last, _ = index._bounds(file)
        said = file.execute(
            f"SELECT place, 1, name, room, text FROM messages WHERE {index.SPOKEN}"
            " AND place > ? AND place <= ?",
            (first, last),
        ).fetchall()
        file.execute("INSERT INTO grams (grams) VALUES ('delete-all')")
        index._write(file, "INSERT INTO grams (rowid, grams_of)", said)
        return indexed(file)
    finally:
        file.execute("ROLLBACK TO before")
        file.execute("RELEASE before")
