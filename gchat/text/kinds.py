"""Kinds of characters, as far as it matters what a screen shows of them.

They come from Unicode's own properties, as this Python knows them: the general category, and
Default_Ignorable_Code_Point, which is fixed also for characters of later versions
(DerivedCoreProperties.txt: Cf, Variation_Selector and Other_Default_Ignorable_Code_Point).
"""

import re
from collections.abc import Iterable
from functools import cache
from itertools import chain
from unicodedata import category

PREPENDED = frozenset(
    [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD],
)
"""Formats that are seen: signs around a number (Prepended_Concatenation_Mark in PropList.txt)."""

SELECTORS = frozenset(
    [0x180B, 0x180C, 0x180D, 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)],
)
"""Variation selectors (Variation_Selector in PropList.txt)."""

_FILLERS = (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9))
_TAGS = (0xE0000, 0xE0FFF)
"""Other_Default_Ignorable_Code_Point in PropList.txt is these two."""

Range = tuple[int, int]
"""The first and the last of a range of code points."""

SEEN, MARK, SPACING_MARK, IGNORABLE, UNPRINTABLE = b".msi?"
"""The kinds: what is seen; combining marks that are seen, and the ones among them that take up
space (Mc); what shows nothing, which is formats, fillers and selectors; and what else Python does
not call printable: blanks, control characters, what is no character."""

_KINDS = {
    **dict.fromkeys(("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Sm", "Sc", "Sk", "So"), SEEN),
    **dict.fromkeys(("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"), SEEN),
    **dict.fromkeys(("Zs", "Zl", "Zp", "Cc", "Cs", "Co", "Cn"), UNPRINTABLE),
    "Mn": MARK,
    "Me": MARK,
    "Mc": SPACING_MARK,
    "Cf": IGNORABLE,
}
"""The kinds of characters by their general category."""

_UNIFORM = (
    (0x3400, 0x4DC0, SEEN),  # ideographs
    (0x4E00, 0xA000, SEEN),
    (0xAC00, 0xD7A4, SEEN),  # Korean syllables
    (0xD800, 0xF900, UNPRINTABLE),  # surrogates and private use
    (0x17000, 0x187F8, SEEN),  # Tangut's ideographs
)
"""Where characters of one kind begin and end: nearly half of all. No version changes them."""

_END = 0x20000
"""Behind it are ideographs and nothing yet, up to the tags and selectors."""


def _kinds() -> bytes:
    """The kind of each code point below _END, found without a step of Python's for each."""
    kinds = bytearray()
    for begin, end, kind in (*_UNIFORM, (_END, _END, SEEN)):
        kinds += bytes(map(_KINDS.__getitem__, map(category, map(chr, range(len(kinds), begin)))))
        kinds += bytes((kind,)) * (end - begin)
    for code in PREPENDED:
        kinds[code] = UNPRINTABLE
    for code in (*_FILLERS, *SELECTORS):
        if code < _END:
            kinds[code] = IGNORABLE
    return bytes(kinds)


KINDS = _kinds()


@cache
def ranges_of(*kinds: int) -> tuple[Range, ...]:
    """All code points of `kinds`, in ascending order."""
    runs = re.finditer(b"[%b]+" % bytes(kinds), KINDS)
    ranges = tuple((run.start(), run.end() - 1) for run in runs)
    return (*ranges, _TAGS) if IGNORABLE in kinds else ranges


def codes_in(ranges: Iterable[Range]) -> frozenset[int]:
    """The code points in `ranges`."""
    return frozenset(chain.from_iterable(range(first, last + 1) for first, last in ranges))


def as_class(ranges: Iterable[Range]) -> str:
    """The inside of a class of `re` with all of `ranges`.

    It has the characters themselves, which `re` reads five times as fast as their numbers.
    """
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)
