# ruff: noqa: D102 - base.py says what each method does
"""What is found in a history file: by its index, and by looking through it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from time import monotonic

from gchat.model.message import Message
from gchat.store.base import Archive, Left
from gchat.store.errors import decoding
from gchat.store.sqlite import deleting, index, messages, searching
from gchat.store.sqlite.owed import OwedRows
from gchat.store.sqlite.worker import Worker
from gchat.text.query import Query

LAST_PLACE = 2**62
"""Greater than the place of any message in the file."""

SLICE = 0.05
"""Seconds after which a search lets others come first, though it has not found enough."""

MOST_AT_ONCE = 200
"""Messages that are read at a time if they do not match as a rule: each may be as long as
--max-line."""

SAMPLE_GROWTH = 1.25
"""How often as long as before the file is when it is sampled again."""


class SqliteArchive(Archive):
    """What can be searched for in a history file. Three threads have the file open."""

    def __init__(self, writer: Worker, reader: Worker, searcher: Worker, owed: OwedRows) -> None:
        self._writer = writer
        self._reader = reader
        self._searcher = searcher
        self._owed = owed
        self._sampled = 0
        """The last place when the file was sampled."""
        self._counts = Counter[str]()

    @decoding()
    def find(self, query: Query, before: int, count: int) -> tuple[int, list[Message]]:
        end, found = monotonic() + SLICE, list[Message]()
        above, below = self._searcher.run(searching.places_between, query.since, query.before)
        before = min(before, below)
        chosen = self._rarest(query, below)
        wanted = count
        while True:
            hits = searching.decode_hits(
                self._searcher.run(searching.find, query, chosen, above, before, wanted)
            )
            for before, message in hits:
                if query.matches(message.time, message.room, message.name, message.text):
                    found.append(message)
                    if len(found) == count:
                        return before, found
            if len(hits) < wanted:
                return 0, found
            if monotonic() > end:
                return before, found
            is_good = 2 * len(found) > count
            wanted = count - len(found) if is_good else min(2 * wanted, MOST_AT_ONCE)

    def find_of(self, sender: int) -> Iterator[tuple[str, list[int]]]:
        # What is owed first: what of that is written meanwhile is found in the file.
        owed = dict[str, set[int]]()
        for room, ids in self._owed.find_of(sender):
            owed.setdefault(room, set()).update(ids)
            yield room, ids
        before = LAST_PLACE
        while before:
            before, places = self._searcher.run(
                deleting.find_of, sender, before, deleting.FOUND_AT_A_TIME
            )
            found = defaultdict[str, list[int]](list)
            for room, number in places:
                if number not in owed.get(room, ()):
                    found[room].append(number)
            yield from found.items() or [("", [])]

    def since(self, room: str, time: float) -> int:
        return self._reader.run(messages.first_with, room, "time", time)

    def since_spoken(self, room: str, spoken: int) -> int:
        return self._reader.run(messages.first_with, room, "spoken", spoken)

    def index(self, most: int) -> Left:
        return self._writer.run(index.index, most)

    def left(self) -> Left:
        return self._reader.run(index.left)

    def purge(self) -> Iterator[None]:
        if count := self._reader.run(index.unmerged):
            self._writer.run(index.merge, True)
            while self._writer.run(index.merge, False):
                yield
            self._writer.run(index.set_merged, count)

    def _rarest(self, query: Query, last: int) -> list[str]:
        """Choose what to look up in the index, by a sample of the file, which ends at `last`."""
        if last > self._sampled * SAMPLE_GROWTH or last < self._sampled:
            self._sampled, self._counts = self._searcher.run(searching.sample)
        return searching.rarest(query, self._counts)
