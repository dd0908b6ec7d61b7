"""Who came and who left a room, told in few lines however many they are.

The first one after a quiet second is told at once; what follows within a second
of that is told together: ` * ann, bob and 310 others joined`.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from gchat.model.message import SERVER
from gchat.text.naming import name_key
from gchat.text.phrases import listing

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
        self._left: dict[tuple[int, str], None] = {}
        self._passed: dict[tuple[int, str], None] = {}
        self._joined: dict[int, str] = {}
        self._unseen: set[int] = set()
        """Those of `_joined` whom nobody has seen who was shown who is here."""
        self._gone: set[str] = set()
        """What those are known by (see text.name_key) who have left or passed."""
        self._next = 0.0

    def join(self, number: int, name: str) -> None:
        """Somebody has come."""
        self._passed.pop((number, name), None)
        self._joined[number] = name
        self._unseen.add(number)

    def leave(self, number: int, name: str) -> None:
        """Somebody is gone; whoever was not announced yet has passed through."""
        unannounced = self._joined.pop(number, None) is not None
        (self._passed if unannounced else self._left)[number, name] = None
        self._gone.add(name_key(name))

    def rename(self, number: int, name: str) -> bool:
        """Somebody has another name. True if nobody knows them yet, so it is no news."""
        if not self.is_unannounced(number) or number not in self._unseen:
            return False
        self._joined[number] = name
        return True

    def withdraw(self, number: int) -> bool:
        """Forget that somebody has come; False if that is told already."""
        self._unseen.discard(number)
        return self._joined.pop(number, None) is not None

    def be_seen(self) -> None:
        """Somebody is shown who is here."""
        self._unseen.clear()

    def is_unannounced(self, number: int) -> bool:
        """Whether they have come, and that is still to be told."""
        return number in self._joined

    def has_left(self, name: str) -> bool:
        """Whether somebody of this name has left, and that is still to be told."""
        return name_key(name) in self._gone

    def forget(self) -> None:
        """There is nobody to tell."""
        for each in (self._left, self._passed, self._joined, self._unseen, self._gone):
            each.clear()

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
        told = (
            # In this order, as somebody may have taken the name of one who has left.
            (list(self._left), "left"),
            (list(self._passed), "came and went"),
            (list(self._joined.items()), "joined"),
        )
        self.forget()
        for people, what in told:
            if not people:
                continue
            about, name = people[0] if len(people) == 1 else (SERVER, "")
            hidden = unnamed if about == SERVER else frozenset()
            shown = (each for number, each in people if number not in hidden)
            yield f"{listing(shown, len(people), NAMES_SHOWN)} {what}", about, name
