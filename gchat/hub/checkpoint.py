"""What is saved of a client that may come back: who it is, and how much of each room it has."""

from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.seat import Seat
from gchat.model.identities import Identity, RememberedPlace
from gchat.model.message import Private
from gchat.model.room_log import Cursor, RoomLog
from gchat.model.tokens import digest, make_token

GRACE = 10.0
"""Seconds that a client may take to come back at another server that shares the store, before
others are told that it has left: if its own server has ended its connection, as that is stopped or
the token was used at the other one."""


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
        [],
        since=hub.clock.trusted(),
    )
    update_identity(identity, client)
    hub.identities.add(identity, hub.clients)
    client.token = token
    keep_mail(hub, client, client.privates)


def keep_mail(hub: Hub, client: Client, privates: Sequence[Private]) -> None:
    """Have direct messages to `client` be kept until they have arrived, from now on.

    So are `privates`, which it was sent before.
    """
    client.mail = hub.mail
    for private in privates:
        hub.mail.add(client.number, private)


def update_identity(identity: Identity, client: Client) -> None:
    """Copy the present state of `client` into `identity`."""
    update_places(identity, client)
    identity.display = client.display
    identity.ignored = list(client.ignores.names.values())
    identity.person = client.person
    identity.rings = client.rings is not None
    identity.muted = client.muted
    identity.correspondent = client.correspondent


def update_places(identity: Identity, client: Client) -> None:
    """Copy into `identity` how much of each of its rooms `client` has received, and of rooms that
    it has left.

    Of a room in which the client had received all, and was sent nothing since, nothing is looked
    up: a program may be in many, most of which are quiet.
    """
    known = {place.room: place for place in identity.places}
    arrived = client.received_bytes
    if client.remainders or identity.left:
        missing = [(remainder, remainder.missing(arrived)) for remainder in client.remainders]
        client.remainders = [remainder for remainder, left in missing if left]
        identity.left = [left for _, left in missing if left]
    identity.places = [_place_of(seat, arrived, known.get(seat.log.room)) for seat in client.seats]


def _place_of(seat: Seat, arrived: int, known: RememberedPlace | None) -> RememberedPlace:
    """How far `seat` has got, `arrived` being the bytes that its client has received."""
    if known and (known.cursor, known.own_ahead) == (seat.cursor, seat.own_ahead):
        return known
    cursor, own_ahead = received(seat, arrived, known.cursor if known else Cursor(0, 0))
    return remembered_place(seat.log, cursor, own_ahead)


def remembered_place(log: RoomLog, cursor: Cursor, own_ahead: int) -> RememberedPlace:
    """The place at `cursor` in a room, behind which are `own_ahead` messages of the client."""
    return RememberedPlace(log.room, log.epoch_of(cursor.id), cursor, own_ahead)


def leave(hub: Hub, client: Client) -> None:
    """Save the identity of a client that is sent no more; its socket must still be open."""
    identity = hub.identities.of(client.number)
    if identity is not None:
        update_identity(identity, client)
        identity.has_mail = bool(client.give_up_owed()) or identity.has_mail
        client.mail = None
        if hub.shutdown.closing and client.person and hub.elsewhere.servers:
            identity.untold_until = monotonic() + GRACE
        hub.identities.leave(identity, hub.clock.trusted())
        if not hub.settings.reserve and identity.number not in hub.resumed:
            hub.identities.forget(identity)
    if hub.identities.of(client.number) is None:
        hub.sent.forget(client.number)
    hub.sent.unread.discard(client.number)


class Received(NamedTuple):
    """How much a client has received."""

    place: Cursor
    """The cursor up to which it has received the messages of its room."""
    own_ahead: int
    """Its own messages behind that cursor."""


def received(seat: Seat, arrived: int, known: Cursor) -> Received:
    """Look up what the client of `seat` has received there; much may be in transit on a connection
    that hangs.

    `arrived` are the bytes of its connection's stream that the other side's kernel has acknowledged
    (Seat.received_bytes, a system call): a line counts when its last byte has arrived. Costs two
    bisections. `known` is a cursor up to which the client has received everything; it is the result
    if there are no marks that reach back so far.
    """
    trail = seat.trail
    place = trail.place(arrived) if trail else None
    if trail is None or place is None:
        return Received(max(known, seat.entered), seat.own_ahead)
    place = min(place, seat.cursor)
    return Received(place, seat.own_ahead + trail.own_behind(place))
