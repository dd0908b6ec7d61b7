"""Resuming: with its token, a client comes back on another connection.

It takes over its former number and all that is known by it: its messages, the clients that ignore
it, its last correspondent. Its cursor is put back to the last message that it has received, or that
it says it has seen.
"""

import time
from itertools import count
from typing import NamedTuple

import gevent
from gevent.event import Event

from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.last_seen import Continuation, LastSeen, continue_behind
from gchat.hub.room import Room
from gchat.hub.welcome import welcome_back
from gchat.model.buckets import TokenBucket
from gchat.model.identities import Identity
from gchat.model.ignoring import NOBODY
from gchat.model.room_log import Cursor
from gchat.model.tokens import digest, make_token, tidy
from gchat.protocol.voices import voice_of
from gchat.store.errors import StoreError

DISPLACED = "Disconnected: your token was used on another connection"

READING_PATIENCE = 5.0
"""Seconds that a connection may take to read what it was sent before /resume: meanwhile nobody else
can use the token."""

DISPLACEMENTS = TokenBucket(rate=1 / 600, burst=5)
"""Five times a connection is ended by another with its token, then once in ten minutes: a client
that loses its connection again and again can come back, and two that resume by themselves do not
end each other for ever. Vanished connections are found in two minutes."""

_numbers = count(-1, -1)
"""Numbers for clients whose own number another connection has taken over."""


class BeingResumed(Exception):
    """Raised if another connection is just resuming the same identity."""


class NotReading(Exception):
    """Raised if the connection that resumes does not read what it was sent before."""


