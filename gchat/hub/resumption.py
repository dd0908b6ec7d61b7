"""Resuming: with its token, a client comes back on another connection.

It takes over its former number and all that is known by it: its messages, the clients that ignore
it, its last correspondent. Its cursor is put back to the last message that it has received, or that
it says it has seen.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import MappingProxyType
from typing import Final

import gevent

from gchat.hub import membership, naming
from gchat.hub.checkpoint import keep_mail, remembered_place
from gchat.hub.client import Client, Dismissed
from gchat.hub.direct_messages import show_kept
from gchat.hub.displacing import displace, reserved
from gchat.hub.hub import Hub
from gchat.hub.last_seen import Continuation, continue_behind
from gchat.hub.left_rooms import enqueue_missed, read_missed
from gchat.hub.membership import TooManySeats
from gchat.hub.room import Room
from gchat.hub.rooms import TooManyRooms
from gchat.hub.welcome import welcome_back
from gchat.model.display import Display
from gchat.model.epochs import Place
from gchat.model.events import Renamed
from gchat.model.identities import Identity, RememberedPlace
from gchat.model.ignoring import NOBODY
from gchat.model.message import Private
from gchat.model.room_log import Cursor
from gchat.model.tokens import tidy
from gchat.store.errors import StoreError
from gchat.store.shared import SharedStore

READING_PATIENCE = 5.0
"""Seconds that a connection may take to read what it was sent before /resume: meanwhile nobody else
can use the token."""

NEWS_PATIENCE = 2.0
"""Seconds for which a server waits, where several share a store, to know as much of all rooms as
others: a client may come from there."""

NEWS_PAUSE = 0.005
"""Seconds until the next look whether it does."""

NOTHING: Final[Mapping[str, Place]] = MappingProxyType({})
"""What a client has seen last of its rooms, if it does not say."""


class NotReading(Exception):
    """Raised if the connection that resumes does not read what it was sent before."""


def resume(
    hub: Hub, client: Client, identity: Identity, token: str, seen: Mapping[str, Place] = NOTHING
) -> None:
    """Make `client` resume `identity`, which another connection may still have.

    It is in all rooms of `identity` again, and in those of `seen`, which are the last messages that
    it has of rooms, by their names; the empty name stands for the first room. There it gets what
    follows them; of the others, and of rooms that it has left, what its kernel has not
    acknowledged.

    Rooms that cannot be opened are told, and left out, unless that is all of them.

    Runs in the greenlet of `client`. Raises BeingResumed, NotReading, DisplacedTooOften,
    TooManySeats, TooManyRooms and StoreError, and Dismissed if its connection breaks before it has
    ended another one; the client stays as it was then.
    """
    with reserved(hub, identity):
        _resume(hub, client, identity, token, seen)


def _resume(
    hub: Hub, client: Client, identity: Identity, token: str, seen: Mapping[str, Place]
) -> None:
    listens = client.until is None
    try:
        with gevent.Timeout(READING_PATIENCE, NotReading):
            for seat in client.seats:
                membership.stop_listening(hub, seat)
        if client.lost:
            raise Dismissed(client.lost)
        in_json = _display_of(identity, client).json
        _rooms_of(identity, seen, in_json)  # too many are refused before another one is ended
        displaced = displace(hub, identity) or time.monotonic() < identity.untold_until
        names = _rooms_of(identity, seen, in_json)
        membership.check_seats(hub, client, len(names))
        with ExitStack() as stack:
            rooms, found, unopened = _open_all(hub, client, identity, names, seen, stack)
            places = {room.name: each.cursor.id for room, each in zip(rooms, found, strict=True)}
            missed = read_missed(hub, identity, seen, places)
            naming.claim(hub, identity)
            mail = _kept_mail(hub, identity)  # the last that is waited for: see Mail.of
            membership.check_seats(hub, client, len(rooms))  # others may have taken the slots
            is_shared = hub.store.is_shared
            identity.places = [
                _put_back(identity, room, each, is_shared)
                for room, each in zip(rooms, found, strict=True)
            ]
            _take_over(hub, client, identity, rooms, displaced)
            identity.untold_until = 0.0
            hub.elsewhere.has_come_here(identity.number)
        client.token = tidy(token)
        for each in missed:
            enqueue_missed(hub, client, each)
        welcome_back(hub, client, [is_gap for _, is_gap in found], unopened)
        _deliver(hub, client, mail)
        identity.has_mail = False
    finally:
        if listens:
            membership.listen(hub, client)


def _display_of(identity: Identity, client: Client) -> Display:
    """The display settings of `identity`, as far as the door of `client` leaves it a choice.

    A token of the web page, shown in nc, does not make lines of text JSON, nor the other way round.
    """
    own, saved = client.display, identity.display
    display = saved._replace(end=own.end, notices=own.notices or saved.notices)
    if own.framing or saved.framing:
        presence = own.presence or saved.presence
        display = display._replace(framing=own.framing, json=own.json, presence=presence)
    return display


def _rooms_of(identity: Identity, seen: Mapping[str, Place], in_json: bool) -> list[str]:
    """The rooms of `identity`, and those of which its client has `seen` something; each once.

    The first one alone if the client will not speak JSON. Raises TooManySeats if they are too many,
    whoever is there; and if it will not speak JSON and has seen something of another one.
    """
    places = identity.places if in_json else identity.places[:1]
    names = dict.fromkeys([*(place.room for place in places), *filter(None, seen)])
    if len(names) > 1 and not in_json:
        raise TooManySeats("only programs that speak JSON (/json) can be in several rooms")
    membership.check_number(len(names))
    return list(names)


def _open_all(
    hub: Hub,
    client: Client,
    identity: Identity,
    names: Sequence[str],
    seen: Mapping[str, Place],
    stack: ExitStack,
) -> tuple[list[Room], list[Continuation], dict[str, TooManyRooms | StoreError]]:
    """Open the rooms called `names` for `client`, which resumes `identity`, and keep them open.

    Returns those that could be opened, where it goes on in each, and why others could not. Raises
    TooManyRooms or StoreError if none could be.
    """
    rooms, found, deadline = list[Room](), list[Continuation](), time.monotonic() + NEWS_PATIENCE
    unopened = dict[str, TooManyRooms | StoreError]()
    for name in names:
        try:
            room = stack.enter_context(membership.kept_open(hub, name, client.network))
            _wait_for_end(hub, room, deadline)
            found.append(_find_continuation(hub, room, identity, seen))
            rooms.append(room)
        except (TooManyRooms, StoreError) as error:
            unopened[name] = error
    if not rooms:
        raise next(iter(unopened.values()))
    return rooms, found, unopened


def _wait_for_end(hub: Hub, room: Room, deadline: float) -> None:
    """Wait until `room` has what a client may have seen at another server. Raises StoreError."""
    if not isinstance(hub.store, SharedStore):
        return
    end = hub.store.end_of(room.name)
    while room.log.end.id < end and time.monotonic() < deadline:
        gevent.sleep(NEWS_PAUSE)


def _find_continuation(
    hub: Hub, room: Room, identity: Identity, seen: Mapping[str, Place]
) -> Continuation:
    """Where the client of `identity` goes on in `room`, if it has `seen` a message there last, or
    does not know."""
    place = identity.place_in(room.name)
    last = seen.get(room.name)
    if last is None and place is identity.place:
        last = seen.get("")
    if place is None:  # it came in, and that was lost
        assert last
        return continue_behind(hub, room.log, last, room.log.end)
    return continue_behind(hub, room.log, last or Place(place.cursor.id, place.epoch), place.cursor)


def _put_back(
    identity: Identity, room: Room, found: Continuation, is_shared: bool
) -> RememberedPlace:
    """The place of `identity` in `room`, put to where it goes on.

    Of its own messages behind that, those that memory does not hold are not counted, unless they
    were before.
    """
    cursor, place = found.cursor, identity.place_in(room.name)
    knows_all = is_shared and cursor.id >= room.log.start.id  # of what it said at other servers
    if place is not None and place.cursor == cursor and not knows_all:
        return place
    own = room.log.said_by(identity.number, cursor.id)
    if place is not None and cursor.id < room.log.start.id:
        own = max(own, place.own_ahead)
    return remembered_place(room.log, cursor, own)


def _kept_mail(hub: Hub, identity: Identity) -> list[Private]:
    """Read the direct messages that the file has for `identity`."""
    try:
        return hub.directory.privates(identity.number)
    except StoreError:
        hub.faults.report("cannot read the direct messages kept for %s", identity.name)
        return []


def _deliver(hub: Hub, client: Client, kept: Sequence[Private]) -> None:
    """Queue all direct messages to `client` that have not arrived; `kept` is what the file has."""
    sent_before = client.privates
    show_kept(hub, client, hub.mail.of(client.number, kept))
    keep_mail(hub, client, sent_before)


def _take_over(
    hub: Hub, client: Client, identity: Identity, rooms: Sequence[Room], displaced: bool
) -> None:
    """Turn `client`, which must not be listening, into `identity`, with a seat in each of `rooms`.

    These are the rooms of its places, in their order. Does not wait for anything.
    """
    before, name = {hub.room_of(seat): seat for seat in client.seats}, client.name
    for room in before:
        if room.presence.is_seen_unannounced(client.number):
            hub.presence_notices.tell_of(room, client.number)  # else the name in lists stays there
    told = {room for room in before if client.person and not room.presence.withdraw(client.number)}
    is_person = client.person or identity.person
    places = list[tuple[Cursor, int]]()
    for room, (_, _, cursor, own_ahead) in zip(rooms, identity.places, strict=True):
        cursor = min(cursor, room.log.end)
        if room in before:  # it may have sent something before /resume
            own_ahead += room.log.said_by(client.number, cursor.id)
        places.append((cursor, own_ahead))

    for room, seat in before.items():
        client.person = room in told and room not in rooms  # else it is not announced as left
        membership.quit_room(hub, seat)
        if seat is not client:
            membership.remove_seat(hub, seat)
    naming.release(hub, client)
    hub.bells.forget(client)
    if own := hub.identities.of(client.number):
        hub.identities.forget(own)
    with hub.lock:
        del hub.clients[client.number]
        client.number, client.former = identity.number, client.number
        hub.clients[client.number] = client
    hub.sent.forget(client.former)
    hub.sent.unread.add(client.number)

    hub.identities.changed[identity.number] = identity

    client.ignores = NOBODY
    hub.names.resume(client, identity.name, identity.ignored)
    client.display = _display_of(identity, client)
    client.named = time.monotonic()
    client.muted = client.muted or identity.muted
    client.correspondent = identity.correspondent
    if identity.rings:
        hub.bells.turn_on(client)

    for room, place in zip(rooms, places, strict=True):
        client.person = is_person and not displaced and room not in told
        if room is rooms[0]:
            membership.enter_room(hub, client, room, *place)
        else:
            membership.add_seat(hub, client, room, *place)
    client.person = is_person
    for room in rooms:
        if room in told:
            hub.notify(room, Renamed(name), client.number, client.name)
