"""Queries of /find: parts of texts, sender, room and time; and whether a message matches one."""

import re
from collections.abc import Callable
from datetime import tzinfo
from functools import lru_cache
from itertools import takewhile
from math import inf
from typing import NamedTuple

from gchat.text.folding import folded
from gchat.text.naming import name_key
from gchat.text.times import DAYS, FORMS, day, past

MAX_TERMS = 20
"""Words and phrases in a query: each is looked for in every candidate."""

_PART = re.compile(r'(?:(from|in|since|before|on):)?("[^"]*"?|\S+)', re.IGNORECASE)

TIME_WORDS = 4
"""Words that a time may have: `2 h 5 min`, `monday at 2 pm`."""

_key = lru_cache(1024)(name_key)


class NotAQuery(ValueError):
    """Why a text is not a query, as a sentence for users."""


class Query(NamedTuple):
    """Conditions that a message must meet, all of them."""

    terms: tuple[str, ...] = ()
    """Texts, folded (text.folding), each of which is somewhere in the message."""
    sender: str = ""
    """The key of a name (text.naming.name_key); anybody if it is empty."""
    room: str = ""
    """The name of a room; any room if it is empty."""
    since: float = 0.0
    """The earliest time, in seconds since the epoch."""
    before: float = inf
    """The time before which the message was sent, likewise."""

    def matches(self, time: float, room: str, name: str, text: str) -> bool:
        """Whether a message meets the conditions: its time, room, sender's name, and text."""
        terms, sender, wanted_room, since, before = self
        if terms:
            inside = text.lower() if text.isascii() else folded(text)  # nearly all are
            for term in terms:
                if term not in inside:
                    return False
        if not since <= time < before or wanted_room not in ("", room):
            return False
        return not sender or _key(name) == sender


class _Part(NamedTuple):
    """A word, a phrase, or a field of a query."""

    field: str
    """`since` of `since:2h`; empty for what is looked for in texts."""
    value: str
    is_quoted: bool


def read_query(typed: str, now: float, zone: tzinfo | None) -> Query:
    """Read a query: `deploy "that was it" from:ann in:builds since:2 days before:yesterday`.

    Raises NotAQuery.
    """
    terms, query = list[str](), Query()
    for field, value, is_quoted in _parts(typed, now, zone):
        if field == "from":
            query = query._replace(sender=name_key(value))
        elif field == "in":
            query = query._replace(room=name_key(value.removeprefix("#")))
        elif field:
            query = _narrowed(query, field, value, now, zone)
        else:
            terms.append(folded(value if is_quoted else _without_star(value)))
    if len(terms) > MAX_TERMS:
        raise NotAQuery(f"Too many words ({len(terms)}, limit {MAX_TERMS})")
    query = query._replace(terms=tuple(dict.fromkeys(filter(None, map(str.strip, terms)))))
    if query == Query():
        raise NotAQuery("Type at least one word to search for")
    return query


def typed_terms(typed: str, now: float, zone: tzinfo | None) -> list[str]:
    """The words and phrases in a query, as they were typed."""
    return [part.value for part in _parts(typed, now, zone) if not part.field]


def _parts(typed: str, now: float, zone: tzinfo | None) -> list[_Part]:
    """Split a query. The time behind `since:` may have blanks without quotes: it is the longest."""
    found = [
        _Part((each[1] or "").lower(), each[2].strip('"'), each[2].startswith('"'))
        for each in _PART.finditer(typed)
    ]
    parts = list[_Part]()
    while found:
        part = found.pop(0)
        if part.field in _TIMES and not part.is_quoted:
            read = _TIMES[part.field]
            plain = [*takewhile(_is_plain, found[: TIME_WORDS - 1])]
            for count in range(len(plain), 0, -1):
                value = " ".join([part.value, *(each.value for each in plain[:count])])
                if read(value, now, zone) is not None:
                    part = part._replace(value=value)
                    del found[:count]
                    break
        parts.append(part)
    return parts


def _is_plain(part: _Part) -> bool:
    return not (part.field or part.is_quoted)


def _narrowed(query: Query, field: str, value: str, now: float, zone: tzinfo | None) -> Query:
    """`query` with the condition `field:value` about the time. Raises NotAQuery."""
    if field == "on":
        if (found := day(value, now, zone)) is None:
            raise NotAQuery(f"“{value}” is not a day; on: takes {DAYS}")
        begin, end = found
        return query._replace(since=max(query.since, begin), before=min(query.before, end))
    if (time := past(value, now, zone)) is None:
        raise NotAQuery(f"“{value}” is not a time; {field}: takes {FORMS}")
    if field == "since":
        return query._replace(since=max(query.since, time))
    return query._replace(before=min(query.before, time))


def _without_star(word: str) -> str:
    """`word` without the star of other programs behind a beginning, `dep*`: any part is found."""
    return word[:-1] if len(word) > 1 and word.endswith("*") and word[-2].isalnum() else word


_TIMES: dict[str, Callable[[str, float, tzinfo | None], object]] = {
    "since": past,
    "before": past,
    "on": day,
}
"""What reads the value of a field that is a time."""
