"""Whom a client does not want to hear."""

from collections.abc import Set as AbstractSet
from typing import ClassVar

from gchat.model.message import SERVER
from gchat.text.naming import name_key

MAX_IGNORED = 100
"""Names on one list."""

MAX_GONE = 64
"""Clients that have had an ignored name and are gone, of which the number is still known. What
they said under another name may be seen by who reads it later than so many have come and gone."""


class TooManyIgnored(Exception):
    """The list is full."""


class Followed:
    """The clients that an ignored name stands for: who has it, and who had it.

    One for each name, which all share who ignore it.
    """

    __slots__ = ("_gone", "numbers")

    changes: ClassVar[int] = 0
    """How often any name has come to stand for other clients."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self._gone: list[int] = []

    def add(self, number: int) -> None:
        """The client `number` has this name now. It is known until it leaves, and then some."""
        self.numbers.add(number)
        Followed.changes += 1
        if number in self._gone:
            self._gone.remove(number)

    def leave(self, number: int) -> list[int]:
        """Note that the client `number` is gone. Returns the numbers that are known no longer."""
        self._gone.append(number)
        Followed.changes += 1
        forgotten = self._gone[:-MAX_GONE]
        self.numbers.difference_update(forgotten)
        del self._gone[:-MAX_GONE]
        return forgotten


class IgnoreList:
    """The names that one client ignores.

    It holds on to a client that takes another name, and to one that comes back under
    a name that is on the list.
    """

    __slots__ = ("_changes", "_followed", "_numbers", "_owner", "names")

    def __init__(self, owner: int) -> None:
        """`owner` is the number of the client whose list it is, which never ignores itself."""
        self._owner = owner
        self.names: dict[str, str] = {}
        """As they were spelled, by their key (text.name_key)."""
        self._followed: dict[str, Followed] = {}
        self._numbers: frozenset[int] = frozenset()
        """The numbers of all clients that the names stand for, when `_changes` was counted."""
        self._changes = -1

    def copy(self) -> "IgnoreList":
        """The list as it is now, for several clients that have said nothing of what it is for."""
        copy = IgnoreList(SERVER)
        copy.names = self.names.copy()
        copy._followed = self._followed.copy()
        return copy

    def add(self, name: str, followed: Followed) -> None:
        """Ignore `name`, which stands for `followed`. Raises TooManyIgnored."""
        key = name_key(name)
        if key not in self.names and len(self.names) >= MAX_IGNORED:
            raise TooManyIgnored
        self.names[key] = name
        self._followed[key] = followed
        self._changes = -1

    def key_of(self, name: str, number: int | None) -> str | None:
        """What ignores `name`, or the client `number` that is called so now; None if nothing."""
        key = name_key(name)
        if key in self.names:
            return key
        return next((key for key, one in self._followed.items() if number in one.numbers), None)

    def remove(self, key: str) -> str:
        """Ignore a name no longer; returns it as it was spelled."""
        del self._followed[key]
        self._changes = -1
        return self.names.pop(key)

    def among(self, senders: AbstractSet[int]) -> frozenset[int]:
        """The numbers among `senders` whose messages are not shown."""
        if self._changes != Followed.changes:
            numbers = (one.numbers for one in self._followed.values())
            self._numbers = frozenset[int]().union(*numbers) - {self._owner}
            self._changes = Followed.changes
        return self._numbers.intersection(senders)

    def hides(self, sender: int, name: str) -> bool:
        """Whether what somebody of this number and name says, or has said, is not shown."""
        return sender != self._owner and (
            any(sender in one.numbers for one in self._followed.values())
            or name_key(name) in self.names
        )


NOBODY = IgnoreList(SERVER)
"""The list of all who ignore nobody."""
