"""What stands in the streams behind what the server knows, put into the order of a log.

A stream has no entries of messages that were deleted, and keeps a bounded number of others.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from gchat.model.message import COUNTED
from gchat.model.room_log import Cursor
from gchat.model.runs import EPOCH, ID, KIND, SPOKEN_UP_TO, Row, Run
from gchat.store.base import Placed
from gchat.store.redis import keys
from gchat.store.redis.chain import Chain
from gchat.store.redis.entries import Read, follows, read, read_gone
from gchat.store.redis.link import Link
from gchat.store.redis.outbox import Outbox
from gchat.store.shared import Arrived, News, Skipped

MOST_FILLED = 1000
"""Ids without an entry that are looked for among the deleted messages."""


class HasForked(Exception):
    """What the server knows of a room is not what its stream has."""


def complete(link: Link, room: str, last: int, raw: Sequence[Any], end: int = 0) -> list[Read]:
    """Decode the entries `raw` of a stream behind the id `last`, with what was deleted among them.

    And behind them, up to `end`. Ids that are not kept any more are left out. Raises StoreError.
    """
    found = list[Read]()
    for each in raw:
        next_one = read(room, each)
        number = next_one.row[ID]
        if number != last + 1:
            found += _gone(link, room, last, number - 1)
        found.append(next_one)
        last = number
    return found + _gone(link, room, last, end)


def check(chain: Chain, found: Sequence[Read], raw: Sequence[Any]) -> None:
    """Raise HasForked if the first of what was `found` does not follow on what is known.

    The others follow on that: their marks were made from one another.
    """
    if chain.mark is None or not raw or found[0].row[ID] != chain.end + 1:
        return
    if found[0].row[KIND] != "gone" and not follows(chain.mark, found[0], raw[0]):
        raise HasForked


def news_of(
    link: Link, room: str, chain: Chain, found: Sequence[Read], outbox: Outbox
) -> list[News]:
    """What was `found` in `room`, behind what the `chain` knows, which learns of it.

    Raises StoreError.
    """
    news, others = list[News](), list[Row]()
    for batch, group in groupby(found, attrgetter("batch")):
        reads = list(group)
        first = reads[0].row
        if first[ID] != chain.end + 1:
            _add(news, room, others, [])
            others = []
            end = Cursor(first[ID] - 1, first[SPOKEN_UP_TO] - (first[KIND] in COUNTED))
            own = outbox.skipped(link, room, chain.end, end.id)
            news.append(Skipped(room, end, first[EPOCH], own))
            chain.skip_to(end.id)
        for each in reads:
            chain.add(each)
        rows = [each.row for each in reads]
        if outbox.is_own(room, batch, first[ID] - reads[0].nth):
            _add(news, room, others, rows)
            others = []
        else:
            others += rows
    _add(news, room, others, [])
    return news


def _add(news: list[News], room: str, others: list[Row], own: list[Row]) -> None:
    if others or own:
        news.append(Arrived(room, Placed(_runs(others), _runs(own))))


def _runs(rows: Sequence[Row]) -> list[Run]:
    """Each message as a run: Redis has one entry for each, as each may be deleted."""
    return [(*row, 1) for row in rows]


def _gone(link: Link, room: str, last: int, end: int) -> list[Read]:
    """What is known of deleted messages of `room` from behind the id `last` up to `end`."""
    if not 0 < end - last <= MOST_FILLED:
        return []
    left = link.call("ZRANGEBYSCORE", keys.gone(room), last + 1, end)
    return [read_gone(room, each) for each in left]
