"""The index of words in the history file, and what is found with it.

It is written later than the messages: that takes five times as long as to write these.
"""

import json
import sqlite3
import time

from gchat.model.message import Message
from gchat.store.errors import TookTooLong
from gchat.store.sqlite.messages import COLUMNS
from gchat.store.sqlite.schema import transaction
from gchat.text.query import Query

PATIENCE = 1.0
"""Seconds that may be spent to find something: others that search wait meanwhile."""

STEPS = 1000
"""Of SQLite's machine, between two looks at the clock meanwhile."""

SPOKEN = "kind IN ('say', 'action')"
"""As in message.SPOKEN."""


MERGED = 16
"""Pages of the index, of 4 KiB, that are merged at a time."""


def index(connection: sqlite3.Connection, most: int) -> int:
    """Enter at most `most` more messages; returns how many are left. Raises sqlite3.Error."""
    with transaction(connection):
        (done,) = connection.execute("SELECT value FROM state WHERE name = 'indexed'").fetchone()
        (last,) = connection.execute("SELECT ifnull(max(place), 0) FROM messages").fetchone()
        end = min(last, done + most)
        if end > done:
            connection.execute(
                "INSERT INTO words (rowid, name, text) SELECT place, name, text FROM messages"
                f" WHERE place > ? AND place <= ? AND {SPOKEN}",
                (done, end),
            )
            connection.execute("UPDATE state SET value = ? WHERE name = 'indexed'", (end,))
    return max(0, int(last - end))


def merge(connection: sqlite3.Connection, first: bool) -> bool:
    """Write some of the index anew, without what was taken out of it; False if that is done.

    Until then the words of what was deleted are still in the file. `first` is for the beginning:
    what is in the index then is merged. Raises sqlite3.Error.
    """
    before = connection.total_changes
    pages = -MERGED if first else MERGED
    connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
    return connection.total_changes - before > 1  # of which one is this statement's


def unmerged(connection: sqlite3.Connection) -> int:
    """How often something was taken out of the index since it was merged. Raises sqlite3.Error."""
    rows = connection.execute("SELECT value FROM state WHERE name = 'unmerged'")
    return int(rows.fetchone()[0])


def set_merged(connection: sqlite3.Connection, count: int) -> None:
    """What was taken out `count` times has been merged. Raises sqlite3.Error."""
    connection.execute("UPDATE state SET value = value - ? WHERE name = 'unmerged'", (count,))


def find(connection: sqlite3.Connection, query: Query, before: int, count: int) -> str:
    """The last messages that `query` matches, before the place `before`, for `decode_hits`.

    At most `count`, the newest first. Raises TookTooLong and sqlite3.Error.
    """
    place, source = "messages.place", "messages"
    match = matching(query)
    if match:
        # In the order of the index, which comes first: hits are not collected to be sorted.
        place, source = "words.rowid", "words CROSS JOIN messages ON messages.place = words.rowid"
    conditions = [f"{place} > ?", f"{place} < ?", SPOKEN]
    values: list[object] = [_first_place(connection, query.since), before]
    if query.room:
        conditions.append("+room = ?")  # not by the index of rooms, for the same reason
        values.append(query.room)
    if match:
        conditions.append("words MATCH ?")
        values.append(match)
    rows = (
        "SELECT messages.place, id, spoken, time, room, kind, sender, messages.name, messages.text"
        f" FROM {source} WHERE {' AND '.join(conditions)} ORDER BY {place} DESC LIMIT ?"
    )
    end = time.monotonic() + PATIENCE
    connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        found = connection.execute(
            f"SELECT json_group_array(json_array(place, {COLUMNS})) FROM ({rows})", [*values, count]
        )
        return str(found.fetchone()[0])
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise TookTooLong from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


def matching(query: Query) -> str:
    """The terms and the sender of `query` in FTS5's language; empty if it has neither.

    Each is a string of its own in there, so that nothing that is typed means anything.
    """
    terms = [f"text : {_quoted(term)}" for term in query.terms]
    if query.sender:
        terms.append(f"name : {_quoted(query.sender)}")
    return " AND ".join(terms)


def _quoted(term: str) -> str:
    word = term.rstrip("*")
    return '"' + word.replace('"', '""') + '"' + (" *" if word != term else "")


def _first_place(connection: sqlite3.Connection, since: float) -> int:
    """The place behind which lies what was said at `since` or later: times grow with places."""
    low = 0
    (high,) = connection.execute("SELECT ifnull(max(place), 0) FROM messages").fetchone()
    while since and low < high:
        middle = (low + high) // 2 + 1
        found = connection.execute(
            "SELECT place, time >= ? FROM messages WHERE place >= ? ORDER BY place LIMIT 1",
            (since, middle),
        )
        place, enough = found.fetchone()
        if enough:
            high = middle - 1
        else:
            low = place
    return low


def decode_hits(found: str) -> list[tuple[int, Message]]:
    """What `find` has found: places in the file, and messages."""
    return [(place, Message(*fields)) for place, *fields in json.loads(found)]
