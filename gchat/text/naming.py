"""Names of users and rooms: which texts are names, and which names count as equal."""

import unicodedata

from gchat.text.safe import INVISIBLE

MAX_NAME = 24
"""Characters in a name, which stands before every line. IRC servers allow 9 to 30."""

MAX_TYPED = 3 * MAX_NAME
"""Characters of a text that may become a name: normalisation joins a letter and its marks."""

MAX_MARKS = 2
"""Combining marks on one letter: scripts like हिन्दी need two, and a pile of them hides lines."""

RESERVED = frozenset({"you", "gchat"})
"""Keys of names that nobody may have: ` * You are now ann` is a notice to one client alone."""


class NotAName(ValueError):
    """Why a text cannot be a name, as a sentence for users."""


def as_name(text: str) -> str:
    """Normalise `text` (NFKC) to a name: 1 to MAX_NAME letters, digits, `-`, `_`, `.`.

    Raises NotAName for anything else, for reserved names, and for texts that are invisible or
    look like an address.
    """
    if not text:
        raise NotAName("A name cannot be empty")
    # Normalising is quadratic in the length, so long texts must not be tried.
    name = text if len(text) > MAX_TYPED else unicodedata.normalize("NFKC", text)
    if len(name) > MAX_NAME:
        raise NotAName(f"Name too long ({len(name)} characters, limit {MAX_NAME})")
    marks = MAX_MARKS  # a name cannot begin with a mark
    for character in name:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Mc") else 0
        is_mark = 0 < marks <= MAX_MARKS and character not in INVISIBLE
        if not (is_mark or _may_be_in_name(character)):
            raise NotAName(f"Names have letters, digits, - _ . and no {_naming(character)}")
    if not any(map(str.isalnum, name)):
        raise NotAName("A name needs a letter or a digit")
    if not any(map(_is_letter, name)) and not all(map(_is_digit_or_line, name)):
        raise NotAName("A name cannot look like an address")
    if name_key(name) in RESERVED:
        raise NotAName(f"The name {name} is reserved for the server")
    return name


def nearest_name(text: str) -> str:
    """A name that resembles `text`, which is not a name; `guest` if nothing of it can be kept."""
    typed = unicodedata.normalize("NFKC", text[:MAX_TYPED])
    kept = "".join(filter(_may_be_in_name, typed))[:MAX_NAME]
    try:
        return as_name(kept)
    except NotAName:
        return "guest"


def _may_be_in_name(character: str) -> bool:
    return character not in INVISIBLE and (character.isalnum() or character in "-_.")


def _is_letter(character: str) -> bool:
    # No modifier letters (Lm): some look like a colon or a full stop.
    return unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lo")


def _is_digit_or_line(character: str) -> bool:
    return character.isdigit() or character in "-_"


def _naming(character: str) -> str:
    if character == " ":
        return "spaces"
    is_seen = character.isprintable() and character not in INVISIBLE
    return f"“{character}”" if is_seen else f"U+{ord(character):04X}"


def name_key(name: str) -> str:
    """The key of a name: names with the same key count as equal, upper and lower case as one.

    A text that is too long to be a name is its own key, and equals no name.
    """
    if len(name) > MAX_TYPED:  # see as_name
        return name
    key = unicodedata.normalize("NFKC", name.casefold())
    return name if key == name else key  # most names are their own key, and are then kept once
