"""Notices of joins and leaves in a room: few lines, however many clients come and go.

The first join or leave after a quiet second is announced at once. Those of the second after that
are announced together: ` * ann, bob and 310 others joined`.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from gchat.model.message import SERVER
from gchat.text.naming import name_key
from gchat.text.phrases import listing

INTERVAL = 1.0
"""Seconds between two announcements in a room."""

NAMES_SHOWN = 2
"""Names that an announcement of many clients gives; of three clients it names all."""


class Presence:
    """The joins and leaves of one room that have not been announced yet.

    Clients are identified by their number. Times are seconds of any monotonic clock.
    """

    def __init__(self) -> None:
        self._left: dict[tuple[int, str], None] = {}
        self._passed: dict[tuple[int, str], None] = {}
        self._joined: dict[int, str] = {}
        self._unseen: set[int] = set()
        """Clients of `_joined` that have not been in a list of the people in the room yet."""
        self._gone: set[str] = set()
        """Keys (text.naming.name_key) of the names in `_left` and `_passed`."""
        self._next = 0.0

    def join(self, number: int, name: str) -> None:
        """Note that a client has joined."""
        self._passed.pop((number, name), None)
        self._joined[number] = name
        self._unseen.add(number)

    def leave(self, number: int, name: str) -> None:
        """Note that a client has left; if its join is unannounced, it came and went."""
        unannounced = self._joined.pop(number, None) is not None
        (self._passed if unannounced else self._left)[number, name] = None
        self._gone.add(name_key(name))

    def rename(self, number: int, name: str) -> bool:
        """Note a new name. True if nobody has seen the client yet, so the change is no news."""
        if not self.is_unannounced(number) or number not in self._unseen:
            return False
        self._joined[number] = name
        return True

    def withdraw(self, number: int) -> bool:
        """Forget that a client has joined; False if that is announced already."""
        self._unseen.discard(number)
        return self._joined.pop(number, None) is not None

    def be_seen(self) -> None:
        """Note that somebody has been shown a list of the people in the room."""
        self._unseen.clear()

    def is_unannounced(self, number: int) -> bool:
        """Whether the client has joined, and that is still to be announced."""
        return number in self._joined

    def has_left(self, name: str) -> bool:
        """Whether a client of this name has left, and that is still to be announced."""
        return name_key(name) in self._gone

    def forget(self) -> None:
        """Drop everything: there is nobody in the room to announce it to."""
        for each in (self._left, self._passed, self._joined, self._unseen, self._gone):
            each.clear()

    def delay(self, now: float) -> float | None:
        """Seconds until the next announcement is due; None if there is nothing to announce."""
        if not (self._joined or self._left or self._passed):
            return None
        return max(0.0, self._next - now)

    def tell(
        self, now: float, unnamed: AbstractSet[int] = frozenset()
    ) -> Iterator[tuple[str, int, str]]:
        """Yield the announcements: text, and number and name of the client that it is about.

        These are SERVER and an empty name if a text is about several clients; clients in `unnamed`
        are then only counted. Everything counts as announced afterwards.
        """
        self._next = now + INTERVAL
        told = (
            # In this order, since a new client may have the name of one that has left.
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
