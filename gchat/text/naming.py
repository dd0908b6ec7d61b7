"""Names of people and rooms: which texts may be one, and which count as the same."""

import unicodedata

from gchat.text.safe import INVISIBLE

MAX_NAME = 24
"""Characters in a name: IRC servers allow 9 to 30, and a name stands before every line."""

MAX_TYPED = 3 * MAX_NAME
"""Characters that may become a name, which has fewer if some of them melt into one: a letter
and its marks."""

MAX_MARKS = 2
"""Combining marks on one letter: what scripts like हिन्दी need, not what climbs over a line."""

RESERVED = frozenset({"you", "gchat"})
"""What no one may be called: notices to one alone begin with it, ` * you are now ann`."""


class NotAName(ValueError):
    """Why a text cannot be a name, as a clause that a person can read."""


def as_name(text: str) -> str:
    """`text` as a name: 1 to MAX_NAME letters, digits, `-`, `_`, `.`, normalised (NFKC).

    Raises NotAName for anything else, for what looks like an address, and for
    what cannot be seen.
    """
    if not text:
        raise NotAName("it is empty")
    # Normalising a long text costs its length squared: it must not be tried.
    name = text if len(text) > MAX_TYPED else unicodedata.normalize("NFKC", text)
    if len(name) > MAX_NAME:
        raise NotAName(f"it has {len(name)} characters, and {MAX_NAME} are the most")
    marks = MAX_MARKS  # none may come before the first letter
    for character in name:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Mc") else 0
        is_mark = 0 < marks <= MAX_MARKS and character not in INVISIBLE
        if not (is_mark or _may_be_in_name(character)):
            raise NotAName(f"{_naming(character)} cannot be in it, only letters, digits, - _ .")
    if not any(map(str.isalnum, name)):
        raise NotAName("it has neither a letter nor a digit")
    if not any(map(_is_letter, name)) and not all(map(_is_digit_or_line, name)):
        raise NotAName("it looks like an address")
    if name_key(name) in RESERVED:
        raise NotAName("it would be taken for somebody else")
    return name


def nearest_name(text: str) -> str:
    """A name like `text`, which is none; `guest` if nothing of it can be kept."""
    typed = unicodedata.normalize("NFKC", text[:MAX_TYPED])
    kept = "".join(filter(_may_be_in_name, typed))[:MAX_NAME]
    try:
        return as_name(kept)
    except NotAName:
        return "guest"


def _may_be_in_name(character: str) -> bool:
    return character not in INVISIBLE and (character.isalnum() or character in "-_.")


def _is_letter(character: str) -> bool:
    # Not a modifier letter (Lm), some of which look like a colon or a full stop.
    return unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lo")


def _is_digit_or_line(character: str) -> bool:
    return character.isdigit() or character in "-_"


def _naming(character: str) -> str:
    if character == " ":
        return "a space"
    return f"“{character}”" if character.isprintable() else f"U+{ord(character):04X}"


def name_key(name: str) -> str:
    """What two names have in common that count as the same one: upper and lower case are one.

    What is too long to be a name has the key of no name.
    """
    if len(name) > MAX_TYPED:  # see as_name
        return name
    key = unicodedata.normalize("NFKC", name.casefold())
    return name if key == name else key  # kept once, if it is the same: most are
