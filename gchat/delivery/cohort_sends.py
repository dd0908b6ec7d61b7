"""Keeping step: those who have got the same, and are to get the same next, share one cursor.

Nearly all listeners do. That it is the very same object says all that is to be known about
one of them: where it stands, how its lines look, and that nothing is owed to it alone. So a
round sends them the same bytes without looking at anything else of theirs.
"""

from gchat.delivery.batch import Batch, Batches
from gchat.hub.cohorts import Cohorts
from gchat.model.display import Display
from gchat.model.room_log import Cursor


class CohortSend:
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


class CohortSends:
    """Those of one round, each made when it is first asked for."""

    def __init__(self, start: Cohorts, end: Cohorts, batches: Batches) -> None:
        self._start = start
        self._end = end
        self._batches = batches
        self._sends: dict[Display, CohortSend | None] = {}

    def of(self, display: Display) -> CohortSend | None:
        """The one of those whose lines look like this; None if they have to be seen to singly."""
        if display not in self._sends:
            self._sends[display] = self._make(display)
        return self._sends[display]

    @property
    def taken(self) -> list[CohortSend]:
        """All that were made."""
        return [send for send in self._sends.values() if send]

    def _make(self, display: Display) -> CohortSend | None:
        cursor, end = self._start.find(display), self._end.place
        batch = self._batches.between(self._start.place, end, display) if cursor else None
        if not (cursor and batch and batch.data and batch.end == end):
            return None
        return CohortSend(cursor, batch, self._end.join(display))
