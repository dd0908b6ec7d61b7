"""How far the server knows a room, with the last messages: what can be given back."""

from collections import deque
from collections.abc import Collection, Iterable

from gchat.model.message import SPOKEN
from gchat.model.runs import ID, KIND, TEXT, without_text
from gchat.store.redis.entries import Read

REMEMBERED = 1000
"""Messages of a room that can be given back to a Redis that has lost them,"""

CHARACTERS = 256 * 1024
"""and how long they may be together. They are the tuples of the room's log."""


class Chain:
    """The last messages of one room up to `end`, with their marks."""

    def __init__(self, end: int, mark: int | None, last: Iterable[Read] = ()) -> None:
        """`last` ends there. `mark` is None if it is not known: then the next one is believed."""
        self.end = end
        self.mark = mark
        self._recent = deque[Read](last)
        self._characters = sum(len(each.row[TEXT]) for each in self._recent)
        self._shorten()

    def add(self, read: Read) -> None:
        """Learn of the next message."""
        self._recent.append(read)
        self._characters += len(read.row[TEXT])
        self.end, self.mark = read.row[ID], read.mark
        self._shorten()

    def skip_to(self, end: int) -> None:
        """Learn that messages up to the id `end` are not kept any more."""
        self.end, self.mark = end, None
        self._recent.clear()
        self._characters = 0

    def delete(self, ids: Collection[int]) -> None:
        """Take the texts of messages away."""
        for index, read in enumerate(self._recent):
            if read.row[ID] in ids and read.row[KIND] in SPOKEN:
                self._characters -= len(read.row[TEXT])
                self._recent[index] = read._replace(row=without_text(read.row))

    @property
    def recent(self) -> list[Read]:
        """The last messages, one behind the other."""
        return list(self._recent)

    def mark_at(self, number: int) -> int | None:
        """The mark of the message with this id; None if it is not known."""
        if number == self.end:
            return self.mark
        first = self.end - len(self._recent) + 1
        return self._recent[number - first].mark if first <= number < self.end else None

    def _shorten(self) -> None:
        while len(self._recent) > REMEMBERED or self._characters > CHARACTERS:
            self._characters -= len(self._recent.popleft().row[TEXT])
