"""Numbers and lists in sentences: `1 message`, `2 messages`, `ann, bob and 3 others`."""

from collections.abc import Iterable
from itertools import islice

MAX_SHOWN = 72
"""Characters of a wrong number that a refusal repeats: it fits on a line of a terminal."""


class NotANumber(ValueError):
    """Why a text is not a number in the allowed range, as a clause for users."""


def as_number(text: str, least: int, most: int) -> int:
    """Read a whole number from `least` to `most`, in ASCII digits. Raises NotANumber."""
    # int() is quadratic in the length, so long texts must not be tried.
    is_short = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    if not (is_short and least <= int(text) <= most):
        raise NotANumber(f"{text[:MAX_SHOWN]!r} is not a number from {least} to {most}")
    return int(text)


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 message`, `2 messages`; `plural` is for nouns that take more than an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {plural or noun + 's'}"


def listing(names: Iterable[str], total: int, most: int) -> str:
    """Join names: `ann`, `ann and bob`, `ann, bob and 310 others`; empty if there are none.

    Shows `most` of the `total` names, or all if one more is enough. Takes no more of `names` than
    it shows.
    """
    # "and 1 other" is no shorter than the name.
    shown = list(islice(names, total if total <= most + 1 else most))
    if len(shown) < total:
        shown.append(counted(total - len(shown), "other"))
    *first, last = shown or [""]
    return f"{', '.join(first)} and {last}" if first else last


def because(why: str) -> str:
    """`: flooding`; empty if no reason was given."""
    return f": {why}" if why else ""


def by_whom(name: str, term: str, why: str) -> str:
    """`by ann for 2 h: flooding`; `term` and `why` may be empty."""
    return f"by {name}{f' {term}' if term else ''}{because(why)}"
