"""A store in memory that behaves like a history file: a later server finds what is in it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from math import inf

from gchat.model.identities import Identity
from gchat.model.message import Message, Private
from gchat.model.room_log import Cursor
from gchat.store.base import Batch, Opened, Placed
from gchat.store.memory import MemoryDirectory, MemoryStore

NOWHERE = Cursor(0, 0)

TAIL = 4
"""Messages that a room has in memory when it is opened."""


class Disk:
    """What outlasts a server."""

    def __init__(self) -> None:
        self.rooms = defaultdict[str, list[Message]](list)
        self.identities: dict[int, Identity] = {}
        self.privates = defaultdict[int, list[Private]](list)
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
        return Opened(end, messages[-TAIL:])

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        placed = super().append(batches)
        for batch, places in zip(batches, placed, strict=True):
            self._disk.rooms[batch.room] += [Message(*entry) for entry in places.entries]
        return placed

    def read(self, room: str, last: int, end: int, most: int, characters: int) -> list[Message]:
        return self._disk.rooms[room][last : min(end, last + most)]


class DiskDirectory(MemoryDirectory):
    """The identities, and the direct messages kept for them."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def identities(self) -> list[Identity]:
        known = sorted(self._disk.identities.values(), key=lambda each: each.seen)
        return [_copy(identity) for identity in known]

    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        for identity in changed:
            self._disk.identities[identity.number] = _copy(identity)
        for identity in moved:
            self._disk.identities[identity.number].place = identity.place
            self._disk.identities[identity.number].own_ahead = identity.own_ahead
        for number in forgotten:
            self._disk.identities.pop(number, None)
            self._disk.privates.pop(number, None)

    def keep_privates(self, number: int, privates: Sequence[Private], most: float = inf) -> bool:
        self._disk.privates[number] += privates
        return True

    def take_privates(self, number: int) -> list[Private]:
        return self._disk.privates.pop(number, [])


def _copy(identity: Identity) -> Identity:
    return replace(identity, ignored=copy(identity.ignored), privates=[])
