"""Whose name is said."""

import re
from collections.abc import Iterable
from unicodedata import normalize

MAX_CHARACTERS = 2048
"""How much of what is said at a time is looked through: a name stands at the beginning, or in a
line that somebody reads. (Normalising may cost the square of it: half a millisecond.)"""

_WORD = re.compile(
    r"[^\s!-,/:-@\[-^`{-~\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u3011\u3014-\u301f]+"
)
"""What stands between blanks and punctuation, but - . _ which a name may have."""


def mentioned(texts: Iterable[str]) -> set[str]:
    """The words in `texts` that may be names, by their key (text.name_key)."""
    text = normalize("NFKC", "\n".join(texts)[:MAX_CHARACTERS])
    words = set(_WORD.findall(normalize("NFKC", text.casefold())))
    return words | {word.strip(".-_") for word in words}
