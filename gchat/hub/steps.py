"""Keeping step: those who have got the same, and are to get the same next, share one cursor.

Nearly all listeners do. That it is the very same object says all that is to be known about
one of them: where it stands, how its lines look, and that nothing is owed to it alone. So a
round sends them the same bytes without looking at anything else of theirs.
"""

from collections.abc import Collection, Iterable

from gchat.delivery.batch import Batch, Batches
from gchat.model.log import Cursor
from gchat.model.look import Look

MAX_LOOKS = 64
"""Looks with which clients may keep step in a room. If each had its own, a round would keep a
batch for each of them."""


class InStep:
    """Those who have got what was said up to a place, and keep step from there on."""

    __slots__ = ("_cursors", "_expected", "_free", "place")

    def __init__(self, place: Cursor, looks: Iterable[Look] = ()) -> None:
        """`looks` are those of who kept step up to here: no others take their places."""
        self.place = place
        self._cursors: dict[Look, Cursor] = {}
        self._expected = frozenset(looks)
        self._free = MAX_LOOKS - len(self._expected)

    @property
    def looks(self) -> Collection[Look]:
        """Those with which somebody was taken in, MAX_LOOKS at the most."""
        return self._cursors.keys()

    def find(self, look: Look) -> Cursor | None:
        """The cursor that those with this look share; None if they do not."""
        return self._cursors.get(look)

    def take_in(self, look: Look) -> Cursor:
        """The cursor for one more with this look; its own, if there is no place for the look."""
        cursor = self._cursors.get(look)
        if cursor is None:
            cursor = Cursor(*self.place)
            if look in self._expected:
                self._cursors[look] = cursor
            elif self._free:
                self._free -= 1
                self._cursors[look] = cursor
        return cursor


class Step:
    """What a round sends to those of one look who keep step, and how many have got it."""

    __slots__ = ("batch", "data", "end", "messages", "reached", "size", "start")

    def __init__(self, start: Cursor, batch: Batch, end: Cursor) -> None:
        """They have the cursor `start`, and the cursor `end` when they have got `batch`."""
        self.start = start
        self.batch = batch
        self.end = end
        self.data = batch.data
        self.size = len(batch.data)
        self.messages = end.spoken - start.spoken
        """How many of them people have said."""
        self.reached = 0


class Steps:
    """Those of one round, each made when it is first asked for."""

    def __init__(self, start: InStep, end: InStep, batches: Batches) -> None:
        self._start = start
        self._end = end
        self._batches = batches
        self._steps: dict[Look, Step | None] = {}

    def of(self, look: Look) -> Step | None:
        """The one of those whose lines look like this; None if they have to be seen to singly."""
        if look not in self._steps:
            self._steps[look] = self._make(look)
        return self._steps[look]

    @property
    def taken(self) -> list[Step]:
        """All that were made."""
        return [step for step in self._steps.values() if step]

    def _make(self, look: Look) -> Step | None:
        cursor, end = self._start.find(look), self._end.place
        batch = self._batches.between(self._start.place, end, look) if cursor else None
        if not (cursor and batch and batch.data and batch.end == end):
            return None
        return Step(cursor, batch, self._end.take_in(look))
