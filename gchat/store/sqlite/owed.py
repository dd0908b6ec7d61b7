"""Rows that the history file is owed: messages that have their places and are not written yet."""

import sys
from collections import Counter, deque
from collections.abc import Collection, Sequence
from itertools import islice

from gchat.model.message import SPOKEN
from gchat.model.room_log import (
    ID,
    KIND,
    MAX_BYTES,
    MAX_MESSAGES,
    MESSAGE_BYTES,
    ROOM,
    SPOKEN_UP_TO,
    TEXT,
    Cursor,
    Entry,
    without_text,
)


class OwedRows:
    """An ordered queue of rows, bounded: of what is too much, the first are lost, and counted.

    The rows are the tuples of the rooms' logs; there is no second copy as long as those have them.
    """

    def __init__(self, max_rows: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._rows = deque[Entry]()
        self._bytes = 0
        self._begun = 0
        """How many of the first are being written, so that it is open whether the file has them."""
        self._of_room = Counter[str]()
        self._ends: dict[str, Cursor] = {}
        """The end of each room that is owed something."""
        self.lost_ends: dict[str, Cursor] = {}
        """The end of what was lost in each room: ids up to there must not be given out again."""
        self.lost = 0
        """Rows that were lost since all was written."""
        self.settled = 0
        """Rows that were owed once and are no more."""

    def __len__(self) -> int:
        return len(self._rows)

    def owes(self, room: str) -> bool:
        """Whether something of `room` is to be written."""
        return room in self._ends

    def end(self, room: str) -> Cursor:
        """The place behind the last row of `room`; the very beginning if nothing is owed."""
        return self._ends.get(room, Cursor(0, 0))

    def of(self, room: str, last: int = 0, end: int = sys.maxsize) -> list[Entry]:
        """The rows of `room` from behind the id `last` up to `end`."""
        if not self._of_room[room]:
            return []
        return [row for row in self._rows if row[ROOM] == room and last < row[ID] <= end]

    def add(self, rows: Sequence[Entry], *, begun: bool = False) -> None:
        """Owe some more, behind the others; `begun`: they are being written, and are the first."""
        self._rows.extend(rows)
        if begun:
            self._begun = len(rows)
        for row in rows:
            self._bytes += MESSAGE_BYTES + sys.getsizeof(row[TEXT])
            self._of_room[row[ROOM]] += 1
            self._ends[row[ROOM]] = Cursor(row[ID], row[SPOKEN_UP_TO])
        self._lose_surplus()

    def begin(self, most: int) -> list[Entry]:
        """Take a look at the first rows, which are about to be written: these are not lost."""
        rows = list(islice(self._rows, most))
        self._begun = len(rows)
        return rows

    def succeed(self, written: int) -> None:
        """The file has taken the rows that were begun with, but for some that it cannot have.

        `written`: how many of them it has; the others are lost.
        """
        self.lost += self._begun - written
        for _ in range(self._begun):
            self._take_first()
        self._begun = 0

    def fail(self) -> None:
        """The file has none of the rows that were begun with: they may be lost like the others."""
        self._begun = 0
        self._lose_surplus()

    def settle_lost_ends(self, ends: dict[str, Cursor]) -> None:
        """The file has these ends of what was lost."""
        for room, end in ends.items():
            if self.lost_ends.get(room) == end:
                del self.lost_ends[room]
                self._forget_end(room)

    def delete(self, room: str, ids: Collection[int]) -> set[int]:
        """Take the texts of messages away before they are written; returns whose that was."""
        deleted, wanted = set[int](), set(ids)
        if not self._of_room[room]:
            return deleted
        for index, row in enumerate(self._rows):
            if row[ROOM] == room and row[ID] in wanted and row[KIND] in SPOKEN:
                self._bytes -= sys.getsizeof(row[TEXT]) - sys.getsizeof("")
                self._rows[index] = without_text(row)
                deleted.add(row[ID])
        return deleted

    def _lose_surplus(self) -> None:
        if len(self._rows) <= self._max_rows and self._bytes <= self._max_bytes:
            return
        self._rows.rotate(-self._begun)
        begun = [self._rows.pop() for _ in range(self._begun)]
        while self._rows and (
            len(self._rows) + len(begun) > self._max_rows or self._bytes > self._max_bytes
        ):
            room = self._rows[0][ROOM]
            lost = Cursor(self._rows[0][ID], self._rows[0][SPOKEN_UP_TO])
            self.lost_ends[room] = lost
            self._take_first()
            self.lost += 1
        self._rows.extendleft(begun)

    def _take_first(self) -> None:
        row = self._rows.popleft()
        self.settled += 1
        self._bytes -= MESSAGE_BYTES + sys.getsizeof(row[TEXT])
        self._of_room[row[ROOM]] -= 1
        self._forget_end(row[ROOM])

    def _forget_end(self, room: str) -> None:
        if not self._of_room[room]:
            del self._of_room[room]
            if room not in self.lost_ends:
                self._ends.pop(room, None)
