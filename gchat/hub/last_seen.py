"""The last message that a client has, as it says itself: where exactly a resumed one goes on.

The kernel tells what the other side's kernel has acknowledged, which behind a proxy is the proxy's.
A client that knows ids (JSON) tells what it has: `/resume TOKEN 1234`, or `EPOCH-1234`.
"""

from typing import NamedTuple

from gchat.hub.hub import Hub
from gchat.model.epochs import Place
from gchat.model.room_log import Cursor, RoomLog


class Continuation(NamedTuple):
    """Where a client goes on."""

    cursor: Cursor
    is_gap: bool
    """Messages that it has not got, nobody knows how many, may lie before `cursor`."""


def continue_behind(hub: Hub, log: RoomLog, seen: Place, known: Cursor) -> Continuation:
    """Find the cursor behind the message that a client has `seen` last in `log`.

    `known` is what else is known to have arrived: there it goes on if the message that it has seen
    cannot be found. That is told as a gap, and so is a message whose id was given out again since,
    in a later epoch: then the client gets all that is of later ones. If what followed is not kept
    any more, it goes on with the first message that is.

    Waits if the message is not in memory. Raises StoreError.
    """
    epoch = log.epoch if seen.epoch is None else seen.epoch
    last = min(seen.id, hub.history.epoch_end(log, epoch))
    is_gap = last != seen.id
    if epoch > log.epoch or (is_gap and (epoch == log.epoch or _is_before_all(hub, log, last))):
        return Continuation(min(known, log.end), True)
    for cursor in (log.end, log.start, known):
        if last == cursor.id:
            return Continuation(cursor, is_gap)
    following = hub.history.after(log, last, 1)
    if not following:
        return Continuation(log.end, True)
    cursor = Cursor(following[0].id - 1, following[0].spoken_before)
    return Continuation(cursor, is_gap or cursor.id != last)


def _is_before_all(hub: Hub, log: RoomLog, last: int) -> bool:
    """Whether nothing is kept of `log` up to the id `last`."""
    return last <= log.start.id and last <= hub.history.start(log)
