"""Epochs: which message an id means, even if the same id was given out before.

Ids of a room are given out anew after a room without a history file was closed, or a server was
killed before it had written what it had shown. Then a new epoch of the room begins. An epoch is a
number: the later one of a room is greater, and rooms and files that have nothing to do with one
another have different ones, as they begin by chance.
"""

import re
from random import SystemRandom
from typing import NamedTuple

FIRST = 2**31
"""Below it is the first epoch, chosen by chance; so two are the same once in two billion times."""

STEP = 2**20
"""At most so much greater is the next one: enough for epochs until the number has 63 bits, and for
two copies of a history file to go on with different ones."""

UNKNOWN = 2**62
"""Stands for the epochs of other kinds of stores: later than any that is known here."""

_FORM = re.compile(r"(?:([0-9A-Za-z._]{1,64})-)?([0-9]{1,15})")
_OURS = re.compile(r"[0-9a-f]{1,15}", re.IGNORECASE)


class Place(NamedTuple):
    """A message of a room, as programs and commands name it: `3f2a91c-1234`, or `1234`."""

    id: int
    epoch: int | None = None
    """None if it is not said: the present one is meant."""

    def __str__(self) -> str:
        return str(self.id) if self.epoch is None else f"{self.epoch:x}-{self.id}"


def first_epoch() -> int:
    """An epoch for what has none yet."""
    return SystemRandom().randrange(1, FIRST)


def next_epoch(epoch: int) -> int:
    """An epoch to follow `epoch`."""
    return epoch + SystemRandom().randrange(1, STEP)


def read_place(typed: str) -> Place | None:
    """Read `1234` or `EPOCH-1234`; None if `typed` has neither form."""
    match = _FORM.fullmatch(typed)
    if match is None:
        return None
    epoch, last = match.groups()
    if epoch is None:
        return Place(int(last))
    return Place(int(last), int(epoch, 16) if _OURS.fullmatch(epoch) else UNKNOWN)
