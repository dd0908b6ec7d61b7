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


class Directory(ABC):
    """Who there is: identities, what is kept for them, sanctions; and what rooms are about."""

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

    def claim(self, key: str, number: int, name: str) -> str:
        """Have the client of this number be called `name`, whose key is `key`, in all servers.

        Returns the name of the client of another server that has it; an empty string if there is
        none. Raises StoreError.
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

    @abstractmethod
    def keep_private(self, owner: int, private: Private, most: int) -> bool:
        """Keep a direct message for the identity of the number `owner`.

        False, and it is not kept, if over `most` bytes are kept for that identity already.
        """

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
