"""Names that look alike: skeletons, and the scripts of a name, as UTS 39 has them."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from gchat.text.confusables import PROTOTYPES

_ANY_SCRIPT = frozenset(
    ["COMBINING", "DIGIT", "HYPHEN-MINUS", "LOW", "FULL", "MODIFIER", "KATAKANA-HIRAGANA", "VEDIC"]
)
"""How the names of characters begin that stand in any script: marks, digits, `-_.`."""

_SAME_SCRIPT = {
    "CJK": "HAN",
    "IDEOGRAPHIC": "HAN",
    "ARABIC-INDIC": "ARABIC",
    "EXTENDED": "ARABIC",
}
"""Scripts of characters whose names begin with something else."""

_TOGETHER = (
    frozenset(["LATIN", "HAN", "HIRAGANA", "KATAKANA"]),
    frozenset(["LATIN", "HAN", "BOPOMOFO"]),
    frozenset(["LATIN", "HAN", "HANGUL"]),
)
"""Scripts that are written together: UTS 39, 5.2, its level Highly Restrictive."""


def scripts_of(text: str) -> set[str]:
    """The scripts of the letters of `text`: the first words of their names in Unicode's data.

    Unicode's Script property is not in Python's library. The names are, with those of its latest
    version, and begin with the script.
    """
    words = {unicodedata.name(character, "").partition(" ")[0] for character in text}
    return {_SAME_SCRIPT.get(word, word) for word in words - _ANY_SCRIPT if word}


def mixes_scripts(text: str) -> bool:
    """Whether the letters of `text` are of scripts that nobody writes together."""
    if text.isascii():
        return False
    scripts = scripts_of(text)
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)


@lru_cache(maxsize=1024)
def skeletons(name: str) -> frozenset[str]:
    """What `name` looks like, as it is written and in lower case (UTS 39, 4).

    Two names look alike if they have one in common.
    """
    capital_or_small = (_skeleton(form).casefold() for form in (name, name.casefold()))
    return frozenset(_skeleton(form).casefold() for form in capital_or_small)  # M is rn, as m is


class LookAlikes:
    """Names by what they look like; each is entered with its key."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, str]] = {}
        """Names by their keys, by their skeletons."""

    def add(self, name: str, key: str) -> None:
        """Enter `name`."""
        for skeleton in skeletons(name):
            self._names.setdefault(skeleton, {})[key] = name

    def remove(self, name: str, key: str) -> None:
        """Undo `add`."""
        for skeleton in skeletons(name):
            names = self._names.get(skeleton, {})
            names.pop(key, None)
            if not names:
                self._names.pop(skeleton, None)

    def of(self, name: str) -> Iterator[str]:
        """The keys of the names that look like `name`, itself among them.

        Only pairs of which one is not in ASCII: `com` and `corn` are two names.
        """
        is_ascii = name.isascii()
        for skeleton in skeletons(name):
            for key, other in self._names.get(skeleton, {}).items():
                if not (is_ascii and other.isascii()):
                    yield key


def _skeleton(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFD", decomposed.translate(PROTOTYPES))
