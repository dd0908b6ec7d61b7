"""Who has which name, and who is ignored under it."""

from collections.abc import Set as AbstractSet
from random import randrange

from gchat.hub.client import Client
from gchat.model.identities import Identities
from gchat.model.ignoring import NOBODY, Followed, IgnoreList
from gchat.text.addresses import Network
from gchat.text.naming import MAX_NAME, name_key, nearest_name

DIGITS = 6
"""Places kept free in a name that is offered for one that is taken: `ann2`, `ann3`, …"""

MAX_DEPARTED = 10_000
"""Names of those who have left that are still known: of one who said something and was gone."""


class NameTaken(Exception):
    """`holder` has this name; `free` is one like it that nobody has."""

    def __init__(self, holder: Client, free: str) -> None:
        super().__init__(free)
        self.holder = holder
        self.free = free


class NameReserved(Exception):
    """A name is reserved for somebody who has a token; `free` is one like it."""

    def __init__(self, free: str) -> None:
        super().__init__(free)
        self.free = free


class Names:
    """The names of all clients: one each, if only their address.

    Upper and lower case count as the same (text.name_key).
    """

    def __init__(self, identities: Identities) -> None:
        """`identities` have names that nobody else can take."""
        self._identities = identities
        self._holders: dict[str, Client] = {}
        self._followed: dict[str, Followed] = {}
        """What each name that is ignored stands for."""
        self._ignorers: dict[str, set[int]] = {}
        """The numbers of those who ignore it."""
        self._ignored_as: dict[int, set[str]] = {}
        """The names under which a client is ignored, by its number."""
        self._departed: dict[str, Network] = {}
        """Where those have come from who had a name and left, by its key."""

    def arrive(self, client: Client) -> None:
        """`client` is new, and called by its address."""
        key = name_key(client.name)
        # Two may have the same one, if they have reached us at different addresses of ours.
        self._holders.setdefault(key, client)
        self._follow(client, key)

    def holder(self, name: str) -> Client | None:
        """Who is called `name`."""
        return self.holder_of_key(name_key(name))

    def holder_of_key(self, key: str) -> Client | None:
        """Who has the name that is known by `key`."""
        return self._holders.get(key)

    def take(self, client: Client, name: str) -> None:
        """`client` is called `name` from now on. Raises NameTaken and NameReserved."""
        key = name_key(name)
        holder = self._holders.get(key, client)
        if holder is not client:
            raise NameTaken(holder, self.free(name))
        reserved = self._identities.called(key)
        if reserved and reserved.number != client.number:
            raise NameReserved(self.free(name))
        self._give_up(client)
        self._holders[key] = client
        client.name = name
        self._follow(client, key)

    def resume(self, client: Client, name: str) -> None:
        """`client` is called `name`, and is one who was here before, of the same number.

        Who ignored it before does so again. Raises the same.
        """
        self.take(client, name)
        for key, followed in self._followed.items():
            if client.number in followed.numbers:
                self._follow(client, key)

    def release(self, client: Client) -> None:
        """`client` leaves."""
        self._give_up(client)
        if client.name != client.address:
            key = name_key(client.name)
            self._departed.pop(key, None)
            self._departed[key] = client.network  # as the last one
            if len(self._departed) > MAX_DEPARTED:
                del self._departed[next(iter(self._departed))]
        for key in client.ignores.names:
            self._forget_ignorer(key, client)
        for key in self._ignored_as.pop(client.number, ()):
            self._followed[key].leave(client.number)

    def departed(self, name: str) -> Network | None:
        """Where one has come from who was called `name` and has left not long ago."""
        return self._departed.get(name_key(name))

    def free(self, name: str) -> str:
        """`name`, or one like it, that nobody has."""
        free, tries = name, 1
        stem = nearest_name(name[: MAX_NAME - DIGITS])
        while name_key(free) in self._holders or self._identities.called(name_key(free)):
            tries += 1
            # Somebody may have taken thousands in their order, to make this take long.
            free = f"{stem}{tries if tries < 10 else randrange(10, 10**DIGITS)}"
        return free

    # Ignoring

    @property
    def ignored(self) -> AbstractSet[int]:
        """The numbers of all clients that somebody ignores."""
        return self._ignored_as.keys()

    def ignore(self, client: Client, name: str) -> None:
        """`client` hears no more of who is called `name`, now or later. Raises TooManyIgnored."""
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

    def stop_ignoring(self, client: Client, name: str) -> str | None:
        """Undo it, also if `name` is a new one of theirs; returns the name that was ignored."""
        holder = self.holder(name)
        key = client.ignores.key_of(name, holder.number if holder else None)
        if key is None:
            return None
        self._forget_ignorer(key, client)
        spelled = client.ignores.remove(key)
        if not client.ignores.names:
            client.ignores = NOBODY
        return spelled

    def _follow(self, client: Client, key: str) -> None:
        """Whoever ignores this name ignores `client`, which has it now."""
        if key in self._followed:
            self._followed[key].add(client.number)
            self._ignored_as.setdefault(client.number, set()).add(key)

    def _forget_ignorer(self, key: str, client: Client) -> None:
        ignorers = self._ignorers[key]
        ignorers.discard(client.number)
        if not ignorers:
            del self._ignorers[key]
            for number in self._followed.pop(key).numbers:
                if names := self._ignored_as.get(number):
                    names.discard(key)
                    if not names:
                        del self._ignored_as[number]

    def _give_up(self, client: Client) -> None:
        key = name_key(client.name)
        if self._holders.get(key) is client:
            del self._holders[key]
