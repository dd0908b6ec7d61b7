"""Messages of a room encoded once, for every client that is to get the same ones."""

from array import array
from bisect import bisect_right, insort
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from itertools import accumulate, chain
from typing import TypeVar
from weakref import ref

from gchat.model.display import Display
from gchat.model.ignoring import IgnoreList
from gchat.model.message import COUNTED, Message
from gchat.model.room_log import UNKNOWN, Cursor, RoomLog
from gchat.model.runs import (
    COUNT,
    ID,
    KIND,
    SENDER,
    SPOKEN_UP_TO,
    TIME,
    Run,
    messages_of,
    rows_of,
    run_of,
)
from gchat.protocol.days import day_line, shows_days
from gchat.protocol.voices import encoder, run_encoder

MAX_MESSAGES = 2048
MAX_BYTES = 128 * 1024
"""Where a batch ends: at about what one call hands over (see pace.MAX_UNSENT). It may be longer by
one message."""


MAX_SHARED = 64
"""Batches that are kept for those who may need the same one. With as many looks, places and
ignore lists as there are clients it would otherwise be 64 KiB for each of them."""

MAX_PAGES = 12
"""Pages that are kept for clients that catch up, for all rooms: 128 KiB of lines each, and as much
again three times for what is known of them. With 32, 1,000 clients that read 50,000 lines at last
are no faster (3 to 4 s), and the server grows by 63 MiB instead of 51 with 16 (measure.py stalled;
38 MiB of it are the log)."""

FAR = 256
"""Messages that a client is behind, at the least, when it is sent pages that others share."""

NOTHING = memoryview(b"")

NO_DAYS: Mapping[int, bytes] = {}

Key = TypeVar("Key")


