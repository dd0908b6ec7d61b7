"""Giving back what Redis has lost, before anything new is said.

A Redis that was restarted, or has taken the place of another one, may know less than clients were
shown. Each server gives back the end of every room that it has open. When all servers have, or the
others have had their time, the rooms go on: until then no script gives out an id (scripts.JOIN).
"""

from collections.abc import Sequence

from gchat.model.message import Kind
from gchat.model.room_log import Cursor
from gchat.model.runs import EPOCH, ID, KIND, SPOKEN_UP_TO, TIME
from gchat.store.redis import keys
from gchat.store.redis.deletions import deleting
from gchat.store.redis.entries import Read, piece_of, place_field, read
from gchat.store.redis.link import Link, evaluate
from gchat.store.redis.reader import HasForked
from gchat.store.redis.scripts import GIVE_BACK, JOIN

PATIENCE = 8000
"""Milliseconds after the first server has joined in which the others are waited for."""

UP = 2
"""Seconds for which Redis has to be up before servers that know nothing may agree: others may be
about to come back to it."""

AT_ONCE = 250
"""Messages that are given back in one step."""


def join(link: Link, me: str, others: Sequence[str], *, was_here: bool) -> bool:
    """Tell Redis that this server has given back what it has; returns whether rooms may go on.

    `others` are the servers that it knows. One that was not here before this run of Redis has
    nothing to give back, and need not have a number yet. Raises StoreError.
    """
    all_keys = keys.GATE, keys.JOINED, keys.KNOWN, keys.SINCE, keys.ALIVE, keys.NODES
    (state, *_) = link.call(
        *evaluate(JOIN, all_keys, link.run, me, int(was_here), PATIENCE, UP, *others)
    )
    return bool(state == b"OPEN")


def give_back(link: Link, room: str, known: Sequence[Read]) -> None:
    """Add those of `known`, the last messages of `room`, that Redis has lost.

    And delete those that were deleted: it may have lost that, too. Raises StoreError, and HasForked
    if it has other messages with their ids.
    """
    while known:
        end, mark = map(int, [each or 0 for each in link.call(*_where(room))])
        first, last = known[0].row[ID], known[-1].row[ID]
        if first <= end <= last and known[end - first].mark != mark:
            raise HasForked
        if end >= last:
            break
        portion = known[max(0, end - first + 1) :][:AT_ONCE]
        link.call(*_giving(link.run, room, end, mark, portion))
    if deleted := [each.row[ID] for each in known if each.row[KIND] == Kind.GONE]:
        link.call(*deleting(room, deleted))


def find_common(link: Link, room: str, known: Sequence[Read]) -> tuple[Cursor, int | None]:
    """Find where `known` and the stream of `room` part; returns that place and its mark.

    The mark is None if that is not known. Raises StoreError.
    """
    if not known:
        return Cursor(0, 0), None
    first, last = known[0].row, known[-1].row
    found = link.call("XRANGE", keys.log(room), f"{first[ID]}-0", f"{last[ID]}-0")
    marks = {each.row[ID]: each.mark for each in (read(room, raw) for raw in found)}
    for each in reversed(known):
        number = each.row[ID]
        if marks.get(number) == each.mark:
            return Cursor(number, each.row[SPOKEN_UP_TO]), each.mark
    return Cursor(first[ID] - 1, max(0, first[SPOKEN_UP_TO] - 1)), None


def _where(room: str) -> tuple[str, str, str, str]:
    return "HMGET", keys.meta(room), "id", "mark"


def _giving(
    run: str, room: str, end: int, mark: int, portion: Sequence[Read]
) -> Sequence[bytes | str | int | float]:
    fields = list[bytes | str | int | float]()
    for each in portion:
        piece = piece_of(each.row)
        fields += (each.row[ID], place_field(each), piece.m, piece.x)
    last, last_mark, *_ = portion[-1]
    behind = last[ID], last[SPOKEN_UP_TO], f"{last[TIME]:.3f}", last[EPOCH], last_mark
    all_keys = keys.log(room), keys.meta(room), keys.SAID, keys.SAID_COUNT
    return evaluate(GIVE_BACK, all_keys, run, end, mark, *behind, *fields)
