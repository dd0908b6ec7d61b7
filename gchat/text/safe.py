"""What may be shown to others, and what may be a name."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from gchat.text import kinds
from gchat.text.clusters import IGNORABLE, MARKS, MAX_GENERIC_MARKS, end_of_needed
from gchat.text.kinds import Range, as_class, codes_in, ranges_of

MAX_MEANT = 64
"""Characters of a line that are looked at to find out which command was meant."""

MAX_TYPO = 512
"""Characters, seen or not, among which these are looked for."""


_PLAIN = bytes(range(0x20, 0x7F)) + b"\t"
_PLAIN_LINES = _PLAIN + b"\n"
_FORBIDDEN = (
    (0x00, 0x08),  # C0 but tab
    (0x0A, 0x1F),
    (0x7F, 0x9F),  # DEL, and C1: some terminals obey it even as UTF-8
    (0x2028, 0x2029),  # separators that some programs take for the end of a line
    (0xD800, 0xDFFF),  # no characters: how surrogateescape keeps what is not UTF-8
)
"""Code points that are never shown."""

_HIGH_SUSPECTS = r"\U00010a00-\U0001efff\U000e0000-\U000e0fff"
"""Where marks and ignorable characters above U+FFFF are, and others, but neither emoji nor
ideographs. Two ranges behind the table that `re` makes of the lower ones cost little; the two
hundred exact ones would take ten times as long."""


def _low_class(ranges: Iterable[Range]) -> str:
    return as_class((first, min(last, 0xFFFF)) for first, last in ranges if first < 0x10000)


_DEPENDENT_RANGES = ranges_of(kinds.IGNORABLE, kinds.MARK, kinds.SPACING_MARK)
_DEPENDENT, _LOW_DEPENDENT = as_class(_DEPENDENT_RANGES), _low_class(_DEPENDENT_RANGES)
_LOW_MARKS = _low_class(ranges_of(kinds.MARK, kinds.SPACING_MARK))
_SUSPECT = re.compile(f"[{as_class(_FORBIDDEN)}{_LOW_DEPENDENT}{_HIGH_SUSPECTS}]")
_UNSAFE = re.compile(f"[{as_class((*_FORBIDDEN, *ranges_of(kinds.IGNORABLE)))}]")
_MANY_MARKS = re.compile(f"[{_LOW_MARKS}{_HIGH_SUSPECTS}]{{{MAX_GENERIC_MARKS + 1}}}")
_HIGH = re.compile(f"[{_HIGH_SUSPECTS}]")
_RUN = re.compile(f"([^{_LOW_DEPENDENT}]?)([{_LOW_DEPENDENT}]+)")
_ANY_RUN = re.compile(f"([^{_DEPENDENT}]?)([{_DEPENDENT}]+)")


def _escaped(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape's form of the byte `code & 0xff`
        code &= 0xFF
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


LETTER = "a"
"""What stands for an escape before marks and joiners: no more are needed behind it."""


class _Escapes(dict[str, str]):
    """Characters of runs with their escapes, each made when it is first looked up."""

    def __missing__(self, character: str) -> str:
        self[character] = escape = _escaped(ord(character))
        return escape


_ESCAPES = {chr(code): _escaped(code) for code in codes_in(_FORBIDDEN)}
_ESCAPES_IN_RUNS = _Escapes()


# Letters and marks by their category, but nothing on the screen: fillers, joiners, selectors.
INVISIBLE = frozenset(
    [*map(chr, IGNORABLE), "\U00016fe4", "\U0001bc9d"]  # Khitan's filler; Duployan's selector
)

_C0, *_OTHER_UNSEEN = ranges_of(kinds.UNPRINTABLE, kinds.MARK, kinds.IGNORABLE)
_UNSEEN = "\N{BRAILLE PATTERN BLANK}" + _low_class([(0x00, 0x1A), (0x1C, _C0[1]), *_OTHER_UNSEEN])
"""What cannot be seen, up to U+FFFF and without ESC, as the inside of a class of `re`.

