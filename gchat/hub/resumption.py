"""Coming back: a client goes on as the one that it was before, on another connection.

With the token it takes over the number, and so all that is known by it: what it has said, who
ignores it, who last said something to it alone. Its cursor is put back to what it had got.
"""

import time
from itertools import count
from typing import NamedTuple

import gevent
from gevent.event import Event

from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.hub.welcome import welcome_back
from gchat.model.identities import Identity
from gchat.model.ignoring import NOBODY
from gchat.model.message import Private
from gchat.model.room_log import Cursor
from gchat.model.tokens import digest, make_token, tidy
from gchat.protocol.voices import encoder, voice_of
from gchat.store.errors import StoreError

DISPLACED = "your token was shown on another connection, where you go on; goodbye"

_numbers = count(-1, -1)
"""For those whose own number another connection has taken over."""


class BeingResumed(Exception):
    """Another connection is about to go on as the same one."""


def give_token(hub: Hub, client: Client) -> None:
    """Make `client`, under the name that it has, one that can come back."""
    client.token = make_token()
    identity = Identity(
        client.number,
        digest(client.token),
        client.network,
        client.name,
        time.time(),
        client.log.room,
        client.cursor,
    )
    note(client, identity)
    hub.identities.add(identity, hub.clients)


def note(client: Client, identity: Identity) -> list[Private]:
    """Have `identity` be as `client` is now.

    Returns what others have sent it alone that it was sent, and has not got.
    """
    known = identity.place if identity.room == client.log.room else Cursor(0, 0)
    identity.place, identity.own_ahead, lost = received(client, known)
    identity.room = client.log.room
    identity.display = client.display
    identity.ignored = list(client.ignores.names.values())
    identity.person = client.person
    identity.rings = client.rings is not None
    identity.muted = client.muted
    identity.correspondent = client.correspondent
    return lost


def leave(hub: Hub, client: Client) -> None:
    """`client` gets no more; if it has a token, it can come back. Its socket is still open."""
    identity = hub.identities.of(client.number)
    if identity is not None:
        identity.privates += note(client, identity)
        identity.privates += client.take_all_owed()
        hub.identities.leave(identity, time.time())
        if not hub.settings.reserve and identity.number not in hub.resumed:
            hub.identities.forget(identity)


def resume(hub: Hub, client: Client, identity: Identity, token: str) -> None:
    """`client` goes on as `identity`, which another connection may still have.

    Runs in its own greenlet. Raises BeingResumed and TooManyRooms; it stays who it was then.
    """
    if identity.number in hub.resumed:
        raise BeingResumed
    hub.resumed[identity.number] = Event()
    listens = client.until is None
    try:
        membership.stop_listening(hub, client)
        displaced = _displace(hub, identity)
        room = membership.find_or_open(hub, identity.room)
        _take_over(hub, client, identity, room, displaced)
        client.token = tidy(token)
        welcome_back(hub, client)
        bring_privates(hub, identity)
    finally:
        del hub.resumed[identity.number]
        if listens:
            membership.listen(hub, client)


def bring_privates(hub: Hub, identity: Identity) -> None:
    """Owe its client what others have said to it alone while it was not there."""
    gevent.spawn(_load_privates, hub, identity).join()  # not lost if who waits is dismissed
    hub.identities.undelivered.pop(identity.number, None)
    now, client = time.time(), hub.clients.get(identity.number)
    if client is not None:
        privates, identity.privates = identity.privates, []
        for private in privates:
            hub.enqueue(client, voice_of(client.display).private(private, now), private)


def _load_privates(hub: Hub, identity: Identity) -> None:
    """Take what the file keeps for `identity` into memory."""
    try:
        kept = hub.directory.take_privates(identity.number)
    except StoreError:
        hub.faults.report("cannot read what is kept for %s", identity.name)
    else:
        identity.privates = kept + identity.privates


def _displace(hub: Hub, identity: Identity) -> bool:
    """End the connection that has `identity`, if one does, when it is remembered.

    True if that is the only reason why it ends: nobody is told that it has left.
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
        leave(hub, client)
        client.leave_cohort()  # the round that is under way may go further
        client.until = client.cursor  # the other connection gets what follows
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
    """Make `client`, which does not listen, the one that `identity` is. Nothing waits meanwhile."""
    before, name = hub.room_of(client), client.name
    was_told = client.person and not before.presence.withdraw(client.number)
    stays = room is before
    is_person = client.person or identity.person
    place, own_ahead = min(identity.place, room.log.end), identity.own_ahead
    if stays:  # it may have said something before it showed its token
        own_ahead += room.log.said_by(client.number, place.id)

    client.person = was_told and not stays  # or nobody is told that it has left
    membership.quit_room(hub, client)
    hub.names.release(client)
    hub.bells.wanted.discard(client.number)
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
    client.named = time.time()
    client.muted = client.muted or identity.muted
    client.correspondent = identity.correspondent
    if identity.rings:
        client.rings = 0.0
        hub.bells.wanted.add(client.number)

    client.person = is_person and not displaced and not (was_told and stays)
    membership.enter_room(hub, client, room, place, own_ahead)
    client.person = is_person
    if was_told and stays:
        hub.notify(room, f"{name} is now {client.name}", client.number, client.name)


class Received(NamedTuple):
    """What is known of a client."""

    place: Cursor
    """It has got what was said in its room up to here."""
    own_ahead: int
    """How many messages behind that it has said itself."""
    lost: list[Private]
    """What others have sent it alone that was sent to it, and has not arrived."""


def received(client: Client, known: Cursor) -> Received:
    """What `client` has got, whose connection may hang with much of it on its way.

    Exact to a message, but for answers in other looks than it has now, and if something is
    deleted while it is on its way: then it is said to have got less than it has. Up to `known` it
    had got all before; that is the answer if memory does not reach back far enough to tell.
    """
    log, cursor, own = client.log, client.cursor, client.own_ahead
    left = client.connection.unacknowledged + len(client.connection.cut)
    if not left:
        return Received(cursor, own, [])
    lost, in_flight = list[Private](), list(client.in_flight)
    encode = encoder(client.display)
    while left > 0:
        if in_flight and in_flight[-1].after.id >= cursor.id:
            _, size, private = in_flight.pop()
            left -= size
            if private:
                lost.append(private)
        elif cursor.id <= client.entered.id:
            break
        elif cursor.id <= log.start.id:
            return Received(max(known, client.entered), own, lost[::-1])
        else:
            (message,) = log.after(cursor.id - 1, 1)
            cursor = Cursor(message.id - 1, message.spoken_before)
            if message.sender in (client.number, client.former):
                own += message.is_counted
            elif not client.ignores.hides(message.sender, message.name):
                left -= len(encode(message))
    return Received(cursor, own, lost[::-1])
