"""A store in memory that behaves like a history file: a later server finds what is in it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from dataclasses import replace

from gchat.model.identities import Identity
from gchat.model.message import Message, Private
from gchat.model.room_log import Cursor
from gchat.model.runs import messages_of
from gchat.store.base import Batch, Opened, Placed
from gchat.store.memory import MemoryDirectory, MemoryStore

NOWHERE = Cursor(0, 0)

EPOCH = 1

TAIL = 4
"""Messages that a room has in memory when it is opened."""


class Disk:
    """What outlasts a server."""

    def __init__(self) -> None:
        self.rooms = defaultdict[str, list[Message]](list)
        self.identities: dict[int, Identity] = {}
        self.privates: dict[int, tuple[int, Private]] = {}
        """Direct messages with the numbers of their identities, by their own numbers."""
        self.next_number = 1

    def number(self) -> int:
        """A number for a client that no other one has had."""
        self.next_number += 1
        return self.next_number - 1


class DiskStore(MemoryStore):
    """The store of one server on a Disk. Messages are on the disk as soon as they have places."""

    is_kept = True

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self._disk = disk
        self.directory = DiskDirectory(disk)

    def open(self, room: str) -> Opened:
        messages = self._disk.rooms[room]
        end = Cursor(messages[-1].id, messages[-1].spoken) if messages else NOWHERE
        return Opened(end, EPOCH, messages[-TAIL:])

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        placed = super().append(batches)
        for batch, places in zip(batches, placed, strict=True):
            for run in places.runs:
                self._disk.rooms[batch.room] += messages_of(run)
        return placed

    def read(self, room: str, last: int, end: int, most: int, characters: int) -> list[Message]:
        return self._disk.rooms[room][last : min(end, last + most)]


class DiskDirectory(MemoryDirectory):
    """The identities, and the direct messages kept for them."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.first_private = max(disk.privates, default=0) + 1

    def identities(self) -> list[Identity]:
        known = sorted(self._disk.identities.values(), key=lambda each: each.seen)
        return [_copy(identity) for identity in known]

    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        for identity in changed:
            self._disk.identities[identity.number] = _copy(identity)
        for identity in moved:
            self._disk.identities[identity.number].places = [*identity.places]
        for number in forgotten:
            self._disk.identities.pop(number, None)
            self._forget_privates(number)

    def keep_identities(self, known: Callable[[], Collection[int]]) -> None:
        for number in self._disk.identities.keys() - {*known()}:
            del self._disk.identities[number]
            self._forget_privates(number)

    def _forget_privates(self, owner: int) -> None:
        for private in self.privates(owner):
            del self._disk.privates[private.number]

    def keep_private(self, owner: int, private: Private, most: int) -> bool:
        self._disk.privates[private.number] = (owner, private)
        return True

    def write_privates(self, kept: Sequence[tuple[int, Private]], gone: Sequence[int]) -> None:
        for number in gone:
            self._disk.privates.pop(number, None)
        self._disk.privates.update((private.number, (owner, private)) for owner, private in kept)

    def privates(self, owner: int) -> list[Private]:
        found = sorted(self._disk.privates.items())
        return [private for _, (each, private) in found if each == owner]


def _copy(identity: Identity) -> Identity:
    return replace(identity, ignored=copy(identity.ignored), places=copy(identity.places))
