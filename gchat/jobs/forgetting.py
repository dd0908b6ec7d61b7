"""Deleting what is older than the history file is to keep, behind the talk's back.

What memory holds of a room that is open is given up too when it is too old. It is not when it is
too much: so nobody loses by it who reads slowly.
"""

import logging
import sqlite3
import time
from collections.abc import Callable

import gevent

from gchat.hub.hub import Hub
from gchat.runtime.loop import give_way
from gchat.store.sqlite.schema import explain

STEP = 200
"""Messages that are deleted at a time: a millisecond, now and then some more, in which nothing
else is written."""

PAUSE = 0.02
"""Seconds between two steps: talk comes first."""

REST = 60.0
"""Seconds between two looks for what is too old or too much."""

MERGE_SHARE = 10
"""How much longer than to merge the index it takes until that is done again, at least. All of the
index is written for it, however little was deleted."""

DAY = 86_400.0

log = logging.getLogger(__name__)


def keep_forgetting(hub: Hub) -> None:
    """Delete for ever what is too old and too much."""
    fails, next_merge = False, 0.0
    while True:
        try:
            _delete_old(hub)
            _delete_surplus(hub)
            if time.monotonic() >= next_merge:
                began = time.monotonic()
                _merge(hub)
                next_merge = time.monotonic() + MERGE_SHARE * (time.monotonic() - began)
            fails = False
        except sqlite3.Error as error:
            if not fails:
                log.error("what is old cannot be deleted from the history: %s", explain(error))
            fails = True
        gevent.sleep(REST)


def _delete_old(hub: Hub) -> None:
    if not hub.settings.keep_days:
        return
    oldest = time.time() - hub.settings.keep_days * DAY
    _repeat(lambda: hub.history.remove_old(oldest, STEP))
    for room in list(hub.rooms.by_name.values()):
        while room.log.give_up(room.log.since(oldest)):
            give_way()


def _delete_surplus(hub: Hub) -> None:
    kept, room = hub.settings.keep_messages, ""
    while kept and (room := hub.history.find_crowded(room, kept)):
        _repeat(lambda: hub.history.remove_surplus(room, kept, STEP))


def _merge(hub: Hub) -> None:
    """Have the words of what was deleted gone from the file."""
    if count := hub.history.unmerged():
        hub.history.merge(True)
        _repeat(lambda: hub.history.merge(False))
        hub.history.set_merged(count)


def _repeat(step: Callable[[], int]) -> None:
    """Do it until there is no more to do."""
    while step():
        gevent.sleep(PAUSE)
