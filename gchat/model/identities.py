"""Identities: whom a token stands for, and what they find again with it.

The name of one stays reserved while nobody has it. Times are in seconds since the epoch.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gchat.model.display import Display
from gchat.model.room_log import Cursor
from gchat.model.sanctions import Sanction
from gchat.model.tokens import digest
from gchat.text.addresses import Network
from gchat.text.lookalikes import LookAlikes
from gchat.text.naming import name_key

MOST = 20_000
"""Identities that are known: each takes about a kilobyte, and 300 bytes more for each further
room."""

MOST_OF_A_NETWORK = 200
"""Of those, how many may have come from one network, so that nobody reserves all names."""

MOST_FORGOTTEN = 1000
"""Numbers of forgotten identities that are remembered until the file has deleted them. If it cannot
be written for long, there would be one for each newcomer."""

SHORT_STAY = 600.0
"""Seconds of a stay that is worth less than a newcomer's token: who floods stays for less."""


class TooManyIdentities(Exception):
    """Raised if all that are known are worth more than a newcomer; `limit` is how many."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class RememberedPlace(NamedTuple):
    """How far one has got in a room."""

    room: str
    epoch: int
    """Of the message before `cursor` (model.epochs): ids of another one mean other messages."""
    cursor: Cursor
    """Up to here it has got what was said there."""
    own_ahead: int = 0
    """How many messages behind that it has said itself."""


class LeftRoom(NamedTuple):
    """The end of what one was sent in a room that it has left, and that need not have arrived."""

    room: str
    epoch: int
    """Of the message `end`."""
    last: int
    """The id of the last message of the room that has arrived."""
    end: int
    """The id of the last one that was sent before it left."""
    later: str
    """A room that it was in then, or came into."""
    place: int
    """The id behind which messages of that other room were sent later."""


@dataclass(slots=True, eq=False)
class Identity:
    """One whom a token stands for, as they were last."""

    number: int
    """That of its client, which is the same on every connection."""
    digest: str
    """That of the token."""
    network: Network
    """Where it came from when it was given the token."""
    name: str
    seen: float
    """When its client was last there."""
    places: list[RememberedPlace]
    """One in each of its rooms; the first is where it speaks."""
    left: list[LeftRoom] = field(default_factory=list)
    """Rooms that it has left, of which the end need not have arrived; the first one first."""
    display: Display = field(default_factory=Display)
    ignored: list[str] = field(default_factory=list)
    """The names that it ignores."""
    person: bool = True
    """Whether the client is a person, and no program."""
    rings: bool = False
    """Whether a bell rings when its name is said."""
    muted: Sanction | None = None
    correspondent: int = 0
    """As Client has it."""
    since: float = 0.0
    """When it was given its token; 0 if that was before the server started."""
    has_mail: bool = False
    """Direct messages wait for it (hub.mail)."""
    untold_until: float = 0.0
    """Until when nobody need be told that its client has left, by the monotonic clock: it is about
    to come back at another server that shares the store."""

    @property
    def place(self) -> RememberedPlace:
        """Where it speaks."""
        return self.places[0]

    def place_in(self, room: str) -> RememberedPlace | None:
        """Its place in `room`; None if it has none there."""
        return next((place for place in self.places if place.room == room), None)

    def has_said(self, room: str, count: int) -> bool:
        """Count so many more messages of its own in `room` as ahead of its place there.

        False if it has no place there.
        """
        for index, place in enumerate(self.places):
            if place.room == room:
                self.places[index] = place._replace(own_ahead=place.own_ahead + count)
                return True
        return False

    @property
    def is_worth_little(self) -> bool:
        """Nothing waits for it, and it stayed for a moment only."""
        return not self.has_mail and self.seen - self.since < SHORT_STAY


class Identities:
    """All that are known, bounded: of those who are gone and are worth little, the longest gone are
    forgotten."""

    def __init__(self, known: Iterable[Identity] = ()) -> None:
        """`known` are those there were before, the longest gone first."""
        self._by_number: dict[int, Identity] = {}
        self._by_digest: dict[str, Identity] = {}
        self._by_name: dict[str, Identity] = {}
        self._looks = LookAlikes()
        self._of_networks: Counter[Network] = Counter()
        self.changed: dict[int, Identity] = {}
        """Those that have to be written to the file, by number."""
        self.moved: dict[int, Identity] = {}
        """Identities of which only the place has to be written, by number."""
        self.forgotten: dict[int, None] = {}
        """The numbers of those that have to be deleted there."""
        self.on_forget: Callable[[int], object] = lambda _: None
        """Called with the number of each that is not known here any more."""
        self.forgot_many = False
        """Too many were forgotten to have their numbers: all that are not known are to be deleted
        there."""
        for identity in known:
            self._enter(identity)

    def add(self, identity: Identity, present: Container[int]) -> None:
        """Enter one more. `present` are the numbers of clients that are there.

        Raises TooManyIdentities if there is no room, and nobody who is worth less.
        """
        network = identity.network
        if self._of_networks[network] >= MOST_OF_A_NETWORK:
            self._forget_one(present, MOST_OF_A_NETWORK, network)
        if len(self._by_number) >= MOST:
            self._forget_one(present, MOST)
        self._enter(identity)
        self.changed[identity.number] = identity

    def of(self, number: int) -> Identity | None:
        """That of the client of this number; None if it has none."""
        return self._by_number.get(number)

    def all(self) -> list[Identity]:
        """All that are known."""
        return list(self._by_number.values())

    def numbers(self) -> list[int]:
        """The numbers of all that are known; another thread may ask for them."""
        return list(self._by_number)

    def shown(self, token: str) -> Identity | None:
        """Whom `token` stands for."""
        return self.with_digest(digest(token))

    def with_digest(self, shown: str) -> Identity | None:
        """Whom the token with this digest stands for."""
        return self._by_digest.get(shown)

    def called(self, key: str) -> Identity | None:
        """The identity whose name has this `key` (see naming.name_key); None if there is none."""
        return self._by_name.get(key)

    def beginning_with(self, key: str) -> list[str]:
        """The names of identities whose keys begin with `key`."""
        return [each.name for known, each in self._by_name.items() if known.startswith(key)]

    def like(self, name: str) -> list[Identity]:
        """Identities whose names look like `name` without being the same, with other letters."""
        return [self._by_name[key] for key in self._looks.of(name)]

    def muted(self, now: float) -> list[Identity]:
        """All whose own mute holds at `now`, whether their clients are there or not."""
        known = self._by_number.values()
        return [each for each in known if each.muted and each.muted.holds(now)]

    def rename(self, identity: Identity, name: str) -> None:
        """Give `identity` another `name`; the old one is nobody's any more."""
        self._give_up_name(identity)
        identity.name = name
        self._enter_name(identity)
        self.changed[identity.number] = identity

    def leave(self, identity: Identity, now: float) -> None:
        """Its client is gone."""
        identity.seen = now
        if identity.number in self._by_number:
            self._by_number[identity.number] = self._by_number.pop(identity.number)  # as the last
            self.changed[identity.number] = identity

    def forget(self, identity: Identity) -> None:
        """Its token stands for nobody, and its name is nobody's."""
        self.hand_over(identity)
        self.forgotten[identity.number] = None
        if len(self.forgotten) > MOST_FORGOTTEN:
            self.forgotten.clear()
            self.forgot_many = True

    def hand_over(self, identity: Identity) -> None:
        """It is another server's from now on; nothing is to be done in the file for that."""
        del self._by_number[identity.number]
        del self._by_digest[identity.digest]
        self._give_up_name(identity)
        self._of_networks[identity.network] -= 1
        if not self._of_networks[identity.network]:
            del self._of_networks[identity.network]
        self.changed.pop(identity.number, None)
        self.moved.pop(identity.number, None)
        self.on_forget(identity.number)

    def expire(self, now: float, last: float, present: Container[int]) -> None:
        """Forget those whose client has been gone since the time `last`, or longer."""
        for identity in list(self._by_number.values()):
            if identity.number in present:
                # For the file, should we end all of a sudden.
                if now - identity.seen > (now - last) / 8:
                    identity.seen = now
                    self.changed[identity.number] = identity
            elif identity.seen <= last:
                self.forget(identity)

    def _enter(self, identity: Identity) -> None:
        self._by_number[identity.number] = identity
        self._by_digest[identity.digest] = identity
        self._enter_name(identity)
        self._of_networks[identity.network] += 1

    def _enter_name(self, identity: Identity) -> None:
        key = name_key(identity.name)
        self._by_name[key] = identity
        self._looks.add(identity.name, key)

    def _give_up_name(self, identity: Identity) -> None:
        key = name_key(identity.name)
        del self._by_name[key]
        self._looks.remove(identity.name, key)

    def _forget_one(
        self, present: Container[int], limit: int, network: Network | None = None
    ) -> None:
        """Forget the longest gone that is worth little, of `network` or of all."""
        for identity in self._by_number.values():
            is_of_them = network in (None, identity.network) and identity.number not in present
            if is_of_them and identity.is_worth_little:
                self.forget(identity)
                return
        raise TooManyIdentities(limit)
