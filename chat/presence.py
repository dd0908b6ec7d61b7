"""Who came and who left a room, told in few lines however many they are.

The first one after a quiet second is told at once; what follows within a second
of that is told together: ` * ann, bob and 310 others joined`.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from chat.message import SERVER
from chat.text import listing

INTERVAL = 1.0
"""Seconds between two tellings."""

NAMES_SHOWN = 2
"""How many of many are named; three are all named."""


class Presence:
    """The comings and goings of one room that it has not been told of yet.

    Clients are known by their number. Times are seconds of any clock that only
    goes forward.
    """

    def __init__(self) -> None:
        self._joined: dict[int, str] = {}
        self._left: dict[int, str] = {}
        self._passed: dict[int, str] = {}
        self._next = 0.0

    def join(self, number: int, name: str) -> None:
        """Somebody has come. Who has left just now, and is back, has not left."""
        if self._left.get(number) == name:
            del self._left[number]
            return
        self._passed.pop(number, None)
        self._joined[number] = name

    def leave(self, number: int, name: str) -> None:
        """Somebody is gone; whoever was not announced yet has passed through."""
        if self._joined.pop(number, None) is None:
            self._left[number] = name
        else:
            self._passed[number] = name

    def rename(self, number: int, name: str) -> bool:
        """Somebody has another name. True if they are not announced yet, so it is no news."""
        if not self.is_unannounced(number):
            return False
        self._joined[number] = name
        return True

    def is_unannounced(self, number: int) -> bool:
        """Whether they have come, and that is still to be told."""
        return number in self._joined

    def has_left(self, name: str) -> bool:
        """Whether somebody of this name has left, and that is still to be told."""
        return name in self._left.values()

    def delay(self, now: float) -> float | None:
        """Seconds until it is time to tell; None if there is nothing to tell."""
        if not (self._joined or self._left or self._passed):
            return None
        return max(0.0, self._next - now)

    def tell(
        self, now: float, unnamed: AbstractSet[int] = frozenset()
    ) -> Iterator[tuple[str, int, str]]:
        """The lines to tell, each with the number and the name of the one whom it is about:
        SERVER and an empty name if these are many.

        Among many, those in `unnamed` are only counted.
        """
        self._next = now + INTERVAL
        for people, what in (
            # In this order, as somebody may have taken the name of one who has left.
            (self._left, "left"),
            (self._passed, "came and went"),
            (self._joined, "joined"),
        ):
            if people:
                about = next(iter(people)) if len(people) == 1 else SERVER
                hidden = unnamed if about == SERVER else frozenset()
                names = (name for number, name in people.items() if number not in hidden)
                text = f"{listing(names, len(people), NAMES_SHOWN)} {what}"
                yield text, about, people.get(about, "")
                people.clear()
