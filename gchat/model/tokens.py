"""Tokens: what somebody shows to be taken for the one they were, on another connection.

A token is 64 bits from the system's random numbers, in four words that can be said, typed and
remembered for a minute: `lusab-babad-gutih-tugad`. The words are proquints, as in D. S.
Wilkerson's proposal (arXiv:0901.4016): consonant, vowel, consonant, vowel, consonant are 16 bits.
"""

from hashlib import sha256
from secrets import randbits

CONSONANTS = "bdfghjklmnprstvz"
VOWELS = "aiou"

WORDS = 4

LETTERS = (CONSONANTS, VOWELS, CONSONANTS, VOWELS, CONSONANTS)


def make_token() -> str:
    """One that nobody has had, nor can guess."""
    return "-".join(_word() for _ in range(WORDS))


def tidy(token: str) -> str:
    """As it was made, however it is typed: blanks do for hyphens, and upper case for lower."""
    return "-".join(token.lower().replace("-", " ").split())


def digest(token: str) -> str:
    """What is kept of a token, from which it cannot be told."""
    # It is as random as a key, so that a slow hash would add nothing.
    return sha256(tidy(token).encode()).hexdigest()


def _word() -> str:
    bits, letters = randbits(16), list[str]()
    for alphabet in reversed(LETTERS):
        bits, place = divmod(bits, len(alphabet))
        letters.append(alphabet[place])
    return "".join(reversed(letters))
