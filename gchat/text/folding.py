"""Folding: which texts count as equal in a search, and the pairs of characters in them.

`cafe` finds `Café`, `strasse` finds `Straße`, and letters of full width are those of half width.
Korean syllables and Japanese letters with a voicing mark are letters of their own.
"""

import unicodedata
from operator import add

_OF_THE_LETTER = frozenset((0, 7, 8, 9))
"""Combining classes of marks that make another letter: nukta, voicing of kana, virama, and what
is no mark. All others are optional: accents, points, harakat, tones."""

_IGNORED = frozenset("\u200c\u200d" + "".join(map(chr, range(0xFE00, 0xFE10))))
"""Joiners, and selectors of how an emoji looks: not everybody types them."""


def folded(text: str) -> str:
    """`text` without the differences that a search ignores: case, marks, forms of a character."""
    if text.isascii():
        return text.lower()
    # Folding the case may make marks, and characters that can be decomposed.
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = [
        character
        for character in parts
        if unicodedata.combining(character) in _OF_THE_LETTER and character not in _IGNORED
    ]
    return unicodedata.normalize("NFC", "".join(kept))


def grams(text: str) -> set[str]:
    """The pairs of characters in `text`, which is folded, and its characters outside ASCII.

    A text that contains another one has all grams of that one. A single ASCII character has none:
    nearly all messages contain it.
    """
    pairs = set(map(add, text, text[1:]))
    if not text.isascii():
        pairs.update(character for character in text if character > "\x7f")
    return pairs
