"""The names of all clients, and which of them are ignored by whom."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from random import randrange

from gchat.hub.client import Client
from gchat.hub.elsewhere import Elsewhere
from gchat.model.identities import Identities, Identity
from gchat.model.ignoring import NOBODY, Followed, IgnoreList
from gchat.text.addresses import Network
from gchat.text.lookalikes import LookAlikes
from gchat.text.naming import MAX_NAME, name_key, nearest_name

SUFFIX_DIGITS = 6
"""Digits for which a free name has room behind the taken one: `ann2`, `ann3`, …"""

MAX_DEPARTED = 10_000
"""Names of clients that left, kept so that their addresses can still be banned or muted."""


class NameTaken(Exception):
    """Raised if `holder` has the name already; `free` is a similar name that is free.

    `holder` is None if it is a client of another server.
    """

    def __init__(self, holder: Client | None, free: str) -> None:
        super().__init__(free)
        self.holder = holder
        self.free = free


class NameReserved(Exception):
    """Raised if the name is reserved for the holder of a token; `free` is a similar free name."""

    def __init__(self, free: str) -> None:
        super().__init__(free)
        self.free = free


class Names:
    """The names of all clients: each client has one, at first its address, or guest-7.

    Names are compared by their key (text.naming.name_key): upper and lower case are the same.
    """

    def __init__(self, identities: Identities, elsewhere: Elsewhere | None = None) -> None:
        """Names of `identities` are reserved for the holders of their tokens.

        Clients of other servers, which are `elsewhere`, have theirs as well.
        """
        self._elsewhere = elsewhere or Elsewhere()
        self._identities = identities
        self._holders: dict[str, Client] = {}
        self._looks = LookAlikes()
        """The names of the holders by what they look like, but for addresses."""
        self._followed: dict[str, Followed] = {}
        """The clients that an ignored name stands for, by its key."""
        self._ignorers: dict[str, set[int]] = {}
        """The numbers of the clients that ignore a name, by its key."""
        self._away: dict[int, list[str]] = {}
        """The keys of the names that clients with an identity ignore which have left, by number."""
        identities.on_forget = self._forget_away
        self._ignored_as: dict[int, set[str]] = {}
        """The keys under which a client is ignored, by its number, while it is here."""
        self._known_as: dict[int, set[str]] = {}
        """The keys of ignored names that stand for a client, by its number, also if it is gone."""
        self._departed: dict[str, Network] = {}
        """The networks of clients that left, by the key of their name; the latest come last."""

    def arrive(self, client: Client) -> None:
        """Register a new client under its first name."""
        key = name_key(client.name)
        # Two clients have the same one if they have reached different addresses of the server.
        self._holders.setdefault(key, client)
        self._follow(client, key)

    def holder(self, name: str) -> Client | None:
        """Return the client called `name`, or None."""
        return self.holder_of_key(name_key(name))

    def holder_of_key(self, key: str) -> Client | None:
        """Return the client whose name has this `key`, or None."""
        return self._holders.get(key)

    def beginning_with(self, key: str) -> list[str]:
        """Return the names that clients have taken and whose keys begin with `key`."""
        return [
            holder.name
            for held, holder in self._holders.items()
            if held.startswith(key) and holder.name != holder.first_name
        ]

    def take(self, client: Client, name: str) -> None:
        """Rename `client` to `name`. Raises NameTaken and NameReserved."""
        self.check(client, name)
        self._hand_over(client, name, name_key(name))

    def check(self, client: Client, name: str) -> None:
        """Raise NameTaken or NameReserved if `client` may not be called `name`."""
        holder = self._like(name)
        if holder not in (None, client):
            raise NameTaken(holder, self.free(name))
        if other := self._elsewhere.like(name):
            raise NameTaken(None, self.free(name, other.name))
        if any(each.number != client.number for each in self._reserved_like(name)):
            raise NameReserved(self.free(name))

    def resume(self, client: Client, name: str, ignored: Iterable[str]) -> None:
        """Rename a client that has resumed its number to `name`, which is reserved for it.

        It is ignored as it was before, and ignores the names `ignored`. The name may look like that
        of another client, if both are from the time when that was not refused: neither has taken it
        from the other.
        """
        self._hand_over(client, name, name_key(name))
        for key in list(self._known_as.get(client.number, ())):
            self._follow(client, key)
        for each in ignored:
            self.ignore(client, each)
        for key in self._away.pop(client.number, ()):
            if key not in client.ignores.names:
                self._forget_ignorer(key, client.number)

    def release(self, client: Client) -> None:
        """Free the name of a client that leaves, and end what it ignores, if it has no identity:
        otherwise those whom it ignores do not escape by other names until it comes back.
        """
        self._give_up(client)
        if not client.is_nameless:
            key = name_key(client.name)
            self._departed.pop(key, None)
            self._departed[key] = client.network  # moves it to the end
            if len(self._departed) > MAX_DEPARTED:
                del self._departed[next(iter(self._departed))]
        self._away[client.number] = [*client.ignores.names]
        if not (client.ignores.names and self._identities.of(client.number)):
            self._forget_away(client.number)
        for key in self._ignored_as.pop(client.number, ()):
            for number in self._followed[key].leave(client.number):
                _take_out(self._known_as, number, key)

    def departed(self, name: str) -> Network | None:
        """Return the network of a client called `name` that left lately, or None."""
        return self._departed.get(name_key(name))

    def free(self, name: str, but: str = "") -> str:
        """Return `name` if it is free, and is not `but`; else a similar free name."""
        free, tries = name, 1
        stem = nearest_name(name[: MAX_NAME - SUFFIX_DIGITS])
        while free == but or self._is_taken(free):
            tries += 1
            # Random, since somebody may have taken thousands of them in order to slow this down.
            free = f"{stem}{tries if tries < 10 else randrange(10, 10**SUFFIX_DIGITS)}"
        return free

    def _is_taken(self, name: str) -> bool:
        taken = self._like(name) or self._reserved_like(name) or self._elsewhere.like(name)
        return bool(taken)

    # Ignoring

    @property
    def ignored(self) -> AbstractSet[int]:
        """The numbers of all clients that are ignored by anybody."""
        return self._ignored_as.keys()

    def ignore(self, client: Client, name: str) -> None:
        """Make `client` ignore every client called `name`, now or later. Raises TooManyIgnored."""
        key = name_key(name)
        followed = self._followed.get(key) or Followed()
        if client.ignores is NOBODY:
            client.ignores = IgnoreList(client.number)
        client.leave_cohort()
        client.ignores.add(name, followed)
        self._followed[key] = followed
        self._ignorers.setdefault(key, set()).add(client.number)
        if holder := self._holders.get(key):
            self._follow(holder, key)

    def ignored_by(self, identity: Identity) -> tuple[AbstractSet[str], AbstractSet[int]]:
        """Whom the owner of `identity`, who is not here, ignores.

        The keys of names, and the numbers of the clients that these stand for.
        """
        keys = {name_key(name) for name in identity.ignored}
        followed = (self._followed[key].numbers for key in keys if key in self._followed)
        return keys, set[int]().union(*followed)

    def stop_ignoring(self, client: Client, name: str) -> str | None:
        """Undo `ignore`; return the name that was ignored, or None if there is none.

        `name` may also be the present name of an ignored client.
        """
        holder = self.holder(name)
        key = client.ignores.key_of(name, holder.number if holder else None)
        if key is None:
            return None
        client.leave_cohort()
        self._forget_ignorer(key, client.number)
        spelled = client.ignores.remove(key)
        if not client.ignores.names:
            client.ignores = NOBODY
        return spelled

    def _hand_over(self, client: Client, name: str, key: str) -> None:
        """Make `name`, of which this is the key, the name of `client`."""
        self._give_up(client)
        self._holders[key] = client
        self._looks.add(name, key)
        client.name = name
        self._follow(client, key)

    def _like(self, name: str) -> Client | None:
        """The client called `name`, or else one whose name looks like it."""
        keys = [name_key(name), *self._looks.of(name)]
        return next((self._holders[key] for key in keys if key in self._holders), None)

    def _reserved_like(self, name: str) -> list[Identity]:
        """The identity called `name`, or else those whose names look like it."""
        called = self._identities.called(name_key(name))
        return [called] if called else self._identities.like(name)

    def _follow(self, client: Client, key: str) -> None:
        """If the name with this `key` is ignored, `client`, which has it now, is ignored, too."""
        if key in self._followed:
            self._followed[key].add(client.number)
            self._ignored_as.setdefault(client.number, set()).add(key)
            self._known_as.setdefault(client.number, set()).add(key)

    def _forget_away(self, number: int) -> None:
        """Note that the client of this number, which has left, will not come back."""
        for key in self._away.pop(number, ()):
            self._forget_ignorer(key, number)

    def _forget_ignorer(self, key: str, number: int) -> None:
        """Note that the client of this number no longer ignores the name with this `key`."""
        ignorers = self._ignorers[key]
        ignorers.discard(number)
        if not ignorers:
            del self._ignorers[key]
            for number in self._followed.pop(key).numbers:
                _take_out(self._ignored_as, number, key)
                _take_out(self._known_as, number, key)

    def _give_up(self, client: Client) -> None:
        key = name_key(client.name)
        if self._holders.get(key) is client:
            del self._holders[key]
            self._looks.remove(client.name, key)


def _take_out(keys_of: dict[int, set[str]], number: int, key: str) -> None:
    """Take `key` away from those of `number`, if it is among them."""
    if keys := keys_of.get(number):
        keys.discard(key)
        if not keys:
            del keys_of[number]
