"""Names of users and rooms: which texts are names, and which names count as equal."""

import re
import unicodedata

from gchat.text.lookalikes import LookAlikes, mixes_scripts
from gchat.text.safe import INVISIBLE

MAX_NAME = 24
"""Characters in a name, which stands before every line. IRC servers allow 9 to 30."""

MAX_TYPED = 3 * MAX_NAME
"""Characters of a text that may become a name: normalisation joins a letter and its marks."""

MAX_MARKS = 2
"""Combining marks on one letter: scripts like हिन्दी need two, and a pile of them hides lines."""

RESERVED = frozenset(
    [
        *("you", "gchat"),  # ` * You are now ann` is a notice to one client alone
        *("server", "system", "admin", "administrator", "root", "operator", "operators"),
        *("moderator", "moderators", "staff", "support", "service", "security", "notice"),
        *("everyone", "everybody", "anyone", "someone", "nobody", "all", "here", "channel", "room"),
    ]
)
"""Keys of names that nobody may have: who is called so is taken for somebody who runs the server,
for the server itself, or for all at once."""

_RESERVED_LOOKS = LookAlikes()
for _name in RESERVED:
    _RESERVED_LOOKS.add(_name, _name)


_GUEST = re.compile(r"guest-\d+")
"""Keys of what a newcomer is called that has taken no name (see guest_name)."""


class NotAName(ValueError):
    """Why a text cannot be a name, as a sentence for users."""


def as_name(text: str) -> str:
    """Normalise `text` (NFKC) to a user's name: see `normalised`. Raises NotAName."""
    name = normalised(text)
    if name_key(name) in RESERVED or any(_RESERVED_LOOKS.of(name)):
        raise NotAName(f"The name {name} is reserved for the server")
    if _GUEST.fullmatch(name_key(name)):
        raise NotAName("Names like guest-7 are for newcomers who have taken none")
    return name


def guest_name(number: int) -> str:
    """What a newcomer is called who is not to be called by an address."""
    return f"guest-{number}"


def as_room(text: str) -> str:
    """Normalise `text` to a room's name, in lower case. Raises NotAName."""
    return normalised(name_key(normalised(text)))  # folded, it may be longer: ß is ss then


def normalised(text: str) -> str:
    """Normalise `text` (NFKC) to 1 to MAX_NAME letters, digits, `-`, `_`, `.` of one script.

    Raises NotAName for anything else, and for texts that are invisible, look like an address, or
    mix scripts that are not written together, as letters that look like others' do.
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
    if mixes_scripts(name):
        raise NotAName("A name cannot mix scripts, such as Latin and Cyrillic letters")
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
