"""Tell other servers, where several share a store, that this one is there, and who is here."""

import logging
from collections.abc import Mapping, Sequence

import gevent

from gchat.hub import checkpoint, naming
from gchat.hub.direct_messages import show_left
from gchat.hub.handing_over import give_up
from gchat.hub.hub import Hub
from gchat.hub.placing import drop
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

LEAVING_PATIENCE = 1.0
"""Seconds that clients which are at other servers by now may take to leave before others' lines
have places again. The next sign of life comes behind that: it is to be in time."""

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
    last = hub.shutdown.last_peers
    others: Others = store.renew(peers_of(hub) if last is None else last)
    for server, peers in others.ended.items():
        log.warning("server %s has ended, with %s", server, counted(len(peers), "client"))
        _tell_of_end(hub, store, others.endings[server], peers)
    hub.elsewhere.learn(others.present, hub.clients)  # behind that: who waits for it, resumes now
    hub.questions.forget(hub.elsewhere.servers)
    for number in others.nameless:
        if client := hub.clients.get(number):
            naming.replace(hub, client)
    if lease := store.new_lease:
        _place_again(hub, store, lease)
    elif not store.has_lapsed:
        for number in hub.directory.lost():
            gevent.spawn(give_up, hub, number)
    if others.is_to_be_told:
        hub.directory.tell_again(hub.identities.all())
    if (sanctions := hub.directory.new_sanctions()) is not None:
        learn(hub, sanctions)


def peers_of(hub: Hub) -> list[Peer]:
    """The clients of this server, as it tells the others."""
    return [peer for number in [*hub.clients] if (peer := _peer(hub, number))]


def _peer(hub: Hub, number: int) -> Peer | None:
    """The client of this number; None if it has left, and is only still sent something."""
    client = hub.clients[number]
    away = client.away.text if client.away else None
    seats = [seat for seat in client.seats if number in hub.room_of(seat).clients]
    rooms = [seat.log.room for seat in seats]
    return Peer(number, client.name, rooms, client.person, client.operator, away) if rooms else None


def _tell_of_end(hub: Hub, store: SharedStore, ending: str, peers: Sequence[Peer]) -> None:
    """Announce that `peers` have left, with their server.

    Those that may be about to come back, when they have not. Other servers do the same, and call
    that `ending`.
    """
    coming = [each for each in peers if each.digest]
    try:
        gone = [each for each in peers if not each.digest]
        _tell_that_all_left(hub, store, ending, gone)
    except StoreError as error:
        log.error("cannot tell who has left (%s): %s", ending, error)
    if coming:
        gevent.spawn_later(checkpoint.GRACE, _tell_of_absent, hub, store, ending, coming)


def _tell_of_absent(hub: Hub, store: SharedStore, ending: str, peers: Sequence[Peer]) -> None:
    """Announce that those of `peers` have left whom no server has taken."""
    try:
        absent = set(store.take_untold([each.digest for each in peers]))
        gone = [each for each in peers if each.digest in absent]
        _tell_that_all_left(hub, store, f"{ending}-{store.node}", gone)
    except StoreError as error:
        log.error("cannot tell who has left (%s): %s", ending, error)


def _tell_that_all_left(hub: Hub, store: SharedStore, ending: str, peers: Sequence[Peer]) -> None:
    """Announce in all rooms that are open here that `peers` have left.

    If other servers call that `ending` as well, the store takes the first. Raises StoreError.
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


def _place_again(hub: Hub, store: SharedStore, lease: str) -> None:
    """Have lines have places again, but those of clients that are at other servers by now.

    These may have said them there once more. Raises StoreError.
    """
    taken = hub.directory.taken()
    gone = {hub.clients[number] for number in taken if number in hub.clients}
    leaving = [gevent.spawn(give_up, hub, number) for number in taken]
    gevent.joinall(leaving, timeout=LEAVING_PATIENCE)  # behind that, they say nothing more here
    show_left(hub)
    drop(hub, lambda client: client in gone or client.number in taken)
    store.place_under(lease)
    _announce_all(hub)


def _announce_all(hub: Hub) -> None:
    """Announce all people here again: others have been told that they left."""
    log.warning("the lease had ended: the other servers have announced all people here as left")
    for client in hub.each_client():
        for seat in client.seats if client.person else ():
            room = hub.room_of(seat)
            room.presence.join(client.number, client.name)
            hub.presence_notices.tell_soon(room)
