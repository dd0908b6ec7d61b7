"""Cohorts: clients that stand at the same cursor and want the same bytes."""

from collections.abc import Collection, Iterable

from gchat.model.display import Display
from gchat.model.room_log import Cursor

MAX_DISPLAYS = 64
"""Looks with which clients may keep step in a room. If each had its own, a round would keep a
batch for each of them."""


class Cohorts:
    """Those who have got what was said up to a place, and keep step from there on."""

    __slots__ = ("_cursors", "_expected", "_free", "place")

    def __init__(self, place: Cursor, displays: Iterable[Display] = ()) -> None:
        """`looks` are those of who kept step up to here: no others take their places."""
        self.place = place
        self._cursors: dict[Display, Cursor] = {}
        self._expected = frozenset(displays)
        self._free = MAX_DISPLAYS - len(self._expected)

    @property
    def displays(self) -> Collection[Display]:
        """Those with which somebody was taken in, MAX_LOOKS at the most."""
        return self._cursors.keys()

    def find(self, display: Display) -> Cursor | None:
        """The cursor that those with this look share; None if they do not."""
        return self._cursors.get(display)

    def join(self, display: Display) -> Cursor:
        """The cursor for one more with this look; its own, if there is no place for the look."""
        cursor = self._cursors.get(display)
        if cursor is None:
            cursor = Cursor(*self.place)
            if display in self._expected:
                self._cursors[display] = cursor
            elif self._free:
                self._free -= 1
                self._cursors[display] = cursor
        return cursor
