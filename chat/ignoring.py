"""Whom a client does not want to hear."""

from chat.text import name_key

MAX_IGNORED = 100
"""Names on one list."""

MAX_NUMBERS = 64
"""Clients that one name on a list stands for: who has it, who had it, and who comes back under
it. Of more than that, the first ones are gone for long."""


class TooManyIgnored(Exception):
    """The list is full."""


class IgnoreList:
    """Names, and the numbers of the clients that have been called so since.

    It holds on to a client that takes another name, and to one that comes back under
    a name that is on the list.
    """

    __slots__ = ("_numbers_of", "names", "numbers")

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        """As they were spelled, by their key (text.name_key)."""
        self.numbers: frozenset[int] = frozenset()
        """All clients whose messages are not shown."""
        self._numbers_of: dict[str, list[int]] = {}

    def add(self, name: str, number: int | None) -> None:
        """Ignore `name`, which is now that of client `number`, or nobody's."""
        key = name_key(name)
        if key not in self.names and len(self.names) >= MAX_IGNORED:
            raise TooManyIgnored
        self.names[key] = name
        self._numbers_of.setdefault(key, [])
        if number is not None:
            self.follow(key, number)

    def follow(self, key: str, number: int) -> None:
        """The client `number` is called by a name of the list now."""
        numbers = self._numbers_of[key]
        if number not in numbers:
            numbers.append(number)
            del numbers[:-MAX_NUMBERS]
            self._count()

    def key_of(self, name: str, number: int | None) -> str | None:
        """What ignores `name`, or the client `number` that is called so now; None if nothing."""
        key = name_key(name)
        if key in self.names:
            return key
        return next((key for key, known in self._numbers_of.items() if number in known), None)

    def remove(self, key: str) -> str:
        """Ignore a name no longer; returns it as it was spelled."""
        del self._numbers_of[key]
        self._count()
        return self.names.pop(key)

    def hides(self, sender: int, name: str) -> bool:
        """Whether what somebody of this number and name says, or has said, is not to be shown."""
        return bool(self.names) and (sender in self.numbers or name_key(name) in self.names)

    def _count(self) -> None:
        self.numbers = frozenset().union(*self._numbers_of.values())


NOBODY = IgnoreList()
"""The list of all who ignore nobody."""
