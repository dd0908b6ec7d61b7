"""Maintenance of the history file and the rooms: delete, index, close.

All of it runs in small steps, since messages come first.
"""

import logging
import time
from collections.abc import Callable

import gevent

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.rooms import Rooms
from gchat.runtime.loop import give_way
from gchat.store.base import Left
from gchat.store.errors import StoreError

STEP = 200
"""Messages deleted at a time: about a millisecond in which nothing else is written."""

PAUSE = 0.02
"""Seconds between two steps."""

INDEXED = 50
"""Messages indexed at a time, in which no other is written. With 200, the p99 of a delivery while
100,000 were indexed was 35 to 60 ms instead of 18 to 31 (tests/attacks, /find with a file)."""

INDEXING_PAUSE = 0.005
"""Seconds between two such steps."""

EXPIRY_INTERVAL = 60.0
"""Seconds between two searches for expired and surplus messages."""

INDEX_INTERVAL = 1.0
"""Seconds between two searches for messages that are not indexed yet."""

TIDY_INTERVAL = 60.0
"""Seconds between two searches for rooms that have stayed empty: a tenth of EMPTY_TIME."""

CHECK_INTERVAL = 5.0
"""Seconds between two looks whether the history file is still there."""

PURGE_SHARE = 10
"""Least ratio of the time until the next merge of the index to the time that the last one took: a
merge writes the whole index, however little was deleted."""

DAY = 86_400.0

log = logging.getLogger(__name__)


def delete_old_messages(hub: Hub) -> None:
    """Delete messages beyond `--keep-days` and `--keep-messages`, for ever.

    Expired messages go from memory as well. Surplus messages stay there while a room is open, so
    that slow readers lose nothing.
    """
    fails, next_purge = False, 0.0
    while True:
        try:
            _delete_old(hub)
            _delete_surplus(hub)
            if time.monotonic() >= next_purge:
                began = time.monotonic()
                _purge(hub)
                next_purge = time.monotonic() + PURGE_SHARE * (time.monotonic() - began)
            fails = False
        except StoreError as error:
            if not (fails or error.is_locked or hub.store.trouble):  # which operators know already
                log.error("cannot delete old messages from the history file: %s", error)
                fails = True
        gevent.sleep(EXPIRY_INTERVAL)


def _delete_old(hub: Hub) -> None:
    if not hub.settings.keep_days:
        return
    oldest = hub.clock.past(hub.settings.keep_days * DAY)
    _repeat(lambda: hub.store.trim_old(oldest, STEP))
    for room in list(hub.rooms.by_name.values()):
        while room.log.give_up(room.log.since(oldest)):
            give_way()


def _delete_surplus(hub: Hub) -> None:
    kept, room = hub.settings.keep_messages, ""
    while kept and (room := hub.store.find_crowded(room, kept)):
        _repeat(lambda: hub.store.trim_room(room, kept, STEP))


def _purge(hub: Hub) -> None:
    """Remove what is left of deleted messages from the index."""
    for _ in hub.archive.purge():
        gevent.sleep(PAUSE)


def _repeat(step: Callable[[], int]) -> None:
    """Call `step` until it returns 0, with a pause between two calls."""
    while step():
        gevent.sleep(PAUSE)


def index_messages(hub: Hub) -> None:
    """Add new messages to the index of /find, then those of an older file, for ever."""
    fails = False
    while True:
        left = Left(0, 0)
        try:
            left = hub.archive.index(INDEXED)
            fails = False
        except StoreError as error:
            if not (fails or error.is_locked or hub.store.trouble):  # which is told already
                log.error("cannot index messages for /find: %s", error)
                fails = True
        gevent.sleep(INDEXING_PAUSE if any(left) else INDEX_INTERVAL)


def check_store(hub: Hub) -> None:
    """Find out again and again, for ever, whether what was written is still there."""
    while True:
        gevent.sleep(CHECK_INTERVAL)
        hub.store.check()


def tidy_rooms(rooms: Rooms, clients: dict[int, Client]) -> None:
    """Close rooms that have stayed empty, and trim logs to their share of memory, for ever."""
    while True:
        gevent.sleep(TIDY_INTERVAL)
        rooms.close_empty(clients.values())
        for room in list(rooms.by_name.values()):
            while room.log.tidy():
                give_way()
