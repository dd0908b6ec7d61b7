"""Stores that behave as one that several servers share may: they keep nothing, like MemoryStore."""

import re
from collections.abc import Callable, Sequence

import gevent
import pytest
from gevent.event import Event

from gchat.model.message import Kind, Utterance
from gchat.model.room_log import Cursor
from gchat.model.runs import place
from gchat.store.base import Batch, Placed
from gchat.store.errors import StoreError
from gchat.store.memory import MemoryStore

FOREIGN = 2**60
"""The number of a client of another server."""

FOREIGN_LINES = re.compile(r"\bzed (joined|left)\b")
"""What people see of the notices about it."""


class ForeignLines(MemoryStore):
    """Places messages of other servers before each batch: two notices and an empty line.

    Notices, so that who counts what was said, or reads it, is not in their way.
    """

    places_at_once = False

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        gevent.sleep(0)
        placed = []
        for room, epoch, end, latest, utterances in batches:
            foreign = Utterance(
                max(latest, utterances[0].time),
                Kind.PRESENCE,
                ["zed joined", "zed left"],
                FOREIGN,
                "zed",
            )
            others = place(room, epoch, end, latest, [foreign])
            end = Cursor(end.id + 2, end.spoken)
            placed.append(Placed(others, place(room, epoch, end, latest, utterances)))
        return placed


class Slow(MemoryStore):
    """Takes a while."""

    places_at_once = False

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        gevent.sleep(0.003)
        return super().append(batches)


class SlowForeignLines(ForeignLines):
    """Does both."""

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        gevent.sleep(0.003)
        return super().append(batches)


class FailsOnce(MemoryStore):
    """Fails every other time."""

    places_at_once = False
    _fails = False

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        gevent.sleep(0)
        self._fails = not self._fails
        if self._fails:
            raise StoreError("it is away")
        return super().append(batches)


class Away(MemoryStore):
    """Fails as long as a test wants it to."""

    places_at_once = False

    def __init__(self) -> None:
        super().__init__()
        self.is_away = True
        self.tried = Event()

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        self.tried.set()
        if self.is_away:
            raise StoreError("it is away")
        return super().append(batches)


STORES: dict[str, Callable[[], MemoryStore]] = {
    "memory": MemoryStore,
    "foreign lines": ForeignLines,
    "slow": Slow,
    "slow and foreign": SlowForeignLines,
    "fails": FailsOnce,
}
"""All but the one that is away."""

USUAL = ("memory", "slow and foreign")
"""Those on which all tests run; on the others, only those of .ci/long do."""

FOREIGN_FREE = ("memory", "slow")
"""Those that have nothing but what a test has had said."""

VARIANTS = [
    pytest.param(make, id=name, marks=[] if name in USUAL else [pytest.mark.variant])
    for name, make in STORES.items()
]
"""What a fixture is parametrized with whose tests are to run on each of them."""

MEMORY_FIRST = [
    pytest.param(make, id=name, marks=[] if make is MemoryStore else [pytest.mark.variant])
    for name, make in STORES.items()
]
"""For thousands of tests: on all but the first one, only those of .ci/long run."""
