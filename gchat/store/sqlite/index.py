"""The index of the history file: which messages have which pairs of characters in them.

SQLite's FTS5 keeps it. What FTS5 calls words are the grams of a folded text (text.folding), in
whatever script, so the index finds candidates for any part of a text; whether a candidate matches
is decided by its text. FTS5's own trigrams find nothing under three characters, in which Chinese
words are, and keep the marks.

The index is written later than the messages, since that takes several times as long. It covers the
messages from behind the place `indexed_from` up to `indexed`. New messages are entered first, then
those that were in the file before it had this index, the newest first.
"""

import json
import sqlite3
from collections.abc import Iterable
from functools import lru_cache

from gchat.store.base import Left
from gchat.store.sqlite.schema import transaction
from gchat.text.folding import folded, grams
from gchat.text.naming import name_key

SPOKEN = "kind IN ('say', 'action')"
"""As in message.SPOKEN."""

CHARACTERS = 32 * 1024
"""Characters of the messages that are entered at a time, but for the last one: some
milliseconds."""

MERGED = 16
"""Pages of the index, of 4 KiB, that are merged at a time."""

SENDER, ROOM = "\ue000", "\ue001"
"""What stands before a name or a room among the grams of a message."""

_SAFE = {code: 0xE100 + code for code in range(0x80) if not chr(code).isalnum()}
"""Letters for what FTS5's tokenizer `ascii` does not take for one."""

_NEXT = f"""
    SELECT json_group_array(json_array(place, {SPOKEN}, name, room, text)) FROM (
        SELECT *, sum(length(text)) OVER (ORDER BY place {{order}}) - length(text) AS before FROM (
            SELECT place, kind, name, room, text FROM messages WHERE place > ? AND place <= ?
            ORDER BY place {{order}} LIMIT ?
        ) ORDER BY place
    ) WHERE before < ?"""

_NEWEST, _OLDEST = _NEXT.format(order="DESC"), _NEXT.format(order="ASC")

_WRITE = "SELECT value ->> 0, value ->> 1 FROM json_each(?)"


@lru_cache(maxsize=4096)
def token(gram: str) -> str:
    """`gram` as the index has it. Those of a language are few, and each message has dozens."""
    return gram.translate(_SAFE)


def index(connection: sqlite3.Connection, most: int) -> Left:
    """Enter at most `most` more messages; returns how many are left. Raises sqlite3.Error."""
    first, last, end = _bounds(connection)
    if last < end:
        rows = _read(connection, _OLDEST, last, end, most)
        last = rows[-1][0] if rows else end
    elif first:
        rows = _read(connection, _NEWEST, 0, first, most)
        first = rows[0][0] - 1 if rows else 0
    else:
        return Left(0, 0)
    with transaction(connection):
        _write(connection, "INSERT INTO grams (rowid, grams_of)", rows)
        connection.execute("UPDATE state SET value = ? WHERE name = 'indexed'", (last,))
        connection.execute("UPDATE state SET value = ? WHERE name = 'indexed_from'", (first,))
    return Left(end - last, first)


def left(connection: sqlite3.Connection) -> Left:
    """Return how many messages are not indexed yet. Raises sqlite3.Error."""
    first, last, end = _bounds(connection)
    return Left(max(0, end - last), first)


def unindex(connection: sqlite3.Connection, which: str, values: tuple[object, ...]) -> None:
    """Take the messages out of the index of which the condition `which` holds, before they change.

    Messages that are not in it yet are left alone: taking these out would corrupt it. Raises
    sqlite3.Error.
    """
    first, last, _ = _bounds(connection)
    # +place keeps SQLite from using these bounds to find the messages.
    found = connection.execute(
        f"SELECT json_group_array(json_array(place, {SPOKEN}, name, room, text)) FROM messages"
        f" WHERE {SPOKEN} AND +place > {first} AND +place <= {last} AND {which}",
        values,
    ).fetchone()[0]
    if rows := json.loads(found):
        _write(connection, "INSERT INTO grams (grams, rowid, grams_of)", rows, "'delete',")
        connection.execute("UPDATE state SET value = value + 1 WHERE name = 'unmerged'")


def forget_end(connection: sqlite3.Connection) -> None:
    """Note that the last messages of the file may be gone: their places are given out again.

    Raises sqlite3.Error.
    """
    connection.execute(
        "UPDATE state SET value = min(value, (SELECT ifnull(max(place), 0) FROM messages))"
        " WHERE name IN ('indexed', 'indexed_from')"
    )


def merge(connection: sqlite3.Connection, first: bool) -> bool:
    """Write some of the index anew, without what was taken out of it; False if that is done.

    Until then the grams of what was deleted are still in the file. `first` is for the beginning:
    what is in the index then is merged. Raises sqlite3.Error.
    """
    before = connection.total_changes
    pages = -MERGED if first else MERGED
    connection.execute("INSERT INTO grams (grams, rank) VALUES ('merge', ?)", (pages,))
    return connection.total_changes - before > 1  # of which one is this statement's


def unmerged(connection: sqlite3.Connection) -> int:
    """How often something was taken out of the index since it was merged. Raises sqlite3.Error."""
    rows = connection.execute("SELECT value FROM state WHERE name = 'unmerged'")
    return int(rows.fetchone()[0])


def set_merged(connection: sqlite3.Connection, count: int) -> None:
    """What was taken out `count` times has been merged. Raises sqlite3.Error."""
    connection.execute("UPDATE state SET value = value - ? WHERE name = 'unmerged'", (count,))


def _bounds(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """The places behind which and up to which messages are indexed, and the last place."""
    rows = connection.execute(
        "SELECT (SELECT value FROM state WHERE name = 'indexed_from'),"
        " (SELECT value FROM state WHERE name = 'indexed'),"
        " (SELECT ifnull(max(place), 0) FROM messages)"
    )
    first, last, end = rows.fetchone()
    return int(first), int(last), int(end)


Row = tuple[int, bool, str, str, str]
"""Place, whether it is spoken, name, room and text of a message."""


def _read(connection: sqlite3.Connection, rows: str, above: int, upto: int, most: int) -> list[Row]:
    found = connection.execute(rows, (above, upto, most, CHARACTERS)).fetchone()[0]
    return list(json.loads(found))


def _write(
    connection: sqlite3.Connection, insertion: str, rows: Iterable[Row], command: str = ""
) -> None:
    written = [
        (place, _tokens(name, room, text))
        for place, is_spoken, name, room, text in rows
        if is_spoken
    ]
    select = _WRITE.replace("SELECT", f"SELECT {command}")
    connection.execute(f"{insertion} {select}", (json.dumps(written),))


def _tokens(name: str, room: str, text: str) -> str:
    """All tokens of a message, with blanks between them."""
    all_grams = {*grams(folded(text)), SENDER + name_key(name), ROOM + room}
    # The table has no letter for a blank that it would take for one between tokens.
    return " ".join(map(token, all_grams))
