# ruff: noqa: D102 - base.py says what each method does
"""A store that keeps nothing: the logs of the rooms in memory are all there is."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from gchat.model.epochs import first_epoch
from gchat.model.identities import Identity
from gchat.model.message import Message, Private, Topic
from gchat.model.room_log import Cursor
from gchat.model.runs import place
from gchat.store.base import END_PATIENCE, Archive, Batch, Left, Opened, Placed, Store
from gchat.store.directory import Directory, Sanctions
from gchat.text.query import Query


class MemoryStore(Store):
    """The logs of a server without a history file."""

    is_kept = False
    places_at_once = True

    def __init__(self) -> None:
        self.directory = MemoryDirectory()
        self.archive = MemoryArchive()

    def open(self, room: str) -> Opened:
        return Opened(Cursor(0, 0), first_epoch(), [])

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        return [Placed((), place(*batch)) for batch in batches]

    def read(self, room: str, last: int, end: int, most: int, characters: int) -> list[Message]:
        return []

    def start(self, room: str) -> None:
        return None

    def epoch_end(self, room: str, epoch: int) -> None:
        return None

    def marked(self, sender: int, most: int) -> list[Message]:
        return []

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
    first_private = 1

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

    def keep_identities(self, known: Callable[[], Collection[int]]) -> None:
        pass

    def keep_private(self, owner: int, private: Private, most: int) -> bool:
        return False

    def write_privates(self, kept: Sequence[tuple[int, Private]], gone: Sequence[int]) -> None:
        pass

    def privates(self, owner: int) -> list[Private]:
        return []


class MemoryArchive(Archive):
    """What can be searched beyond the memory of a server without a history file: nothing."""

    def find(self, query: Query, before: int, count: int) -> tuple[int, list[Message]]:
        return 0, []

    def find_of(self, sender: int) -> Iterator[tuple[str, list[int]]]:
        return iter(())

    def since(self, room: str, time: float) -> None:
        return None

    def since_spoken(self, room: str, spoken: int) -> None:
        return None

    def index(self, most: int) -> Left:
        return Left(0, 0)

    def left(self) -> Left:
        return Left(0, 0)

    def purge(self) -> Iterator[None]:
        return iter(())
