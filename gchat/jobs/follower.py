"""Follow what other servers say, where several share a store; tell when that is not possible."""

import logging
from time import monotonic

import gevent

from gchat.hub.arriving import take
from gchat.hub.hub import Hub
from gchat.runtime.loop import give_way
from gchat.store.errors import StoreError
from gchat.store.shared import SharedStore

RETRY = 0.1
"""Seconds until the next attempt to reach a store that could not be reached."""

LONGEST_WAIT = 0.012
"""Seconds that messages wait for the round under way, which is to take no longer (hub/pace.py): in
two rounds they cost twice as much."""

LOOK_INTERVAL = 0.25
"""Seconds between two looks whether the store can be used."""

AWAY = "The store cannot be used: what is said waits until it can. Commands go on."
BACK = "The store can be used again: everything that waited is sent."

log = logging.getLogger(__name__)


def follow(hub: Hub, store: SharedStore) -> None:
    """Have the rooms see what all servers say, for ever."""
    while True:
        _wait_for_round(hub)
        ends = {room.name: room.log.end.id for room in hub.rooms.by_name.values()}
        try:
            news = store.follow(ends)
        except StoreError:
            gevent.sleep(RETRY)
            continue
        for each in news:
            try:
                take(hub, each)
            except Exception:  # a mistake of ours, or of another version: the rest is for others
                hub.faults.report("cannot take what other servers tell: %s", type(each).__name__)
        hub.pending_writes.tell_placed()


def tell_outages(hub: Hub, store: SharedStore) -> None:
    """Tell all clients, once, when nothing can be said, and when that is over; for ever."""
    was_away = False
    while True:
        gevent.sleep(LOOK_INTERVAL)
        if store.is_unusable == was_away:
            continue
        was_away = not was_away
        log.error("%s", store.trouble) if was_away else log.warning("the store can be used again")
        if was_away:
            for room in hub.rooms.by_name.values():
                room.queue.let_all_go()
        for client in hub.each_client():
            hub.tell(client, AWAY if was_away else BACK)


def _wait_for_round(hub: Hub) -> None:
    """Wait for the round under way, and then as long again for what other servers say.

    Where two servers talk, each has a batch every few milliseconds: without that wait each batch
    made a round at both, and a line cost the two nearly twice as much as one server (measured with
    1,000 clients and 100 lines in flight). Where rounds are short, nobody waits for long; where
    senders wait for the next round already, it is as large as it may be, and is not put off.
    """
    rooms = [*hub.ready_rooms]
    began = monotonic()
    while hub.ready_rooms and monotonic() - began < LONGEST_WAIT:
        give_way()
    if rooms and hub.elsewhere.servers and not any(room.queue.are_awaited for room in rooms):
        gevent.sleep(monotonic() - began)
