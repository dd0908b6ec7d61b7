"""Keeping step: those who have got the same, and are to get the same next, share one cursor.

Nearly all listeners do. That it is the very same object says all that is to be known about
one of them: where it stands, how its lines look, and that nothing is owed to it alone. So a
round sends them the same bytes without looking at anything else of theirs.
"""

from chat.batch import Batch, Batches
from chat.log import Cursor
from chat.look import Look
from chat.room import Room


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
    """Those of one round of `room`, each made when it is first asked for."""

    def __init__(self, room: Room, end: Cursor, batches: Batches) -> None:
        """The round goes from `room.sent` to `end`, which is the next one's `room.sent`."""
        self._start, self._starts = room.sent, room.in_step
        if end.id > room.sent.id:
            room.sent = end
        self._end, self._ends = end, room.in_step
        self._batches = batches
        self._steps: dict[Look, Step | None] = {}

    def of(self, look: Look) -> Step | None:
        """The one of those whose lines look like this; None if they have to be seen to singly."""
        if look not in self._steps:
            self._steps[look] = self._make(look)
        return self._steps[look]

    def end_of(self, look: Look) -> Cursor:
        """The cursor for one who has got all of the round, and keeps step from now on."""
        return self._ends.setdefault(look, Cursor(*self._end))

    @property
    def taken(self) -> list[Step]:
        """All that were made."""
        return [step for step in self._steps.values() if step]

    def _make(self, look: Look) -> Step | None:
        start = self._starts.get(look)
        batch = self._batches.between(self._start, self._end, look) if start else None
        if not (start and batch and batch.data and batch.end == self._end):
            return None
        return Step(start, batch, self.end_of(look))
