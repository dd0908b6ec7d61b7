"""Notices of joins and leaves in a room: few lines, however many clients come and go.

The first join or leave after a quiet second is announced at once. Those of the second after that
are announced together: ` * ann, bob and 310 others joined`. Who has no name yet is announced when
they take one, or a few seconds later under their address.
"""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet

from gchat.model.events import Joined, Left, Passed, RoomEvent
from gchat.model.message import SERVER
from gchat.text.naming import name_key

INTERVAL = 1.0
"""Seconds between two announcements in a room."""

NAME_PATIENCE = 5.0
"""Seconds for which the first name of a newcomer is waited for: to read the welcome and to type
`/nick ann`. Whoever says something before is announced before that."""

MOST_ALONE = 8
"""Clients that somebody ignores and that are announced one by one; more are only counted, or many
who come and go and have one another ignored would fill the room."""

MOST_PASSED = 1000
"""People who came and went and are named, in JSON; more are only counted. (While a store is away
that several servers share, it may be long until they are announced.)"""


class Presence:
    """The joins and leaves of one room that have not been announced yet.

    Clients are identified by their number. Times are seconds of any monotonic clock.
    """

    def __init__(self) -> None:
        self._left: dict[tuple[int, str], bool] = {}
        """Who has left, and whether the server too."""
        self._words: dict[tuple[int, str], str] = {}
        """What some of them said with it, MOST_ALONE at the most."""
        self._passed: dict[tuple[int, str], None] = {}
        """Who came and went: MOST_PASSED of them,"""
        self._passed_too = 0
        """and how many more."""
        self._joined: dict[int, str] = {}
        self._nameless: dict[int, float] = {}
        """Clients of `_joined` that may be about to take a name, and until when it is waited for,
        in the order of these times."""
        self._unseen: set[int] = set()
        """Clients of `_joined` that have not been in a list of the people in the room yet: of
        those that are not nameless,"""
        self._unseen_nameless: set[int] = set()
        """and of the nameless."""
        self._gone: set[str] = set()
        """Keys (text.naming.name_key) of the names in `_left` and `_passed`."""
        self._next = 0.0

    def join(self, number: int, name: str, nameless_at: float | None = None) -> None:
        """Note that a client has joined; at the time `nameless_at` if it has no name yet."""
        self._passed.pop((number, name), None)
        self._joined[number] = name
        if nameless_at is None:
            self._unseen.add(number)
        else:
            self._nameless[number] = nameless_at + NAME_PATIENCE
            self._unseen_nameless.add(number)

    def leave(self, number: int, name: str, *, quits: bool, words: str = "") -> None:
        """Note that a client has left; if its join is unannounced, it came and went.

        `quits`: it has left the server, and not gone to another room. `words` are what it said with
        that: it is announced alone then, unless too many are.
        """
        self._give_up(number)
        if self._joined.pop(number, None) is not None:
            if len(self._passed) < MOST_PASSED:
                self._passed[number, name] = None
            else:
                self._passed_too += 1
        else:
            self._left[number, name] = quits
            if words and len(self._words) < MOST_ALONE:
                self._words[number, name] = words
        self._gone.add(name_key(name))

    def rename(self, number: int, name: str) -> bool:
        """Note a new name. True if nobody has seen the client yet, so the change is no news."""
        self.expect_no_name(number)
        if not self.is_unannounced(number) or self.is_seen_unannounced(number):
            return False
        self._joined[number] = name
        return True

    def expect_no_name(self, number: int) -> None:
        """Announce the client as soon as others are, if that is still to be done."""
        self._nameless.pop(number, None)
        if number in self._unseen_nameless:
            self._unseen_nameless.discard(number)
            self._unseen.add(number)

    @property
    def nameless(self) -> AbstractSet[int]:
        """The clients whose first name is waited for: lists need not name them yet."""
        return self._nameless.keys()

    def withdraw(self, number: int) -> bool:
        """Forget that a client has joined; False if that is announced already."""
        self._give_up(number)
        return self._joined.pop(number, None) is not None

    def _give_up(self, number: int) -> None:
        self._nameless.pop(number, None)
        self._unseen.discard(number)
        self._unseen_nameless.discard(number)

    def be_seen(self, *, but_nameless: bool = False) -> None:
        """Note that somebody has been shown a list of the people in the room.

        All of them, or `but_nameless`, those whose first name is waited for. Costs nothing that
        depends on how many there are, in the long run: newcomers are told in their thousands.
        """
        self._unseen.clear()
        if not but_nameless:
            self._unseen_nameless.clear()

    def is_unannounced(self, number: int) -> bool:
        """Whether the client has joined, and that is still to be announced."""
        return number in self._joined

    def is_seen_unannounced(self, number: int) -> bool:
        """Whether that is still to be announced, and somebody has seen it in a list already."""
        return number in self._joined and not (
            number in self._unseen or number in self._unseen_nameless
        )

    def has_left(self, name: str) -> bool:
        """Whether a client of this name has left, and that is still to be announced."""
        return name_key(name) in self._gone

    def forget(self) -> None:
        """Drop everything: there is nobody in the room to announce it to."""
        self._forget_all_but(frozenset())

    def _forget_all_but(self, waiting: AbstractSet[int]) -> None:
        self._left, self._words, self._passed, self._gone = {}, {}, {}, set()
        self._passed_too = 0
        self._joined = {number: name for number, name in self._joined.items() if number in waiting}
        self._nameless = {each: until for each, until in self._nameless.items() if each in waiting}
        self._unseen.clear()
        self._unseen_nameless &= waiting

    def delay(self, now: float) -> float | None:
        """Seconds until the next announcement is due; None if there is nothing to announce."""
        if self._left or self._passed or len(self._joined) > len(self._nameless):
            due = now
        elif self._nameless:
            due = next(iter(self._nameless.values()))
        else:
            return None
        return max(0.0, due - now, self._next - now)

    def tell(
        self, now: float, ignored: AbstractSet[int] = frozenset()
    ) -> Iterator[tuple[RoomEvent, int, str]]:
        """Yield the announcements: events, with number and name of the client that each is about.

        These are SERVER and an empty name if an event is about several clients. Of the clients that
        somebody ignores, in `ignored`, MOST_ALONE have events of their own, which can be hidden.
        Everything counts as announced afterwards, but for those whose first name is waited for.
        """
        self._next = now + INTERVAL
        waiting = {number for number, until in self._nameless.items() if until > now}
        left, words, passed = self._left, self._words, list(self._passed)
        passed_too = self._passed_too
        joined = [each for each in self._joined.items() if each[0] not in waiting]
        self._forget_all_but(waiting)

        def leaving(names: list[str], others: int) -> Left:
            quit_too = {name for (_, name), quits in left.items() if quits}
            return Left(names, others, [name for name in names if name in quit_too])

        for (number, name), said in words.items():
            yield Left([name], 0, [name] if left.pop((number, name)) else [], said), number, name
        # In this order, since a new client may have the name of one that has left.
        yield from _announcements(leaving, left, ignored)
        yield from _announcements(Passed, passed, ignored, passed_too)
        yield from _announcements(Joined, joined, ignored)


def _announcements(
    event: Callable[[list[str], int], RoomEvent],
    people: Iterable[tuple[int, str]],
    ignored: AbstractSet[int],
    more: int = 0,
) -> Iterator[tuple[RoomEvent, int, str]]:
    together = [each for each in people if each[0] not in ignored]
    alone = [each for each in people if each[0] in ignored]
    others = len(alone[MOST_ALONE:]) + more
    if together or others:
        about = together[0] if len(together) == 1 and not others else (SERVER, "")
        yield event([name for _, name in together], others), *about
    for number, name in alone[:MOST_ALONE]:
        yield event([name], 0), number, name
