"""Delete messages: from memory, from the history file, and from what is still to be sent.

Clients that are being sent a message at that moment may still get it; all others do not.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

import gevent

from gchat.hub.client import Client
from gchat.hub.hub import Hub

DELETED_AT_A_TIME = 200
"""Messages deleted from the file in one transaction: some milliseconds in which nothing else is
written."""

SCANNED_AT_A_TIME = 4096
"""Messages in memory that are scanned before other greenlets get a turn."""

PAUSE = 0.02
"""Seconds between two transactions: new messages come first."""


def delete(hub: Hub, room: str, ids: Collection[int]) -> set[int]:
    """Delete messages of `room`, which may be closed; notices stay.

    The ids of deleted messages stay in use, so that cursors and counts are right. Returns the ids
    that were not deleted before. Raises StoreError; the messages are then deleted from memory
    only.
    """
    # From memory first: messages that are not in the file yet are then written as deleted.
    deleted = _delete_from_memory(hub, room, ids)
    deleted |= hub.store.delete(room, ids)
    with hub.opening.hold(room):  # a room that is being opened has perhaps read them already
        _delete_from_memory(hub, room, ids)
    return deleted


def delete_all_of(hub: Hub, client: Client) -> int:
    """Delete all messages of `client`, which asks for that, in all rooms; return how many.

    Takes as long as reading the whole file, in small steps. Messages that are sent meanwhile may
    stay: call it again for them. Raises StoreError; some messages may then be left.
    """
    count = 0
    for room, ids in chain(_find_in_memory(hub, client), _find_in_archive(hub, client)):
        count += _delete_in_steps(hub, room, ids)
    return count


def count_all_of(hub: Hub, client: Client) -> int:
    """Count the messages that `delete_all_of` would delete now, each once.

    Takes as long as reading the whole file, in small steps. Raises StoreError.
    """
    held = defaultdict[str, set[int]](set)  # bounded by the messages in memory
    for room, ids in _find_in_memory(hub, client):
        held[room].update(ids)
    count = sum(map(len, held.values()))
    for room, ids in _find_in_archive(hub, client):
        count += len(set(ids) - held[room])
    return count


def _find_in_memory(hub: Hub, client: Client) -> Iterator[tuple[str, list[int]]]:
    """Yield open rooms with ids of messages of `client` in their logs, some at a time.

    Other commands have their turn in between.
    """
    for room in list(hub.rooms.by_name.values()):
        last = room.log.start.id
        while last < room.log.end.id:
            yield room.name, room.log.ids_of(client.number, last, SCANNED_AT_A_TIME)
            last = max(last + SCANNED_AT_A_TIME, room.log.start.id)
            hub.next_turn(client)


def _find_in_archive(hub: Hub, client: Client) -> Iterator[tuple[str, list[int]]]:
    """Yield rooms with ids of messages of `client` in the archive, some at a time.

    Other searches have their turn in between. Raises StoreError.
    """
    search = hub.archive.find_of(client.number)
    while True:
        with hub.searching(client):
            found = next(search, None)
        if found is None:
            return
        yield found


def _delete_in_steps(hub: Hub, room: str, ids: Sequence[int]) -> int:
    count = 0
    for first in range(0, len(ids), DELETED_AT_A_TIME):
        count += len(delete(hub, room, ids[first : first + DELETED_AT_A_TIME]))
        gevent.sleep(PAUSE)
    return count


def _delete_from_memory(hub: Hub, room: str, ids: Collection[int]) -> set[int]:
    opened = hub.rooms.by_name.get(room)
    return opened.delete(ids) if opened else set()