class DisplacedTooOften(Exception):
    """Raised if connections with the same token end each other; `wait` is in seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.wait = wait


def give_token(hub: Hub, client: Client) -> None:
    """Give `client` a token, and with it an identity that it can resume under its present name.

    Raises TooManyIdentities.
    """
    token = make_token()
    identity = Identity(
        client.number,
        digest(token),
        client.network,
        client.name,
        hub.clock.trusted(),
        client.log.room,
        client.cursor,
        since=hub.clock.trusted(),
    )
    update_identity(identity, client)
    hub.identities.add(identity, hub.clients)
    client.token = token


def update_identity(identity: Identity, client: Client) -> None:
    """Copy the present state of `client` into `identity`."""
    update_place(identity, client)
    identity.room = client.log.room
    identity.display = client.display
    identity.ignored = list(client.ignores.names.values())
    identity.person = client.person
    identity.rings = client.rings is not None
    identity.muted = client.muted
    identity.correspondent = client.correspondent


def update_place(identity: Identity, client: Client) -> None:
    """Copy into `identity` how much of its room `client` has received."""
    known = identity.place if identity.room == client.log.room else Cursor(0, 0)
    identity.place, identity.own_ahead = received(client, known)


def leave(hub: Hub, client: Client) -> None:
    """Save the identity of a client that is sent no more; its socket must still be open."""
    identity = hub.identities.of(client.number)
    if identity is not None:
        update_identity(identity, client)
        identity.privates += client.take_all_privates()
        hub.identities.leave(identity, hub.clock.trusted())
        if not hub.settings.reserve and identity.number not in hub.resumed:
            hub.identities.forget(identity)


def resume(
    hub: Hub, client: Client, identity: Identity, token: str, seen: LastSeen | None = None
) -> None:
    """Make `client` resume `identity`, which another connection may still have.

    It gets what follows the message that it has `seen` last, or, if it does not know that, what its
    kernel has not acknowledged.

    Runs in the greenlet of `client`. Raises BeingResumed, NotReading, DisplacedTooOften,
    TooManyRooms and StoreError; the client stays as it was then.
    """
    if identity.number in hub.resumed:
        raise BeingResumed
    if identity.number in hub.clients:
        now = time.monotonic()
        if wait := hub.displacements.wait(DISPLACEMENTS, identity.number, now):
            raise DisplacedTooOften(wait)
        hub.displacements.take(DISPLACEMENTS, identity.number, now)
    hub.resumed[identity.number] = Event()
    listens = client.until is None
    try:
        with gevent.Timeout(READING_PATIENCE, NotReading):
            membership.stop_listening(hub, client)
        displaced = _displace(hub, identity)
        room = membership.find_or_open(hub, identity.room)
        found = Continuation(identity.place, False)
        if seen is not None:
            found = continue_behind(hub, room.log, seen, identity)
        load_privates(hub, identity)  # first: others may send it more as soon as it is there
        room = membership.find_or_open(hub, identity.room)  # it may have been closed meanwhile
        if seen is not None:
            _put_back(identity, room, found.cursor)
        _take_over(hub, client, identity, room, displaced)
        client.token = tidy(token)
        welcome_back(hub, client, found.is_gap)
        deliver_privates(hub, identity)
    finally:
        del hub.resumed[identity.number]
        if listens:
            membership.listen(hub, client)


def _put_back(identity: Identity, room: Room, cursor: Cursor) -> None:
    """Put the place of `identity` in `room` to `cursor`.

    Of its own messages behind that, those that memory does not hold are not counted, unless they
    were before.
    """
    own = room.log.said_by(identity.number, cursor.id)
    if cursor.id < room.log.start.id:
        own = max(own, identity.own_ahead)
    identity.place, identity.own_ahead = cursor, own


def bring_privates(hub: Hub, identity: Identity) -> None:
    """Queue the direct messages that came for the client of `identity` while it was away."""
    load_privates(hub, identity)
    deliver_privates(hub, identity)


def load_privates(hub: Hub, identity: Identity) -> None:
    """Wait until the direct messages that the file keeps for `identity` are in memory."""
    # In a greenlet of its own: they are not lost if the client is dismissed meanwhile.
    gevent.spawn(_load_privates, hub, identity).join()


def deliver_privates(hub: Hub, identity: Identity) -> None:
    """Queue those of them that are in memory, if the client of `identity` is there."""
    now, client = time.time(), hub.clients.get(identity.number)
    if client is not None:
        hub.identities.undelivered.pop(identity.number, None)
        privates, identity.privates = identity.privates, []
        identity.has_mail = False
        for private in privates:
            hub.enqueue(client, voice_of(client.display).private(private, now), private)


def _load_privates(hub: Hub, identity: Identity) -> None:
    """Move the direct messages that the file keeps for `identity` into memory."""
    try:
        kept = hub.directory.take_privates(identity.number)
    except StoreError:
        hub.faults.report("cannot read the direct messages kept for %s", identity.name)
    else:
        identity.privates = kept + identity.privates
        is_gone = identity.number not in hub.clients
        if kept and is_gone and hub.identities.of(identity.number) is identity:
            hub.identities.undelivered[identity.number] = identity  # they are in no file now


def _displace(hub: Hub, identity: Identity) -> bool:
    """End the connection that has `identity`, if there is one, and save its state.

    True if it ends for that reason only: it is then not announced as left.
    """
    client = hub.clients.get(identity.number)
    if client is None:
        return False
    person, is_here = client.person, client.number in hub.room_of(client).clients
    if is_here:
        hub.tell(client, DISPLACED)
        client.person = False
        client.expel("resumed on another connection")
        hub.resumed[client.number].wait()
    if hub.clients.get(identity.number) is client:  # its connection is not closed yet
        is_told = not client.owed
        client.stop_at(client.cursor)  # the other connection gets what follows
        leave(hub, client)
        with hub.lock:
            del hub.clients[client.number]
            hub.room_of(client).visits.pop(client.number, None)
            client.number = next(_numbers)
            hub.clients[client.number] = client
        if not is_told:
            hub.tell(client, DISPLACED)
        hub.visit(client)
    identity.person = person
    return is_here


def _take_over(hub: Hub, client: Client, identity: Identity, room: Room, displaced: bool) -> None:
    """Turn `client`, which must not be listening, into `identity`. Does not wait for anything."""
    before, name = hub.room_of(client), client.name
    was_told = client.person and not before.presence.withdraw(client.number)
    stays = room is before
    is_person = client.person or identity.person
    place, own_ahead = min(identity.place, room.log.end), identity.own_ahead
    if stays:  # it may have sent something before /resume
        own_ahead += room.log.said_by(client.number, place.id)

    client.person = was_told and not stays  # else it is not announced as left
    membership.quit_room(hub, client)
    hub.names.release(client)
    hub.bells.forget(client)
    if own := hub.identities.of(client.number):
        hub.identities.forget(own)
    with hub.lock:
        del hub.clients[client.number]
        client.number, client.former = identity.number, client.number
        hub.clients[client.number] = client

    client.ignores = NOBODY
    hub.names.resume(client, identity.name)
    for ignored in identity.ignored:
        hub.names.ignore(client, ignored)
    notices = client.display.notices or identity.display.notices
    client.display = identity.display._replace(end=client.display.end, notices=notices)
    client.named = time.monotonic()
    client.muted = client.muted or identity.muted
    client.correspondent = identity.correspondent
    if identity.rings:
        hub.bells.turn_on(client)

    client.person = is_person and not displaced and not (was_told and stays)
    membership.enter_room(hub, client, room, place, own_ahead)
    client.person = is_person
    if was_told and stays:
        hub.notify(room, f"{name} is now {client.name}", client.number, client.name)


class Received(NamedTuple):
    """How much a client has received."""

    place: Cursor
    """The cursor up to which it has received the messages of its room."""
    own_ahead: int
    """Its own messages behind that cursor."""


def received(client: Client, known: Cursor) -> Received:
    """Look up what `client` has received; much may be in transit on a connection that hangs.

    Exact to what the other side's kernel has acknowledged: a line counts when its last byte has
    arrived. Costs a system call and two bisections. `known` is a cursor up to which the client has
    received everything; it is the result if there are no marks that reach back so far.
    """
    trail = client.connection.trail
    place = trail.place(client.received_bytes) if trail else None
    if trail is None or place is None:
        return Received(max(known, client.entered), client.own_ahead)
    place = min(place, client.cursor)
    return Received(place, client.own_ahead + trail.own_behind(place))
