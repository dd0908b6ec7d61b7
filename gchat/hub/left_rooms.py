"""Rooms that a client has left: a client that resumes is sent what had not arrived of them.

When a client leaves a room, it has been sent all that was said there; on a connection that hangs or
breaks, the end of that does not arrive.
"""

from collections.abc import Mapping
from itertools import accumulate
from typing import NamedTuple

from gchat.hub.checkpoint import received
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.marks import Trail
from gchat.hub.remainder import Remainder
from gchat.hub.seat import Seat
from gchat.model.epochs import Place
from gchat.model.identities import Identity, LeftRoom
from gchat.model.message import Message
from gchat.model.room_log import Cursor
from gchat.protocol.voices import encoder, voice_of
from gchat.runtime.loop import give_way
from gchat.store.history import PAGE, PAGE_CHARACTERS
from gchat.text.naming import name_key

MOST = 20
"""Remainders that are kept for a client, the last ones: one that leaves so many rooms before
anything arrives does not read."""


class Missed(NamedTuple):
    """What a client that resumes has not got of a room that it has left."""

    left: LeftRoom
    messages: list[Message]
    """What others have said there that it has not got, as far as that is still known."""
    is_whole: bool
    """Whether all that it has not got there is still known."""


def keep_remainder(hub: Hub, seat: Seat, later: str, place: Cursor) -> None:
    """Keep what `seat`, which leaves its room now, was sent there and need not have got.

    If its client may come back. What that is sent of the room `later` behind `place` comes behind
    it.
    """
    client: Client = seat.client
    identity = hub.identities.of(client.number)
    if identity is None or seat.trail is None:
        return
    arrived, log, end = client.received_bytes, seat.log, seat.cursor.id
    known = identity.place_in(log.room)
    last = received(seat, arrived, known.cursor if known else Cursor(0, 0)).place.id
    remainders = [remainder for remainder in client.remainders if remainder.missing(arrived)]
    if last < end:
        left = LeftRoom(log.room, log.epoch_of(end), last, end, later, place.id)
        remainders.append(Remainder(left, seat.trail, seat.sent))
        seat.keep_trail()
    client.remainders = tuple(remainders[-MOST:])


def read_missed(
    hub: Hub, identity: Identity, seen: Mapping[str, Place], places: Mapping[str, int]
) -> list[Missed]:
    """Read what has not arrived at the client of `identity` of rooms that it has left.

    `seen` are the places of the last messages that it has of its rooms, by their names, and
    `places` the ids behind which it goes on in them. Waits. Raises StoreError.
    """
    missed = list[Missed]()
    for left in identity.left:
        first = identity.place.room
        in_room, later = (
            seen.get(name) or (seen.get("") if name == first else None)
            for name in (left.room, left.later)
        )
        last = left.last
        if in_room and in_room.epoch in (None, left.epoch):
            last = max(last, in_room.id)
        end = min(left.end, places.get(left.room, left.end))
        if last < end and not (later and later.id > left.place):
            missed.append(_read(hub, identity, left._replace(last=last, end=end)))
    return missed


def _read(hub: Hub, identity: Identity, left: LeftRoom) -> Missed:
    keys, numbers = hub.names.ignored_by(identity)
    opened = hub.rooms.by_name.get(left.room)
    others, count, last = list[Message](), 0, left.last
    if not opened and hub.store.is_shared:
        hub.store.open(left.room)  # the file has all of it then
    while last < left.end:
        if opened:
            found = hub.history.after(opened.log, last, PAGE)
        else:
            found = hub.store.read(left.room, last, left.end, PAGE, PAGE_CHARACTERS)
        found = [each for each in found if each.id <= left.end and each.epoch <= left.epoch]
        if not found:
            break
        count, last = count + len(found), found[-1].id
        others += [
            each
            for each in found
            if each.sender not in {identity.number, *numbers} and name_key(each.name) not in keys
        ]
        give_way()
    return Missed(left, others, count == left.end - left.last)


def enqueue_missed(hub: Hub, client: Client, missed: Missed) -> None:
    """Queue for `client`, which has just resumed, what it has missed of a room that it had left."""
    voice, encode, left = voice_of(client.display), encoder(client.display), missed.left
    lines = {
        message.id: encode(message)
        for message in missed.messages
        if not client.ignores.hides(message.sender, message.name)
    }
    begin = b"" if missed.is_whole else voice.gap(None, left.room)
    if any(lines.values()):
        begin += voice.notices([f"In #{left.room}, before you left it, you missed:"])
    data = begin + b"".join(lines.values())
    if data:
        sizes = (len(lines.get(number, b"")) for number in range(left.last + 1, left.end + 1))
        ends = [len(begin) + end for end in accumulate(sizes)]
        remainder = Remainder(left, Trail(), ends=ends)
        client.remainders = (*client.remainders, remainder)
        client.enqueue(data, remainder=remainder)
        hub.visit(client)
