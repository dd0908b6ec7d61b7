"""Characters that show nothing on a screen, and where a script or an emoji needs them.

What shows nothing is told by Unicode's own properties (text.kinds). The places where one of them is
needed are those of Unicode's own rules, each named below.
"""

import re
import unicodedata

from gchat.text import kinds
from gchat.text.kinds import SELECTORS, codes_in, ranges_of

MAX_GENERIC_MARKS = 4
"""Combining marks of no script in particular on one letter: what UTS 39, 5.4 allows after a survey
of the languages that pile them up."""

MAX_MARKS = 8
"""Combining marks on one letter: Tibetan has a sign with eight, and no script has more."""

IGNORABLE = codes_in(ranges_of(kinds.IGNORABLE))
"""All code points that show nothing."""

MARKS = codes_in(ranges_of(kinds.MARK, kinds.SPACING_MARK))
"""All code points of combining marks that are seen."""

_GENERIC_MARKS = re.compile(
    r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]",
)
"""The blocks of combining marks that are for letters of any script."""

_EMOJI = re.compile(
    r"[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299"
    r"\U0001f000-\U0001faff]",
)
"""What may be an emoji, now or later (the blocks with Extended_Pictographic in emoji-data.txt)."""

_JOINING = re.compile(
    r"[\u0620-\u0d7f\u0d80-\u0dff\u1000-\u109f\u1700-\u180a\u180e-\u18af\u1900-\u1cff"
    r"\ua800-\uaaff\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    r"\U00010a00-\U00010aff\U00010d00-\U00011fff\U0001e900-\U0001e95f]",
)
"""Scripts whose letters change their form beside others: Arabic's, India's and their relatives.
There a joiner is spelling (RFC 5892, A.1 and A.2)."""

_UNSPACED = re.compile(
    r"[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua980-\ua9ff"
    r"\uaa60-\uaadf]",
)
"""Scripts without blanks between words (Line_Break=SA): Khmer types U+200B there."""

_MONGOLIAN = re.compile(r"[\u1807\u1820-\u18aa]")
_FLAG = re.compile(r"[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,7}\U000e007f")
"""Tags behind a black flag: the flag of a part of a country, as Scotland (UTS 51, ED-14a)."""

_FIRST_JAMO = re.compile(r"[\u1100-\u115e\ua960-\ua97c]")
_MIDDLE_JAMO = re.compile(r"[\u1161-\u11a7\ud7b0-\ud7c6]")


def end_of_needed(base: str, run: str, start: int, after: str) -> int:
    """Where what is needed behind `base` ends in `run`, of which it begins at `start`.

    `run` is what is no character of its own: marks, formats, fillers. `base` is the character
    before `start`, `after` the one behind the run; empty where there is none.
    """
    marks = generic = 0
    at = start
    flag = _FLAG.match(run, start) if base == "\U0001f3f4" else None
    if flag:
        at = flag.end()
    while at < len(run):
        character = run[at]
        following = after if at + 1 == len(run) else ""
        if ord(character) in IGNORABLE:
            previous = run[at - 1] if at > start else base
            if not _is_needed(character, base, previous, following):
                break
        else:
            marks += 1
            generic += _GENERIC_MARKS.match(character) is not None
            if marks > MAX_MARKS or generic > MAX_GENERIC_MARKS:
                break
        at += 1
    return at


def _is_needed(character: str, base: str, previous: str, following: str) -> bool:
    """Whether the ignorable `character` is needed behind `previous` and before `following`."""
    code = ord(character)
    if code in SELECTORS:
        return previous == base and _may_vary(base, code)
    if character in "\u200c\u200d":
        if previous in "\u200c\u200d":
            return False
        is_joined = _EMOJI.match(base) and character == "\u200d" and _EMOJI.match(following)
        return bool(is_joined or _JOINING.match(base))
    if character == "\u034f":  # between two marks, which it keeps in their order
        return previous != base and ord(previous) not in IGNORABLE
    if character == "\u200b":
        may_be_end = _UNSPACED.match(base) and ord(previous) not in IGNORABLE
        return bool(may_be_end and _UNSPACED.match(following))
    if character == "\u180e":
        return bool(_MONGOLIAN.match(base) and _MONGOLIAN.match(following))
    if character == "\u115f":
        return _MIDDLE_JAMO.match(following) is not None
    return character == "\u1160" and previous == base and _FIRST_JAMO.match(base) is not None


def _may_vary(base: str, selector: int) -> bool:
    """Whether there may be variants of `base`: Mongolian letters, ideographs, emoji, symbols."""
    if 0x180B <= selector <= 0x180F:
        return _MONGOLIAN.match(base) is not None
    if selector in (0xFE0E, 0xFE0F):
        return base in tuple("0123456789#*") or _EMOJI.match(base) is not None
    return base > "\x7f" and unicodedata.category(base)[0] in "LNS"
