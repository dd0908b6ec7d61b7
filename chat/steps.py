"""Keeping step: those who have got the same, and are to get the same next, share one cursor.

Nearly all listeners do. That it is the very same object says all that is to be known about
one of them: where it stands, how its lines look, and that nothing is owed to it alone. So a
round sends them the same bytes without looking at anything else of theirs.
"""

from chat.batch import Batch, Batches
from chat.log import Cursor
from chat.look import Look

MAX_LOOKS = 64
"""Looks of which those who want them keep step, or a round would keep a batch for each client
that wants its own. Without a zone there are hardly more."""


class InStep:
    """Those who have got what was said up to a place, and keep step from there on."""

    __slots__ = ("_cursors", "place")

    def __init__(self, place: Cursor) -> None:
        self.place = place
        self._cursors: dict[Look, Cursor] = {}

    def find(self, look: Look) -> Cursor | None:
        """The cursor of those with this look; None if there has been nobody."""
        return self._cursors.get(look)

    def take_in(self, look: Look) -> Cursor:
        """The cursor for one more with this look; one of its own beyond MAX_LOOKS."""
        cursor = self._cursors.get(look)
        if cursor is None:
            cursor = Cursor(*self.place)
            if len(self._cursors) < MAX_LOOKS:
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
