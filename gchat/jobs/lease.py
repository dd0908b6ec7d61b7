"""Tell other servers, where several share a store, that this one is there, and who is here."""

import logging
from collections.abc import Mapping, Sequence

import gevent

from gchat.hub import naming
from gchat.hub.hub import Hub
from gchat.hub.sanctioning import learn
from gchat.model.events import Left
from gchat.model.peers import Others, Peer
from gchat.store.errors import StoreError
from gchat.store.shared import SharedStore
from gchat.text.phrases import counted

INTERVAL = 1.0
"""Seconds between two signs of life."""

CATCH_UP_INTERVAL = 10.0
"""Seconds between two looks for what was said in rooms that nobody here has open."""

NAMED = 100
"""People of a server that has ended who are named as they leave a room; the others are counted."""

log = logging.getLogger(__name__)


def keep_lease(hub: Hub, store: SharedStore) -> None:
    """Exchange with other servers who is there, for ever."""
    while True:
        try:
            _exchange(hub, store)
        except StoreError as error:
            log.debug("cannot renew the lease: %s", error)
        gevent.sleep(INTERVAL)


def catch_up(store: SharedStore) -> None:
    """Keep what is said in rooms that nobody here has open, for ever."""
    while True:
        gevent.sleep(CATCH_UP_INTERVAL)
        try:
            store.catch_up()
        except StoreError as error:
            log.debug("cannot catch up with rooms that are not open: %s", error)


def _exchange(hub: Hub, store: SharedStore) -> None:
    others: Others = store.renew([_peer(hub, number) for number in [*hub.clients]])
    hub.elsewhere.learn(others.present)
    hub.questions.forget(hub.elsewhere.servers)
    for server, peers in others.ended.items():
        log.warning("server %s has ended, with %s", server, counted(len(peers), "client"))
        _tell_that_all_left(hub, store, others.endings[server], peers)
    for number in others.nameless:
        if client := hub.clients.get(number):
            naming.replace(hub, client)
    if others.was_given_up:
        _announce_all(hub)
    if (sanctions := hub.directory.new_sanctions()) is not None:
        learn(hub, sanctions)


def _peer(hub: Hub, number: int) -> Peer:
    client = hub.clients[number]
    away = client.away.text if client.away else None
    rooms = [seat.log.room for seat in client.seats]
    return Peer(number, client.name, rooms, client.person, client.operator, away)


def _tell_that_all_left(hub: Hub, store: SharedStore, ending: str, peers: Sequence[Peer]) -> None:
    """Announce in all rooms that are open here that `peers` have left, with their server.

    Other servers do the same, and call that `ending`: the store takes the first. Raises StoreError.
    """
    people: Mapping[str, list[str]] = {name: [] for name in hub.rooms.by_name}
    for peer in peers:
        for room in peer.rooms if peer.person else ():
            if room in people:
                people[room].append(peer.name)
    for room, names in people.items():
        if names:
            shown = names[:NAMED]
            event = Left(shown, len(names) - len(shown), shown)
            store.say_once(room, ending, event)


def _announce_all(hub: Hub) -> None:
    """Announce all people here again: others have been told that they left."""
    log.warning("the lease had ended: the other servers have announced all people here as left")
    for client in hub.each_client():
        for seat in client.seats if client.person else ():
            room = hub.room_of(seat)
            room.presence.join(client.number, client.name)
            hub.presence_notices.tell_soon(room)
