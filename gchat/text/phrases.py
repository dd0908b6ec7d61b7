"""Numbers and lists in sentences: `1 message`, `2 messages`, `ann, bob and 3 others`."""

from collections.abc import Iterable
from itertools import islice

MAX_SHOWN = 72
"""Characters of a wrong number that a refusal repeats."""


class NotANumber(ValueError):
    """Why a text is not the number that it should be, as a clause that a person can read."""


def as_number(text: str, least: int, most: int) -> int:
    """`text` as a whole number in ASCII digits from `least` to `most`. Raises NotANumber."""
    # Reading a long one costs its length squared, so it must not be tried.
    is_short = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    if not (is_short and least <= int(text) <= most):
        raise NotANumber(f"{text[:MAX_SHOWN]!r} is not a number from {least} to {most}")
    return int(text)


def counted(count: int, noun: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listing(names: Iterable[str], total: int, most: int) -> str:
    """`ann`, `ann and bob`, `ann, bob and 310 others`: about `most` of the `total` names.

    Takes no more of `names` than it shows. Empty if there are none.
    """
    # "and 1 other" would be no shorter than the name.
    shown = list(islice(names, total if total <= most + 1 else most))
    if len(shown) < total:
        shown.append(counted(total - len(shown), "other"))
    *first, last = shown or [""]
    return f"{', '.join(first)} and {last}" if first else last
