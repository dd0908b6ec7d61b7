"""Queries of /find in a history file: words, phrases, sender, room and time."""

import re
from datetime import tzinfo
from typing import NamedTuple

from gchat.text.clock import past
from gchat.text.naming import name_key

MAX_TERMS = 20
"""Words and phrases in a query: each costs one more index lookup."""

MAX_BEGINNINGS = 3
"""Terms like `dep*` in a query. SQLite looks up all messages with a word that begins so before it
can be interrupted: twenty terms of one letter took 8 s among 500,000 messages."""

MIN_BEGINNING = 2
"""Letters of such a term in ASCII: nearly all messages have a word with any one letter."""

_PART = re.compile(r'(?:(from|in|since):)?("[^"]*"?|\S+)', re.IGNORECASE)
_WORDS = re.compile(r"[^\W_]")


class NotAQuery(ValueError):
    """Why a text is not a query, as a sentence for users."""


class Query(NamedTuple):
    """Conditions that a message must meet, all of them."""

    terms: tuple[str, ...] = ()
    """Words and phrases; a term that ends with `*` is the beginning of a word."""
    sender: str = ""
    """The key of a name (text.naming.name_key); anybody if it is empty."""
    room: str = ""
    """The name of a room; any room if it is empty."""
    since: float = 0.0
    """The earliest time, in seconds since the epoch."""


def read_query(typed: str, now: float, zone: tzinfo | None) -> Query:
    """Read a query: `deploy "that was it" err* from:ann in:builds since:2d`.

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
                raise NotAQuery(f"“{value}” is not a time like 10m, 2h, 1d or 14:30")
            query = query._replace(since=begin)
        elif _WORDS.search(value):
            terms.append(value)
    _check_beginnings([term.rstrip("*") for term in terms if term.endswith("*")])
    if len(terms) > MAX_TERMS:
        raise NotAQuery(f"Too many words ({len(terms)}, limit {MAX_TERMS})")
    query = query._replace(terms=tuple(terms))
    if query == Query() or (query.sender and not _WORDS.search(query.sender)):
        raise NotAQuery("Type at least one word to search for")
    return query


def _check_beginnings(beginnings: list[str]) -> None:
    """Raises NotAQuery if `beginnings` of words take too long to look up."""
    if len(beginnings) > MAX_BEGINNINGS:
        raise NotAQuery(
            f"Too many beginnings of words ({len(beginnings)}, limit {MAX_BEGINNINGS}); type some "
            "of them in full"
        )
    for beginning in beginnings:
        letters = "".join(filter(str.isalnum, beginning))
        if letters.isascii() and len(letters) < MIN_BEGINNING:
            raise NotAQuery(f"“{beginning}*” is too short (at least {MIN_BEGINNING} letters)")
