"""The second part of a store: who there is, what is kept for them, what rooms are about.

Its methods read and write as those of base.py do.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from gchat.model.identities import Identity
from gchat.model.message import Private, Topic
from gchat.model.sanctions import Sanction
from gchat.text.addresses import Network

Sanctions = Mapping[Network, Sanction]
"""Bans or mutes, in the order in which they were imposed."""


class Holder(NamedTuple):
    """Who has a name."""

    server: str
    """Empty if it is reserved for one who has left."""
    number: int
    name: str


class HeldBy(NamedTuple):
    """Another server has an identity, and is there."""

    server: str


class Taken(NamedTuple):
    """An identity that this server has from now on."""

    identity: Identity
    server: str
    """Which server had it before, this one perhaps; empty if that one has let go of it."""
    untold: float
    """Seconds for which nobody need be told that its client has left where it was."""


class Directory(ABC):
    """Who there is: identities, what is kept for them, sanctions; and what rooms are about."""

    reserve: float = 0.0
    """Seconds for which identities are kept, and their names reserved, once their clients have
    left; whoever runs the store sets it."""

    first_number: int
    """The lowest number for a client of this run of the server: above all of earlier runs, so
    that the `sender` of a message means one client for ever."""

    first_private: int
    """The lowest number for a direct message of this run: above all that are kept."""

    @abstractmethod
    def topic(self, room: str) -> Topic | None:
        """Read what `room` is about; None if it has no topic."""

    @abstractmethod
    def write_topic(self, room: str, topic: Topic | None) -> None:
        """Write what `room` is about."""

    def claim(self, key: str, number: int, name: str, looks: Iterable[str] = ()) -> str:
        """Have the client of this number be called `name`, whose key is `key`, in all servers.

        Returns the name of the client of another server that has it, or has just taken one that
        has one of `looks` (text.lookalikes.skeletons) as well; an empty string if there is none.
        Raises StoreError.
        """
        return ""

    def holder(self, key: str) -> Holder | None:
        """The client of any server whose name has this `key`; None if no other server has one.

        Raises StoreError.
        """
        return None

    def release(self, key: str, number: int, until: float = 0.0) -> None:
        """Learn that the client of this number has the name with this `key` no longer.

        It stays reserved for that client until that time. Does not wait, and raises nothing.
        """
        return

    @abstractmethod
    def sanctions(self, kind: str) -> Sanctions:
        """Read all sanctions of a kind, `ban` or `mute`."""

    @abstractmethod
    def write_sanctions(self, held: Mapping[str, Sanctions]) -> None:
        """Write all sanctions, by their kind, in place of those before."""

    def impose(self, kind: str, network: Network, sanction: Sanction | None) -> None:
        """Have all servers learn of a sanction on `network`, or that there is none any more.

        Raises StoreError.
        """
        return

    def new_sanctions(self) -> Mapping[str, Sanctions] | None:
        """Read all sanctions, by their kind, if other servers have changed some; or None.

        Raises StoreError.
        """
        return None

    @abstractmethod
    def identities(self) -> list[Identity]:
        """Read all identities, the longest gone first."""

    @abstractmethod
    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        """Write all of each identity in `changed`, and how far each in `moved` has read.

        And delete the identities of the numbers in `forgotten`, with what is kept for them.
        """

    @abstractmethod
    def keep_identities(self, known: Callable[[], Collection[int]]) -> None:
        """Delete all identities, with what is kept for them, but those of the numbers in `known`.

        It is called when that is done, perhaps in another thread: whoever is new by then is known.
        """

    # Identities that several servers have, one after the other

    def take(self, shown: str) -> Taken | HeldBy | None:
        """Have this server have the identity of the token with the digest `shown`.

        None if no server has told of it, as it was given a moment ago. Raises StoreError.
        """
        return None

    def look_up(self, shown: str) -> Identity | None:
        """Read the identity of the token with this digest, whichever server has it.

        None as for `take`. Raises StoreError.
        """
        return None

    def let_go(self, identity: Identity, privates: Sequence[Private], untold: float) -> bool:
        """Have other servers be able to take `identity`, with direct messages to it.

        `untold` as in Taken. False if this server has it no more. Raises StoreError; then it is not
        known whether this server still has it, which `lost` tells later.
        """
        return False

    def free(self, shown: str) -> bool:
        """Have other servers be able to take the identity of the token with this digest.

        It was taken, and is not used. False if this server does not have it. Raises StoreError.
        """
        return False

    def forget_here(self, number: int) -> None:
        """Delete the identity of this number, which another server has, from what this one keeps.

        Raises StoreError.
        """
        return

    def lost(self) -> Sequence[int]:
        """The numbers of identities that other servers have taken, as this one was away.

        Of those that have changed, or were told again, since this was asked last.
        """
        return ()

    def taken(self) -> Collection[int]:
        """Read the numbers of all identities of this server that others have taken.

        Those that `lost` has told of are left out. Raises StoreError.
        """
        return ()

    def tell_again(self, identities: Iterable[Identity]) -> None:
        """Have the other servers be told of `identities` again, soon. Does not wait."""
        return

    # Direct messages

    @abstractmethod
    def keep_private(self, owner: int, private: Private, most: int) -> bool:
        """Keep a direct message for the identity of the number `owner`.

        False, and it is not kept, if over `most` bytes are kept for that identity already.
        """

    def leave_private(self, key: str, owner: int, private: Private, most: int) -> bool | None:
        """Keep a direct message for an identity that no server has, until one takes it.

        `key` is that of its name, and it has the number `owner`. False as for `keep_private`; None
        if it has come back, or is forgotten. Raises InDoubt if that may have been done, and
        StoreError if it was not.
        """
        return None

    def left_privates(self, owners: Sequence[int]) -> list[tuple[int, Private]]:
        """Read what was left (`leave_private`) for identities that this server has, as it was away.

        Each message with whom of `owners` it is for, and once; `privates` has it until it has
        arrived. Raises StoreError.
        """
        return []

    @abstractmethod
    def write_privates(self, kept: Sequence[tuple[int, Private]], gone: Sequence[int]) -> None:
        """Keep direct messages, each with the number of the identity that it is for.

        And delete those with the numbers `gone`. To keep one again, or to delete one that is not
        kept, changes nothing.
        """

    @abstractmethod
    def privates(self, owner: int) -> list[Private]:
        """Read the direct messages that are kept for an identity, by their numbers.

        What is being kept when this is called is among them.
        """
