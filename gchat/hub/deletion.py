"""Deleting what was said: from memory, from the history file, and from what is on its way.

Who is being sent it at that moment may still get it; nobody does from then on.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

import gevent

from gchat.hub.hub import Hub
from gchat.runtime.loop import give_way

STEP = 200
"""Messages that are deleted from the file at a time: some milliseconds in which nothing else is
written."""

PORTION = 4096
"""Messages in memory that are looked at, at a time."""

PAUSE = 0.02
"""Seconds between two steps: talk comes first."""

LAST_PLACE = 2**62


def delete(hub: Hub, room: str, ids: Collection[int]) -> set[int]:
    """Delete messages, but for notices, of `room`, which may be closed.

    Only their places are left, so that cursors and counts stay right. Returns the ids of those
    that were not gone before. Raises StoreError; then they are gone from memory alone.
    """
    # From memory first: what is not in the file yet is then written as it is now.
    deleted = _delete_from_memory(hub, room, ids)
    deleted |= hub.store.delete(room, ids)
    with hub.opening:  # where it may be among what has been read
        _delete_from_memory(hub, room, ids)
    return deleted


def delete_all_of(hub: Hub, sender: int) -> int:
    """Delete all that the client of the number `sender` has said, in whatever rooms.

    Returns how many messages that were. Takes as long as to read the whole file, and lets others
    talk meanwhile; for what is said meanwhile it has to be called again. Raises StoreError;
    then more may be left, in the file or in memory.
    """
    count = 0
    for room, ids in chain(_find_in_memory(hub, sender), _find_in_file(hub, sender)):
        count += _delete_in_steps(hub, room, ids)
    return count


def count_all_of(hub: Hub, sender: int) -> int:
    """Count what `delete_all_of` would delete now: each message once, in memory or in the file.

    Takes as long, and lets others talk meanwhile. Raises StoreError.
    """
    held = defaultdict[str, set[int]](set)  # no more of them than memory has messages
    for room, ids in _find_in_memory(hub, sender):
        held[room].update(ids)
    count = sum(map(len, held.values()))
    for room, ids in _find_in_file(hub, sender):
        count += len(set(ids) - held[room])
    return count


def _find_in_memory(hub: Hub, sender: int) -> Iterator[tuple[str, list[int]]]:
    """Open rooms, and the ids of messages of `sender` that their logs hold, in portions."""
    for room in list(hub.rooms.by_name.values()):
        last = room.log.start.id
        while last < room.log.said.id:
            yield room.name, room.log.ids_of(sender, last, PORTION)
            last = max(last + PORTION, room.log.start.id)
            give_way()


def _find_in_file(hub: Hub, sender: int) -> Iterator[tuple[str, list[int]]]:
    """Rooms, and the ids of messages of `sender` that the file holds, in portions.

    What was deleted before it is reached is not among them. Raises StoreError.
    """
    before = LAST_PLACE
    while before:
        before, places = hub.archive.find_of(sender, before, STEP)
        found = defaultdict[str, list[int]](list)
        for room, number in places:
            found[room].append(number)
        yield from found.items()


def _delete_in_steps(hub: Hub, room: str, ids: Sequence[int]) -> int:
    count = 0
    for first in range(0, len(ids), STEP):
        count += len(delete(hub, room, ids[first : first + STEP]))
        gevent.sleep(PAUSE)
    return count


def _delete_from_memory(hub: Hub, room: str, ids: Collection[int]) -> set[int]:
    opened = hub.rooms.by_name.get(room)
    return opened.delete(ids) if opened else set()