Blanks, control characters, formats, what is no character; marks, which are seen on a letter
alone. Of ranges alone, none of them higher, `re` makes a table, which is fast."""

_UNSEEN_ABOVE = (
    r"\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d165-\U0001d182\U000e0000-\U0010ffff"
)
"""What cannot be seen above U+FFFF: joiners of hieroglyphs, of notes, tags, private use."""

BEHIND_ESC = (
    r"(?:\[\[[A-E]|\[[0-?]*[ -.]*[@-~]|O[0-9A-Za-z]|\][^\x07\x1b]*\x07?"
    r"|[ -.]++[0-~]|[0-Z\\^-~])?"
)
"""What comes behind ESC from a terminal for an arrow, a function key, a paste, or Alt and a letter,
and from programs to it (ECMA-48). A slash is none of it: some programs clear a line by ESC."""

BEHIND_CSI = r"[0-?]*[ -.]*[@-~]"
"""What comes behind CSI, the one character that does for `ESC [`."""

_KEY = rf"\x1b++{BEHIND_ESC}|[\x9b\udc9b]{BEHIND_CSI}"

_UNSEEN_RUN = re.compile(rf"(?:{_KEY}|[{_UNSEEN}]++|[{_UNSEEN_ABOVE}]++)++")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def without_unseen_start(text: str) -> str:
    """`text` from the first character on that can be seen: no blank, control character or key."""
    unseen = _UNSEEN_RUN.match(text)
    return text[unseen.end() :] if unseen else text


def has_control(text: str) -> bool:
    """Whether there is a control character in `text`, as keys send them."""
    return _CONTROL.search(text) is not None


def as_meant(text: str, unseen: str = "") -> str:
    """The beginning of `text` as whoever typed it meant it, at most MAX_MEANT characters of it.

    What cannot be seen before it is taken away, and what cannot be seen within is `unseen`, or a
    space where there is a blank or a control character. Full-width letters and slashes are plain
    ones (NFKC), and upper case is lower.
    """

    def replace(run: re.Match[str]) -> str:
        has_blank = any(each.isspace() or each < " " != each != "\x1b" for each in run[0])
        return " " if has_blank else unseen

    begun = without_unseen_start(text)[:MAX_TYPO]
    seen = begun if begun.isascii() and begun.isprintable() else _UNSEEN_RUN.sub(replace, begun)
    return unicodedata.normalize("NFKC", seen[:MAX_MEANT]).lower()


def edited(text: str) -> str:
    """What is left of `text` when the backspaces in it, and Ctrl-U, have been obeyed.

    Some telnets send each character as it is typed and leave editing to us.
    """
    if not ("\b" in text or "\x7f" in text or "\x15" in text):
        return text
    kept = list[str]()
    for character in text:
        if character == "\x15":
            kept.clear()
        elif character not in "\b\x7f":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)


def edited_lines(lines: Sequence[bytes]) -> Sequence[bytes]:
    """`lines` as their author left them: `edited`, and without those of which nothing is left."""
    together = b"\n".join(lines)
    if not (b"\b" in together or b"\x7f" in together or b"\x15" in together):
        return lines
    left = (edited(line.decode("utf-8", "surrogateescape")) for line in lines)
    return [decoded.encode("utf-8", "surrogateescape") for decoded in left if decoded]


def visible(line: bytes) -> str:
    r"""`line` as text that cannot drive a terminal and is still all there.

    Bytes that are not UTF-8, control characters but tab, characters that show nothing or change the
    direction of what follows, and heaps of combining marks come out as `\xff` or `\u202e`. What a
    script or an emoji needs stays (text.clusters).
    """
    if not line.translate(None, _PLAIN):  # nearly every line
        return line.decode("ascii")
    return escape(line.decode("utf-8", "surrogateescape"))


def plain_lines(lines: Sequence[bytes]) -> list[str]:
    """`lines`, without their ends, as text, if all are of printable ASCII and tabs; else nothing.

    Nearly all are. They are looked at together, which takes half as long as one by one.
    """
    together = b"\n".join(lines)
    if together.translate(None, _PLAIN_LINES):
        return []
    return together.decode("ascii").split("\n")


def escape(text: str) -> str:
    """Like `visible`, for what is text already (names, notices, lines of the server's log)."""
    if _SUSPECT.search(text) is None:
        return text
    if _UNSAFE.search(text) is None and _MANY_MARKS.search(text) is None:
        return text
    run = _ANY_RUN if _HIGH.search(text) else _RUN
    text = run.sub(_escape_run, text)
    return "".join(map(_ESCAPES.get, text, text))  # each character's escape, or itself


def _escape_run(found: re.Match[str]) -> str:
    """Escape what is not needed of a run of marks and ignorable characters behind a base."""
    base, run = found.groups()
    shown, after = [base], found.string[found.end() : found.end() + 1]
    if base in _ESCAPES:
        base = LETTER
    at = 0
    while at < len(run):
        end = end_of_needed(base, run, at, after)
        shown.append(run[at:end])
        are_too_many = end < len(run) and ord(run[end]) in MARKS
        at = len(run) if are_too_many else end + 1
        shown += map(_ESCAPES_IN_RUNS.__getitem__, run[end:at])
        base = LETTER
    return "".join(shown)
