"""The last message that a client has, as it says itself: where exactly a resumed one goes on.

The kernel tells what the other side's kernel has acknowledged, which behind a proxy is the proxy's.
A client that knows ids (JSON) tells what it has: `/resume TOKEN 1234`, or `EPOCH-1234`.
"""

import re
from typing import NamedTuple

from gchat.hub.hub import Hub
from gchat.model.identities import Identity
from gchat.model.room_log import Cursor, RoomLog

_FORM = re.compile(r"(?:([0-9A-Za-z._]{1,64})-)?([0-9]{1,15})")


class LastSeen(NamedTuple):
    """The last message of its room that a client has."""

    id: int
    epoch: str = ""
    """The epoch of the room that `id` belongs to; empty if the client does not say."""


class Continuation(NamedTuple):
    """Where a client goes on."""

    cursor: Cursor
    is_gap: bool
    """Messages that it has not got, nobody knows how many, may lie before `cursor`."""


def read_last_seen(typed: str) -> LastSeen | None:
    """Read `1234` or `EPOCH-1234`; None if `typed` has neither form."""
    if match := _FORM.fullmatch(typed):
        return LastSeen(int(match[2]), match[1] or "")
    return None


def is_of_present_epoch(log: RoomLog, seen: LastSeen) -> bool:
    """Whether the id in `seen` stands for the same message in `log` as when it was shown."""
    return not seen.epoch and seen.id <= log.end.id  # no store tells epochs yet


def continue_behind(hub: Hub, log: RoomLog, seen: LastSeen, identity: Identity) -> Continuation:
    """Find the cursor behind the message that the client of `identity` has seen last in `log`.

    If that message is unknown, the client goes on where its kernel had acknowledged everything; if
    what followed is not kept any more, with the first message that is. Both are gaps.

    Waits if the message is not in memory. Raises StoreError.
    """
    if not is_of_present_epoch(log, seen):
        return Continuation(min(identity.place, log.end), True)
    for known in (log.end, log.start):
        if seen.id == known.id:
            return Continuation(known, False)
    following = hub.history.after(log, seen.id, 1)
    if not following:
        return Continuation(log.end, True)
    cursor = Cursor(following[0].id - 1, following[0].spoken_before)
    return Continuation(cursor, cursor.id != seen.id)