class Batch:
    """Messages that follow one another in a log, at least one, as runs, and their lines."""

    __slots__ = (
        "_by_sender",
        "_days",
        "_encode",
        "_ends",
        "_lines",
        "_pieces",
        "_runs",
        "_spoken",
        "_without",
        "data",
        "end",
        "first",
    )

    def __init__(
        self,
        runs: list[Run],
        pieces: list[bytes],
        encode: Callable[[Message], bytes],
        days: Mapping[int, bytes] = NO_DAYS,
    ) -> None:
        """`pieces` are the lines of each run; `encode` is how messages become lines.

        `days` has what tells of a new day, at the beginning of pieces, by their indices.
        """
        self._runs = runs
        self._pieces = pieces
        self._encode = encode
        self._days = days
        self._ends: array[int] | None = None
        self._spoken: array[int] | None = None
        self._lines = dict[tuple[int, int], bytes]()
        """Lines that clients were cut in, by their index and length."""
        self._by_sender = defaultdict[int, list[int]](list)
        self._without: dict[frozenset[int], Batch] = {}
        self.data = b"".join(pieces)
        """What a client is sent."""
        last = runs[-1]
        self.end = Cursor(last[ID], last[SPOKEN_UP_TO])
        """The place of a client that has got all of it."""
        self.first = runs[0][ID] - runs[0][COUNT]
        """The id behind which its messages begin."""

    @property
    def ends(self) -> "array[int]":
        """Where each message's line ends in `data`. Found when it is first asked for."""
        if self._ends is None:
            lengths = chain.from_iterable(map(self._lengths, range(len(self._runs))))
            self._ends = array("I", accumulate(lengths))
        return self._ends

    def _lengths(self, index: int) -> list[int]:
        """Bytes of the messages of a run; those of a new day belong to the first one."""
        run, size, day = self._runs[index], len(self._pieces[index]), self._days.get(index, b"")
        if run[COUNT] == 1:
            return [size]
        if size == len(day):  # it is left out, or not shown
            return [size] + [0] * (run[COUNT] - 1)
        lengths = [len(self._encode(message)) for message in messages_of(run)]
        lengths[0] += len(day)
        return lengths

    @property
    def spoken(self) -> "array[int]":
        """How many messages people had said up to each of these. Found as `ends`."""
        if self._spoken is None:
            spoken = (row[SPOKEN_UP_TO] for run in self._runs for row in rows_of(run))
            self._spoken = array("Q", spoken)
        return self._spoken

    def index(self, place: Cursor) -> int:
        """The number of its messages that are before `place`."""
        return place.id - self.first

    def without(self, senders: AbstractSet[int]) -> "Batch":
        """The batch for the one who wrote the messages of `senders`: these have no bytes."""
        return self._leave_out(senders)

    def ignoring(self, ignores: IgnoreList) -> "Batch":
        """The batch for clients that ignore some of its senders: their messages have no bytes.

        Made once for all who ignore the same ones.
        """
        senders = ignores.among(self._senders().keys())
        if not senders:
            return self
        batch = self._without.get(senders)
        if batch is None:
            batch = self._leave_out(senders)
            _keep(self._without, senders, batch)
        return batch

    def _leave_out(self, senders: AbstractSet[int]) -> "Batch":
        pieces = self._pieces.copy()
        for sender in senders:
            for index in self._senders().get(sender, ()):
                pieces[index] = self._days.get(index, b"")
        batch = Batch(self._runs, pieces, self._encode, self._days)
        batch._lines = self._lines
        return batch

    def part(self, start: Cursor, stop: Cursor) -> tuple[memoryview | bytes, int]:
        """The bytes between two places in it, and how many bytes there are before them."""
        if start.id <= self.first and stop.id >= self.end.id:
            return self.data, 0
        first, count, ends = self.index(start), self.index(stop), self.ends
        before = ends[first - 1] if first else 0
        return memoryview(self.data)[before : ends[min(count, len(ends)) - 1]], before

    def _senders(self) -> dict[int, list[int]]:
        """The indices of each one's runs. Found once: all who talk ask for their own."""
        if not self._by_sender:
            for index, run in enumerate(self._runs):
                self._by_sender[run[SENDER]].append(index)
        return self._by_sender

    def place(self, sent: int) -> tuple[Cursor, memoryview]:
        """Where a client is that took the first `sent` bytes, more than none.

        Behind the line that was cut, of which the rest is returned as well, or
        behind the last whole one. All who were cut in the same line share its bytes.
        """
        ends = self.ends
        whole = bisect_right(ends, sent)
        if whole and ends[whole - 1] == sent:
            return self._behind(whole), NOTHING
        begin, end = ends[whole - 1] if whole else 0, ends[whole]
        line = self._lines.setdefault((whole, end - begin), self.data[begin:end])
        return self._behind(whole + 1), memoryview(line)[sent - begin :]

    def said_by(self, senders: AbstractSet[int], start: Cursor, until: Cursor) -> list[int]:
        """The ids of the messages between two places that `senders` have said, in their order."""
        runs = [self._runs[index] for each in senders for index in self._senders().get(each, ())]
        return sorted(
            number
            for run in runs
            if run[KIND] in COUNTED
            for number in range(max(start.id, run[ID] - run[COUNT]) + 1, min(until.id, run[ID]) + 1)
        )

    def _behind(self, count: int) -> Cursor:
        return Cursor(self.first + count, self.spoken[count - 1])


def encode_batch(runs: list[Run], display: Display, before: float | None = None) -> Batch:
    """As many of `runs` as a batch may hold.

    `before` is the time of the message that they follow, or UNKNOWN: then their day is told. None
    if they follow nothing.
    """
    encode, pieces, size = encoder(display), list[bytes](), 0
    encode_run = run_encoder(display, encode)
    days = _days(runs, display, before) if shows_days(display) else NO_DAYS
    for index, run in enumerate(runs):
        piece = encode_run(run)
        if index in days:
            piece = days[index] + piece
        pieces.append(piece)
        size += len(piece)
        if size >= MAX_BYTES:
            break
    return Batch(runs[: len(pieces)], pieces, encode, days)


def _days(runs: list[Run], display: Display, before: float | None) -> dict[int, bytes]:
    """The lines that tell of a new day, by the indices of the runs that they come before."""
    days, last = dict[int, bytes](), runs[0][TIME] if before is None else before
    for index, run in enumerate(runs):
        if line := day_line(display, last, run[TIME]):
            days[index] = line
        last = run[TIME]
    return days


PageKey = tuple["ref[RoomLog]", int, Display]
"""The log, how often something was deleted from it, and the display setting."""


