"""Whose name is said."""

import re
from collections.abc import Iterable

MAX_CHARACTERS = 4096
"""How much of what is said at a time is looked through: a name stands at the beginning, or in a
line that somebody reads."""

_WORD = re.compile(r"[^\s!-,/:-@\[-^`{-~\u2010-\u203f\u3000-\u303f]+")
"""What stands between blanks and punctuation, but - . _ which a name may have."""


def mentioned(texts: Iterable[str]) -> set[str]:
    """The words in `texts` that may be names, by their key (text.name_key)."""
    words = set(_WORD.findall("\n".join(texts)[:MAX_CHARACTERS].casefold()))
    return words | {word.strip(".-_") for word in words}
