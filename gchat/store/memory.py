# ruff: noqa: D102 - base.py says what each method does
"""A store that keeps nothing: the logs of the rooms in memory are all there is."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import inf

from gchat.model.identities import Identity
from gchat.model.message import Message, Private, Topic
from gchat.model.room_log import Cursor, place
from gchat.store.base import (
    END_PATIENCE,
    Archive,
    Batch,
    Directory,
    Opened,
    Placed,
    Sanctions,
    Store,
)
from gchat.text.query import Query


class MemoryStore(Store):
    """The logs of a server without a history file."""

    is_kept = False
    places_at_once = True

    def __init__(self) -> None:
        self.directory = MemoryDirectory()
        self.archive = MemoryArchive()

    def open(self, room: str) -> Opened:
        return Opened(Cursor(0, 0), [])

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        return [Placed((), place(*batch)) for batch in batches]

    def read(self, room: str, last: int, end: int, most: int, characters: int) -> list[Message]:
        return []

    def start(self, room: str) -> None:
        return None

    def gone_between(self, room: str, last: int, end: int) -> int:
        return 0

    def delete(self, room: str, ids: Collection[int]) -> set[int]:
        return set()

    def trim_old(self, time: float, most: int) -> int:
        return 0

    def trim_room(self, room: str, kept: int, most: int) -> int:
        return 0

    def find_crowded(self, behind: str, most: int) -> str:
        return ""

    def close(self, seconds: float = END_PATIENCE) -> None:
        pass


class MemoryDirectory(Directory):
    """What is known to a server without a history file when it starts: nothing."""

    first_number = 1

    def topic(self, room: str) -> Topic | None:
        return None

    def write_topic(self, room: str, topic: Topic | None) -> None:
        pass

    def sanctions(self, kind: str) -> Sanctions:
        return {}

    def write_sanctions(self, held: Mapping[str, Sanctions]) -> None:
        pass

    def identities(self) -> list[Identity]:
        return []

    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        pass

    def keep_privates(self, number: int, privates: Sequence[Private], most: float = inf) -> bool:
        return False

    def take_privates(self, number: int) -> list[Private]:
        return []


class MemoryArchive(Archive):
    """What can be searched beyond the memory of a server without a history file: nothing."""

    def find(self, query: Query, before: int, count: int) -> list[tuple[int, Message]]:
        return []

    def find_of(self, sender: int, before: int, most: int) -> tuple[int, list[tuple[str, int]]]:
        return 0, []

    def since(self, room: str, time: float) -> None:
        return None

    def since_spoken(self, room: str, spoken: int) -> None:
        return None

    def index(self, most: int) -> int:
        return 0

    def purge(self) -> Iterator[None]:
        return iter(())