class SharedPages:
    """Batches for clients that catch up, each at a place of its own.

    A page stays for a while, so that thousands who are behind by as many different numbers of
    messages need each message encoded once.
    """

    def __init__(self) -> None:
        self._pages: dict[PageKey, list[Batch]] = {}
        """In the order of their places."""
        self._order: deque[tuple[PageKey, Batch]] = deque()

    def find(self, log: RoomLog, last: int, display: Display) -> Batch | None:
        """The page of `log` with the message behind the id `last`, if there is one."""
        pages = self._pages.get((ref(log), log.deletions, display), [])
        index = bisect_right(pages, last, key=_first) - 1
        return pages[index] if index >= 0 and last < pages[index].end.id else None

    def add(self, log: RoomLog, page: Batch, display: Display) -> None:
        """Keep a page for others; the one that was kept for longest may go."""
        key = (ref(log), log.deletions, display)
        insort(self._pages.setdefault(key, []), page, key=_first)
        self._order.append((key, page))
        if len(self._order) > MAX_PAGES:
            oldest, page = self._order.popleft()
            self._pages[oldest].remove(page)
            if not self._pages[oldest]:
                del self._pages[oldest]

    @property
    def is_empty(self) -> bool:
        """No page is kept."""
        return not self._order

    def clear(self) -> None:
        """Keep nothing any more."""
        self._pages.clear()
        self._order.clear()


def _first(page: Batch) -> int:
    return page.first


def _keep(batches: dict[Key, Batch], key: Key, batch: Batch) -> None:
    if len(batches) == MAX_SHARED:
        del batches[next(iter(batches))]
    batches[key] = batch


class Batches:
    """The batches that one round of a room needs, each made when it is first asked for."""

    def __init__(
        self, log: RoomLog, pages: Mapping[int, list[Message]], shared: SharedPages | None = None
    ) -> None:
        """`pages` is what there is besides `log` of what was said before, by the id it follows.

        `shared` has batches for clients that are far behind, also those of other rounds.
        """
        self._log = log
        self._pages = pages
        self._shared = shared or SharedPages()
        self._made: dict[tuple[int, int, Display], Batch] = {}

    def between(self, cursor: Cursor, stop: Cursor, display: Display) -> Batch | None:
        """A batch with the message behind `cursor`, and more up to `stop`; None if it is not there.

        It begins at `cursor`, or before it if `stop` is far: then it is a page that many share.
        """
        is_made = (cursor.id, stop.id, display) in self._made  # for a cohort
        if stop.id - cursor.id >= FAR and not is_made:
            return self._page(cursor, stop, display)
        return self.exactly(cursor, stop, display)

    def exactly(self, cursor: Cursor, stop: Cursor, display: Display) -> Batch | None:
        """What lies between two places, or the first part of it; None if it is not there."""
        key = (cursor.id, stop.id, display)
        batch = self._made.get(key)
        if batch is None and (runs := self._runs(cursor.id, stop.id)):
            batch = encode_batch(runs, display, self._before(cursor.id))
            _keep(self._made, key, batch)
        return batch

    def _page(self, cursor: Cursor, stop: Cursor, display: Display) -> Batch | None:
        page = self._shared.find(self._log, cursor.id, display)
        if page is not None:
            return page
        # Those who come after are behind by other numbers: they share what begins at round ones.
        for start in (cursor.id // FAR * FAR, cursor.id):
            if runs := self._runs(start, stop.id):
                page = encode_batch(runs, display, self._before(start))
                if page.first <= cursor.id < page.end.id:
                    self._shared.add(self._log, page, display)
                    return page
        return None

    def _before(self, last: int) -> float | None:
        """The time of the message with the id `last`, or UNKNOWN; None if there is none."""
        start = self._log.start.id
        if last > start:
            return self._log.after(last - 1, 1)[0].time
        return self._log.before if last == start else UNKNOWN

    def _runs(self, last: int, stop: int) -> list[Run]:
        if last >= self._log.start.id:
            return self._log.runs(last, stop, MAX_MESSAGES)
        page = self._pages.get(last)
        if not page or page[0].id > last + 1:  # not read yet, or kept nowhere
            return []
        return list(map(run_of, page[: stop - last]))
