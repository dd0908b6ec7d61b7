"""Messages of a room encoded once, for every client that is to get the same ones."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import accumulate, chain
from typing import TypeVar

from gchat.model.display import Display
from gchat.model.ignoring import IgnoreList
from gchat.model.message import COUNTED, Message
from gchat.model.room_log import Cursor
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
)
from gchat.protocol.days import day_line, shows_days
from gchat.protocol.voices import encoder, run_encoder

MAX_BYTES = 128 * 1024
"""Where a batch ends: at about what one call hands over (see pace.MAX_UNSENT). It may be longer by
one run."""

MAX_SHARED = 64
"""Batches that are kept for those who may need the same one. With as many looks, places and
ignore lists as there are clients it would otherwise be 128 KiB for each of them."""

NOTHING = memoryview(b"")

NO_DAYS: Mapping[int, bytes] = {}

Key = TypeVar("Key")


class _Known:
    """What is known of messages and found once, for all batches that they are in: each who talks
    is sent one without what is their own.
    """

    __slots__ = ("by_sender", "lengths", "lines", "spoken")

    def __init__(self) -> None:
        self.by_sender = defaultdict[int, list[int]](list)
        """The indices of each one's runs."""
        self.lengths = dict[int, list[int]]()
        """Bytes of each message of the runs of several, by their indices."""
        self.lines = dict[tuple[int, int], bytes]()
        """Lines that clients were cut in, by their index and length."""
        self.spoken: array[int] | None = None
        """As Batch.spoken."""


class Batch:
    """Messages that follow one another in a log, at least one, as runs, and their lines."""

    __slots__ = (
        "_days",
        "_encode",
        "_ends",
        "_known",
        "_pieces",
        "_runs",
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
        known: _Known | None = None,
    ) -> None:
        """`pieces` are the lines of each run; `encode` is how messages become lines.

        `days` has what tells of a new day, at the beginning of pieces, by their indices. `known`
        is that of another batch of the same messages, if there is one.
        """
        self._runs = runs
        self._pieces = pieces
        self._encode = encode
        self._days = days
        self._ends: array[int] | None = None
        self._known = known or _Known()
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
            lengths: Iterable[int] = map(len, self._pieces)
            if len(self._runs) < self.end.id - self.first:  # some are of several messages
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
        lengths = self._known.lengths.get(index)
        if lengths is None:
            lengths = [len(self._encode(message)) for message in messages_of(run)]
            lengths[0] += len(day)
            self._known.lengths[index] = lengths
        return lengths

    @property
    def spoken(self) -> "array[int]":
        """How many messages people had said up to each of these. Found as `ends`."""
        known = self._known
        if known.spoken is None:
            spoken = (row[SPOKEN_UP_TO] for run in self._runs for row in rows_of(run))
            known.spoken = array("Q", spoken)
        return known.spoken

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
            keep(self._without, senders, batch)
        return batch

    def _leave_out(self, senders: AbstractSet[int]) -> "Batch":
        pieces = self._pieces.copy()
        for sender in senders:
            for index in self._senders().get(sender, ()):
                pieces[index] = self._days.get(index, b"")
        return Batch(self._runs, pieces, self._encode, self._days, self._known)

    def part(self, start: Cursor, stop: Cursor) -> tuple[memoryview | bytes, int]:
        """The bytes between two places in it, and how many bytes there are before them."""
        if start.id <= self.first and stop.id >= self.end.id:
            return self.data, 0
        first, count, ends = self.index(start), self.index(stop), self.ends
        before = ends[first - 1] if first else 0
        return memoryview(self.data)[before : ends[min(count, len(ends)) - 1]], before

    def _senders(self) -> dict[int, list[int]]:
        """The indices of each one's runs."""
        by_sender = self._known.by_sender
        if not by_sender:
            for index, run in enumerate(self._runs):
                by_sender[run[SENDER]].append(index)
        return by_sender

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
        line = self._known.lines.setdefault((whole, end - begin), self.data[begin:end])
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


def keep(batches: dict[Key, Batch], key: Key, batch: Batch) -> None:
    """Keep a batch for others; with MAX_SHARED of them, the one kept for longest goes."""
    if len(batches) == MAX_SHARED:
        del batches[next(iter(batches))]
    batches[key] = batch
