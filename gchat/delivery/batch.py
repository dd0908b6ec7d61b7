"""Messages of a room encoded once, for every client that is to get the same ones."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from itertools import accumulate
from typing import TypeVar

from gchat.model.display import Display
from gchat.model.ignoring import IgnoreList
from gchat.model.message import Message
from gchat.model.room_log import Cursor, RoomLog
from gchat.protocol.voices import encoder

MAX_MESSAGES = 1024
MAX_BYTES = 64 * 1024
"""Where a batch ends: at about what a socket's send buffer takes (see listener.BUFFER).
It may be longer by one message."""


MAX_SHARED = 64
"""Batches that are kept for those who may need the same one. With as many looks, places and
ignore lists as there are clients it would otherwise be 64 KiB for each of them."""

NOTHING = memoryview(b"")

Key = TypeVar("Key")


class Batch:
    """Messages that follow one another in a log, at least one, and their lines."""

    __slots__ = ("_by_sender", "_lines", "_messages", "_without", "data", "end")

    def __init__(self, messages: list[Message], lines: list[bytes]) -> None:
        self._messages = messages
        self._lines = lines
        self.data = b"".join(lines)
        """What a client is sent."""
        self.end = self._behind(len(messages))
        """The place of a client that has got all of it."""
        self._by_sender = defaultdict[int, list[int]](list)
        self._without: dict[frozenset[int], Batch] = {}

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
        lines = self._lines.copy()
        for sender in senders:
            for index in self._senders().get(sender, ()):
                lines[index] = b""
        return Batch(self._messages, lines)

    def _senders(self) -> dict[int, list[int]]:
        """The places of each one's messages. Found once: all who talk ask for their own."""
        if not self._by_sender:
            for index, message in enumerate(self._messages):
                self._by_sender[message.sender].append(index)
        return self._by_sender

    def place(self, sent: int) -> tuple[Cursor, memoryview]:
        """Where a client is that took the first `sent` bytes, more than none.

        Behind the line that was cut, of which the rest is returned as well, or
        behind the last whole one. All who were cut in the same line share its bytes.
        """
        ends = list(accumulate(map(len, self._lines)))
        whole = bisect_right(ends, sent)
        if whole and ends[whole - 1] == sent:
            return self._behind(whole), NOTHING
        line = self._lines[whole]
        return self._behind(whole + 1), memoryview(line)[len(line) - (ends[whole] - sent) :]

    def said_by(self, senders: AbstractSet[int], until: Cursor) -> int:
        """How many of the messages up to `until` have been said by `senders`."""
        return sum(
            self._messages[index].is_counted and self._messages[index].id <= until.id
            for sender in senders
            for index in self._senders().get(sender, ())
        )

    def _behind(self, count: int) -> Cursor:
        message = self._messages[count - 1]
        return Cursor(message.id, message.spoken)


def encode_batch(messages: list[Message], display: Display) -> Batch:
    """As many of `messages` as a batch may hold."""
    encode, lines, size = encoder(display), list[bytes](), 0
    for message in messages:
        lines.append(line := encode(message))
        size += len(line)
        if size >= MAX_BYTES:
            break
    return Batch(messages[: len(lines)], lines)


def _keep(batches: dict[Key, Batch], key: Key, batch: Batch) -> None:
    if len(batches) == MAX_SHARED:
        del batches[next(iter(batches))]
    batches[key] = batch


class Batches:
    """The batches that one round of a room needs, each made when it is first asked for."""

    def __init__(self, log: RoomLog, pages: Mapping[int, list[Message]]) -> None:
        """`pages` is what there is besides `log` of what was said before, by the id it follows."""
        self._log = log
        self._pages = pages
        self._made: dict[tuple[int, int, Display], Batch] = {}

    def between(self, cursor: Cursor, stop: Cursor, display: Display) -> Batch | None:
        """What lies between two places, or the first part of it; None if it is not there."""
        key = (cursor.id, stop.id, display)
        batch = self._made.get(key)
        if batch is None and (messages := self._messages(cursor.id, stop.id)):
            batch = encode_batch(messages, display)
            _keep(self._made, key, batch)
        return batch

    def _messages(self, last: int, stop: int) -> list[Message]:
        if last >= self._log.start.id:
            return self._log.after(last, min(stop - last, MAX_MESSAGES))
        page = self._pages.get(last)
        if not page or page[0].id > last + 1:  # not read yet, or kept nowhere
            return []
        return page[: stop - last]
