"""Searching the history file: messages that may match a query, by the index."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from math import inf

from gchat.model.message import Message
from gchat.store.errors import TookTooLong
from gchat.store.sqlite.index import ROOM, SENDER, SPOKEN, token
from gchat.store.sqlite.messages import COLUMNS
from gchat.text.folding import folded, grams
from gchat.text.query import Query

PATIENCE = 1.0
"""Seconds that one statement may take: others that search wait meanwhile."""

STEPS = 1000
"""Of SQLite's machine, between two looks at the clock meanwhile."""

SAMPLE = 500
"""Messages from which it is guessed how frequent grams are."""

SAMPLED_CHARACTERS = 200
"""Characters of each of these, at most."""

LEAST_GRAMS, MOST_GRAMS = 3, 5
"""Grams that are looked up, the rarest ones. The index goes through all messages with any of them;
the fewer grams, the more candidates that do not match. Among a million lines of text, words took
45 ms at the 99th percentile with three grams, 57 ms with four, 165 ms with all."""

RARE_ENOUGH = 1e-3
"""Guessed share of the messages that have all grams, below which there is no use in another one."""

_MAY_CONTAIN = "(instr(lower(text), ?) OR text GLOB '*[^\x01-\x7f]*')"
"""Whether a text may contain a term in ASCII when it is folded. SQLite folds ASCII only."""

_SAMPLE = f"""
    SELECT json_group_array(json_array(name, room, substr(text, 1, {SAMPLED_CHARACTERS})))
    FROM json_each(?) CROSS JOIN messages ON place = value WHERE {SPOKEN}"""

Hits = list[tuple[int, Message]]


def sample(connection: sqlite3.Connection) -> tuple[int, Counter[str]]:
    """Count in how many of SAMPLE messages, all over the file, each gram is.

    Returns the last place in the file, and the counts. Raises sqlite3.Error.
    """
    first, last = connection.execute(
        "SELECT (SELECT min(place) FROM messages), (SELECT max(place) FROM messages)"
    ).fetchone()
    counts = Counter[str]()
    if last is None:
        return 0, counts
    step = max(1, (last - first) // SAMPLE)
    places = json.dumps([*range(last, first - 1, -step)][:SAMPLE])
    (found,) = connection.execute(_SAMPLE, (places,)).fetchone()
    for name, room, text in json.loads(found):
        counts.update((*grams(folded(text)), SENDER + name, ROOM + room))
    return last, counts


def rarest(query: Query, counts: Counter[str]) -> list[str]:
    """Choose grams to look up for `query`; none if it has none, as with a single letter."""
    wanted = set().union(*map(grams, query.terms))
    if query.sender:
        wanted.add(SENDER + query.sender)
    if query.room:
        wanted.add(ROOM + query.room)
    chosen, share = list[str](), 1.0
    for gram in sorted(wanted, key=lambda gram: (counts[gram], gram)):
        if len(chosen) == MOST_GRAMS or (len(chosen) >= LEAST_GRAMS and share < RARE_ENOUGH):
            break
        chosen.append(gram)
        share *= (counts[gram] + 1) / SAMPLE
    return chosen


def find(
    connection: sqlite3.Connection,
    query: Query,
    chosen: Sequence[str],
    above: int,
    before: int,
    count: int,
) -> str:
    """The last messages between the places `above` and `before` that may match `query`.

    At most `count`, the newest first, as JSON for `decode_hits`. `chosen` are grams of the query.
    Raises TookTooLong and sqlite3.Error.
    """
    place, source = "messages.place", "messages"
    if chosen:
        # In the order of the index, which comes first: hits are not collected to be sorted.
        place, source = "grams.rowid", "grams CROSS JOIN messages ON messages.place = grams.rowid"
    conditions = [f"{place} > ?", f"{place} < ?", SPOKEN]
    values: list[object] = [above, before]
    if chosen:
        conditions.append("grams MATCH ?")
        values.append(" AND ".join(f'"{token(gram)}"' for gram in chosen))
    for term in filter(str.isascii, query.terms):
        conditions.append(_MAY_CONTAIN)
        values.append(term)
    rows = f"SELECT * FROM {source} WHERE {' AND '.join(conditions)} ORDER BY {place} DESC LIMIT ?"
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


def decode_hits(found: str) -> Hits:
    """What `find` has found: places in the file, and messages."""
    return [(place, Message(*fields)) for place, *fields in json.loads(found)]


def places_between(connection: sqlite3.Connection, since: float, before: float) -> tuple[int, int]:
    """The places between which lies what was said at `since` or later, and before `before`.

    Both are outside. Raises sqlite3.Error.
    """
    above = _first_at(connection, since) if since else 0
    last = connection.execute("SELECT ifnull(max(place), 0) FROM messages").fetchone()[0]
    return above, (last if before == inf else _first_at(connection, before)) + 1


def _first_at(connection: sqlite3.Connection, since: float) -> int:
    """The place behind which lies what was said at `since` or later: times grow with places."""
    low = 0
    (high,) = connection.execute("SELECT ifnull(max(place), 0) FROM messages").fetchone()
    while low < high:
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
    return int(low)
