"""Opening a room: it goes on where its stream ends, and the history file catches up with that."""

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gchat.model.epochs import STEP, first_epoch
from gchat.model.message import Message
from gchat.model.room_log import Cursor
from gchat.model.runs import ID, KIND, SENDER, TIME, Row, rows_of, run_of
from gchat.store.base import Opened
from gchat.store.errors import StoreError
from gchat.store.redis import keys
from gchat.store.redis.chain import Chain
from gchat.store.redis.entries import Read, next_mark, piece_of, read
from gchat.store.redis.joining import give_back
from gchat.store.redis.link import Link, evaluate
from gchat.store.redis.reader import HasForked, complete
from gchat.store.redis.scripts import OPEN
from gchat.text.phrases import counted

PAGE = 1000
"""Entries of a stream that are read at a time: decoding them holds the loop for some ms."""

TAIL = 200
"""Messages with which a log begins."""

NO_BATCH = "-"
"""Names the batch of a message of which that is not known."""

log = logging.getLogger(__name__)


Keep = Callable[[Sequence[Row]], None]
"""Keeps messages, one page after the other."""


class Differs(StoreError):
    """Raised if the history file has other messages of a room than Redis."""

    def __init__(self, room: str) -> None:
        super().__init__(
            f"the history file has other messages of #{room} than the store; start with another "
            "file"
        )


class Found(NamedTuple):
    """A room as it was opened."""

    opened: Opened
    chain: Chain


class End(NamedTuple):
    """Where a room ends in Redis."""

    cursor: Cursor
    epoch: int
    mark: int


def open_room(link: Link, run: str, room: str, kept: Opened, keep: Keep) -> Found:
    """Find where `room` goes on, of which the history file has what was `kept`.

    `run` is that of Redis in which rooms may go on. What the file does not have is given to `keep`.
    What Redis has lost it is given back from the file. Raises StoreError.
    """
    end = end_of(link, run, room)
    while kept.tail and kept.end.id > end.cursor.id:
        _give_tail_back(link, room, kept, end)
        end = end_of(link, run, room)
    _check_file(link, room, kept, end)
    reads = _catch_up(link, room, kept.end.id, end.cursor.id, keep)
    tail = [*kept.tail, *(Message(*each.row) for each in reads[-TAIL:])]
    last = _unbroken(reads, end.cursor.id)
    return Found(
        Opened(end.cursor, end.epoch, _tail(tail, end.cursor.id)),
        Chain(end.cursor.id, end.mark, last),
    )


def end_of(link: Link, run: str, room: str) -> End:
    """Find where `room` ends in Redis, where it begins if there is none. Raises StoreError."""
    command = evaluate(
        OPEN, (keys.log(room), keys.meta(room)), run, first_epoch(), 1 + first_epoch() % STEP
    )
    (state, *found) = link.call(*command)
    if state != b"OK":
        raise StoreError("the servers have not agreed yet how rooms go on")
    number, spoken, _, epoch, mark = map(float, found)
    return End(Cursor(int(number), int(spoken)), int(epoch), int(mark))


def _give_tail_back(link: Link, room: str, kept: Opened, end: End) -> None:
    """Give Redis back what it has lost of the last messages in the history file.

    Raises StoreError.
    """
    tail = [
        row
        for message in kept.tail
        if message.id > end.cursor.id
        for row in rows_of(run_of(message))
    ]
    mark = end.mark if tail[0][ID] == end.cursor.id + 1 else 0
    reads = list[Read]()
    for row in tail:
        mark = next_mark(mark, piece_of(row).crc)
        reads.append(Read(row, mark, NO_BATCH, 0))
    log.warning(
        "#%s: the store has lost %s, which it is given back from the history file",
        room,
        counted(kept.end.id - end.cursor.id, "message"),
    )
    try:
        give_back(link, room, reads)
    except HasForked as error:
        raise Differs(room) from error


def _check_file(link: Link, room: str, kept: Opened, end: End) -> None:
    """Raise Differs if the history file has another last message than the stream has there."""
    if not kept.tail or kept.end.id > end.cursor.id:
        return
    last = kept.tail[-1]
    for raw in link.call("XRANGE", keys.log(room), f"{last.id}-0", f"{last.id}-0"):
        there = read(room, raw).row
        same = all(there[field] == last[field] for field in (TIME, SENDER))
        if last.is_spoken and there[KIND] != "gone" and not same:
            raise Differs(room)


def _catch_up(link: Link, room: str, last: int, end: int, keep: Keep) -> list[Read]:
    """Read what is behind the id `last` up to `end`; returns the last page. Raises StoreError."""
    reads, begin, count = list[Read](), last, 0
    while last < end:
        raw = link.call("XRANGE", keys.log(room), f"{last + 1}-0", f"{end}-0", "COUNT", PAGE)
        page = complete(link, room, last, raw, 0 if len(raw) == PAGE else end)
        if not page:
            break
        keep([each.row for each in page])
        count += len(page)
        reads, last = page, page[-1].row[ID]
    missing = end - begin - count
    if missing and begin:
        log.warning(
            "#%s: %s said while this server was away are not kept any more",
            room,
            counted(missing, "message"),
        )
    return reads


def _unbroken(reads: Sequence[Read], end: int) -> list[Read]:
    """The last of `reads`, up to the id `end`, that follow one another."""
    first = len(reads)
    while first and reads[first - 1].row[ID] == end - (len(reads) - first):
        first -= 1
    return [*reads[first:]]


def _tail(messages: Sequence[Message], end: int) -> list[Message]:
    first = len(messages)
    while first and messages[first - 1].id == end - (len(messages) - first):
        first -= 1
    return [*messages[max(first, len(messages) - TAIL) :]]
