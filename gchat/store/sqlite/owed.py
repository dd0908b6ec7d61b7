"""Rows that the history file is owed: messages that have their places and are not written yet."""

import sys
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import cast

from gchat.model.message import SPOKEN
from gchat.model.room_log import MAX_BYTES, MAX_MESSAGES, Cursor
from gchat.model.runs import (
    ID,
    KIND,
    REF,
    ROOM,
    RUN_BYTES,
    SENDER,
    SPOKEN_UP_TO,
    TEXT,
    Row,
    without_text,
)

SCANNED_AT_A_TIME = 4096
"""Rows that are scanned for those of one sender before others get a turn."""


class OwedRows:
    """An ordered queue of rows, bounded: of what is too much, the first are lost, and counted.

    It holds as much at the most as the log of a room.
    """

    def __init__(self, max_rows: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._order = deque[str]()
        """The room of each row, in the order of all rows."""
        self._of_room: dict[str, RoomRows] = {}
        """The rows themselves, of each room that is owed some."""
        self._bytes = 0
        self._begun = 0
        """How many of the first are being written, so that it is open whether the file has them."""
        self._ends: dict[str, Cursor] = {}
        """The end of each room that is owed something."""
        self.lost_ends: dict[str, Cursor] = {}
        """The end of what was lost in each room: ids up to there must not be given out again."""
        self.lost = 0
        """Rows that were lost since all was written."""
        self.settled = 0
        """Rows that were owed once and are no more."""

    def __len__(self) -> int:
        return len(self._order)

    def owes(self, room: str) -> bool:
        """Whether something of `room` is to be written."""
        return room in self._ends

    def end(self, room: str) -> Cursor:
        """The place behind the last row of `room`; the very beginning if nothing is owed."""
        return self._ends.get(room, Cursor(0, 0))

    def of(
        self, room: str, last: int = 0, end: int = sys.maxsize, most: int = sys.maxsize
    ) -> list[Row]:
        """The rows of `room` from behind the id `last` up to `end`, at most so many."""
        return self._of_room.get(room, NO_ROWS).between(last, end, most)

    def find_of(self, sender: int) -> Iterator[tuple[str, list[int]]]:
        """Yield rooms with ids of messages of `sender`, found among SCANNED_AT_A_TIME rows each.

        Between two of them rows may be added, and written, which are not found then.
        """
        for room in list(self._of_room):
            last = 0
            while rows := self.of(room, last, most=SCANNED_AT_A_TIME):
                last = rows[-1][ID]
                yield (
                    room,
                    [row[ID] for row in rows if row[SENDER] == sender and row[KIND] in SPOKEN],
                )

    def are_untouched(self, room: str, ids: Collection[int]) -> bool:
        """Whether all messages with these ids are owed, and none of them is being written."""
        rows, begun = self._of_room.get(room, NO_ROWS), self._count_begun()[room]
        return all(rows.find(number, begun) for number in ids)

    def marked(self, sender: int) -> list[Row]:
        """The rows of `sender` that have a `ref`, in their order. Looks at all rows."""
        each = {room: iter(rows.first(len(rows))) for room, rows in self._of_room.items()}
        rows = (next(each[room]) for room in self._order)
        return [row for row in rows if row[SENDER] == sender and row[REF] is not None]

    def add(self, rows: Sequence[Row], *, begun: bool = False) -> None:
        """Owe some more, behind the others; `begun`: they are being written, and are the first."""
        if begun:
            self._begun = len(rows)
        for row in rows:
            room = row[ROOM]
            self._order.append(room)
            self._bytes += _size(row)
            if room not in self._of_room:
                self._of_room[room] = RoomRows()
            self._of_room[room].append(row)
            self._ends[room] = Cursor(row[ID], row[SPOKEN_UP_TO])
        self._lose_surplus()

    def begin(self, most: int) -> list[Row]:
        """Take a look at the first rows, which are about to be written: these are not lost."""
        self._begun = min(most, len(self))
        each = {room: iter(self._of_room[room].first(n)) for room, n in self._count_begun().items()}
        return [next(each[room]) for room in islice(self._order, self._begun)]

    def succeed(self, written: int) -> None:
        """The file has taken the rows that were begun with, but for some that it cannot have.

        `written`: how many of them it has; the others are lost.
        """
        self.lost += self._begun - written
        for room, count in self._count_begun().items():
            self._bytes -= sum(map(_size, self._of_room[room].first(count)))
            self._take_out(room, 0, count)
        for _ in range(self._begun):
            self._order.popleft()
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
        deleted, rows = set[int](), self._of_room.get(room, NO_ROWS)
        for number in ids:
            row = rows.find(number)
            if row is not None and row[KIND] in SPOKEN:
                gone = without_text(row)
                self._bytes += _size(gone) - _size(row)
                rows.replace(gone)
                deleted.add(number)
        return deleted

    def _lose_surplus(self) -> None:
        if len(self) <= self._max_rows and self._bytes <= self._max_bytes:
            return
        begun, losing = self._count_begun(), Counter[str]()
        self._order.rotate(-self._begun)
        while len(self) > self._begun and (
            len(self) > self._max_rows or self._bytes > self._max_bytes
        ):
            room = self._order.popleft()
            row = self._of_room[room][begun[room] + losing[room]]
            losing[room] += 1
            self._bytes -= _size(row)
            self.lost_ends[room] = Cursor(row[ID], row[SPOKEN_UP_TO])
        self._order.rotate(self._begun)
        for room, count in losing.items():
            self._take_out(room, begun[room], count)
        self.lost += losing.total()

    def _count_begun(self) -> Counter[str]:
        return Counter(islice(self._order, self._begun))

    def _take_out(self, room: str, behind: int, count: int) -> None:
        """Owe no more so many rows of `room`, which are behind so many others of its."""
        self._of_room[room].take_out(behind, count)
        self.settled += count
        if not self._of_room[room]:
            del self._of_room[room]
            self._forget_end(room)

    def _forget_end(self, room: str) -> None:
        if room not in self._of_room and room not in self.lost_ends:
            self._ends.pop(room, None)


class RoomRows:
    """The rows of one room, found by their ids, which grow, without a look at each."""

    def __init__(self) -> None:
        self._rows = list[Row]()
        self._first = 0
        """How many at the front were taken: a list gives up its first by moving all others."""

    def __len__(self) -> int:
        return len(self._rows) - self._first

    def __getitem__(self, index: int) -> Row:
        return self._rows[self._first + index]

    def append(self, row: Row) -> None:
        """Add a row with a higher id than all others."""
        self._rows.append(row)

    def between(self, last: int, end: int, most: int) -> list[Row]:
        """The rows from behind the id `last` up to `end`, at most so many."""
        first = bisect_right(self._rows, last, self._first, key=itemgetter(ID))
        stop = bisect_right(self._rows, end, first, key=itemgetter(ID))
        return self._rows[first : min(stop, first + most)]

    def find(self, number: int, behind: int = 0) -> Row | None:
        """The row with the id `number`, if it is behind the first ones, of which so many."""
        place = self._place(number)
        if self._first + behind <= place < len(self._rows) and self._rows[place][ID] == number:
            return self._rows[place]
        return None

    def replace(self, row: Row) -> None:
        """Have `row` in place of the one that is here with its id."""
        self._rows[self._place(row[ID])] = row

    def first(self, count: int) -> list[Row]:
        """The first rows, so many."""
        return self._rows[self._first : self._first + count]

    def take_out(self, behind: int, count: int) -> None:
        """Take out so many rows behind others, which are few: these are moved."""
        stay = self.first(behind)
        self._rows[self._first : self._first + count + behind] = [TAKEN] * count + stay
        self._first += count
        if self._first * 2 > len(self._rows):
            del self._rows[: self._first]
            self._first = 0

    def _place(self, number: int) -> int:
        return bisect_left(self._rows, number, self._first, key=itemgetter(ID))


TAKEN = cast("Row", ())
"""Keeps the place of a row that was taken out, without its text."""

NO_ROWS = RoomRows()


def _size(row: Row) -> int:
    """What a row counts for, in bytes."""
    return RUN_BYTES + sys.getsizeof(row[TEXT])
