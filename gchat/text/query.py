"""What /find is asked for in a history file: words, phrases, by whom, where, since when."""

import re
from datetime import tzinfo
from typing import NamedTuple

from gchat.text.clock import past
from gchat.text.naming import name_key

MAX_TERMS = 20
"""Words and phrases: each is one more list that is gone through."""

_PART = re.compile(r'(?:(from|in|since):)?("[^"]*"?|\S+)', re.IGNORECASE)
_WORDS = re.compile(r"[^\W_]")


class NotAQuery(ValueError):
    """Why nothing can be looked for, as a clause that a person can read."""


class Query(NamedTuple):
    """What a message must have; all of it."""

    terms: tuple[str, ...] = ()
    """Words and phrases; one that ends with `*` is the beginning of a word."""
    sender: str = ""
    """The key of a name (see text.name_key); anybody if it is empty."""
    room: str = ""
    """A room's name; any if it is empty."""
    since: float = 0.0
    """Seconds since the epoch."""


def read_query(typed: str, now: float, zone: tzinfo | None) -> Query:
    """What `typed` means: `deploy "that was it" err* from:ann in:builds since:2d`.

    Raises NotAQuery.
    """
    terms, query = list[str](), Query()
    for found in _PART.finditer(typed):
        field, value = (found[1] or "").lower(), found[2].strip('"')
        if field == "from":
            query = query._replace(sender=name_key(value))
        elif field == "in":
            query = query._replace(room=name_key(value.removeprefix("#")))
        elif field == "since":
            begin = past(value, now, zone)
            if begin is None:
                raise NotAQuery(f"“{value}” is no time, as 10m, 2h, 1d or 14:30 are")
            query = query._replace(since=begin)
        elif _WORDS.search(value):
            terms.append(value)
    if len(terms) > MAX_TERMS:
        raise NotAQuery(f"it has {len(terms)} words, and {MAX_TERMS} are the most")
    query = query._replace(terms=tuple(terms))
    if query == Query() or (query.sender and not _WORDS.search(query.sender)):
        raise NotAQuery("there is no word in it")
    return query
