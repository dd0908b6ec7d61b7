"""Membership: clients come, listen, go to other rooms, leave.

Whatever changes who is where does it here, with `hub.lock` held for as long as the dicts change.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gchat.hub import naming
from gchat.hub.client import Client, Dismissed
from gchat.hub.hub import Hub
from gchat.hub.left_rooms import keep_remainder
from gchat.hub.room import Room
from gchat.hub.rooms import TooManyRooms
from gchat.hub.seat import Seat
from gchat.hub.seats import MOST_SEATS, FurtherSeat, Seats
from gchat.hub.sent import Marked
from gchat.model.epochs import Place
from gchat.model.room_log import Cursor
from gchat.store.errors import StoreError
from gchat.text.addresses import Network

log = logging.getLogger(__name__)


class TooManySeats(Exception):
    """Raised if a client may be in no further room; says why and what to do, as a clause."""


def enter(hub: Hub, client: Client) -> None:
    """Register a new client. Messages from now on are queued for it until `listen`."""
    if hub.store.is_kept:  # so it may come back, and what it has not got be sent again
        client.keep_trail()
    with hub.lock:
        hub.clients[client.number] = client
        hub.room_of(client).clients[client.number] = client
    hub.names.arrive(client)
    hub.stats.joined += 1
    log.info("join %s", client)


def listen(hub: Hub, client: Client) -> None:
    """Send `client` what was said since it entered its rooms, and all that follows.

    What it is owed in its first room, such as the answer to a request, comes first.
    """
    if (seats := client.connection.seats) is not None:
        seats.line_up()
    for seat in client.seats:
        seat.until = None
        hub.visit(seat)


def announce(hub: Hub, client: Client) -> None:
    """Count `client` as a person: others in its rooms, if there are any, learn that it joined."""
    client.person = True
    for seat in client.seats:
        _has_joined(hub, seat)


def _has_joined(hub: Hub, seat: Seat) -> None:
    room, client = hub.room_of(seat), seat.client
    if len(room.clients) > 1 or hub.store.is_shared:
        nameless_at = time.monotonic() if client.is_nameless else None
        room.presence.join(client.number, client.name, nameless_at)
        hub.presence_notices.tell_soon(room)
    else:
        room.presence.forget()


def part(hub: Hub, client: Client, reason: str, *, is_expelled: bool = False) -> None:
    """Take `client` out of its rooms: it says nothing more, and is sent what was said up to now.

    A client that `is_expelled` has stopped listening already (see Client.expel).
    """
    for seat in client.seats:
        room = hub.room_of(seat)
        seat.stop_at((seat.until if is_expelled else None) or room.log.end)
        with hub.lock:
            room.listeners.pop(client.number, None)
            room.clients.pop(client.number)
    naming.release(hub, client)
    hub.bells.forget(client)
    log.info("leave %s: %s", client, reason)
    for seat in client.seats:
        _has_left(hub, seat, quits=True)
        hub.visit(seat)
    for _ in client.seats[1:]:
        hub.slots.give_back(client.network)
    if client.number in hub.resumed:
        hub.resumed[client.number].set()


def move(hub: Hub, seat: Seat, name: str) -> Room:
    """Move `seat`, which may be a client, to the room called `name`, made if there is none.

    Runs in the client's greenlet, and waits until it has got what was said up to now in its
    room. Raises TooManyRooms and StoreError, and Dismissed if its connection breaks meanwhile; then
    the client stays where it was, and can come back to what it has not got.
    """
    listens = seat.until is None
    stop_listening(hub, seat)
    if seat.lost:
        raise Dismissed(seat.lost)
    try:
        room = find_or_open(hub, name, seat.client.network)
    except (TooManyRooms, StoreError):
        if listens:
            listen(hub, seat.client)
        raise
    keep_remainder(hub, seat, room.name, room.log.end)
    quit_room(hub, seat)
    enter_room(hub, seat, room)
    if listens:
        listen(hub, seat.client)
    return room


def enter_further(hub: Hub, client: Client, name: str) -> Seat:
    """Have `client` be in the room called `name` besides those that it is in; returns its seat.

    Waits if the room's tail has to be read from the store. Raises TooManySeats, TooManyRooms and
    StoreError.
    """
    check_seats(hub, client, len(client.seats) + 1)
    room = find_or_open(hub, name, client.network)
    check_seats(hub, client, len(client.seats) + 1)  # others may have taken the slot meanwhile
    seat = add_seat(hub, client, room)
    if client.until is None:
        listen(hub, client)
    return seat


def leave_room(hub: Hub, seat: Seat) -> None:
    """Have the client of `seat`, which has several, be in its room no longer.

    Runs in the client's greenlet, and waits until it has got what was said there up to now. Raises
    Dismissed if its connection breaks meanwhile. If that was its first seat, the next one is.
    """
    stop_listening(hub, seat)
    if seat.lost:
        raise Dismissed(seat.lost)
    client = seat.client
    stays = next(each for each in client.seats if each is not seat)
    keep_remainder(hub, seat, stays.log.room, stays.cursor)
    if not isinstance(seat, FurtherSeat):
        quit_room(hub, client)
        seat = client.seats[1]
        room = hub.room_of(seat)
        with hub.lock:
            room.listeners.pop(client.number, None)
            room.visits.pop(client.number, None)
        client.replace(seat)
    else:
        quit_room(hub, seat)
    remove_seat(hub, seat)
    hub.visit(client)
    hub.go_on(client)


def answer_in(seat: Seat) -> None:
    """Have the request that brought its client into the room of `seat` be answered there.

    Its place is the one behind which the client is shown what is said there.
    """
    marked: Marked | None = seat.client.marked
    if marked:
        marked.seat = seat
        marked.place = Place(seat.entered.id, seat.log.epoch_of(seat.entered.id))


def check_number(count: int) -> None:
    """Raise TooManySeats if no client may have `count` seats."""
    if count > MOST_SEATS:
        raise TooManySeats(f"you can be in {MOST_SEATS} rooms at a time; leave one first")


def check_seats(hub: Hub, client: Client, count: int) -> None:
    """Raise TooManySeats if `client` may not have `count` seats.

    Each but the first takes a slot of the server and of its address, as a connection does.
    """
    check_number(count)
    limits, slots, more = hub.settings.limits, hub.slots, count - len(client.seats)
    if more > 0 and slots.total + more > limits.max_clients > 0:
        raise TooManySeats(
            f"the server is full (limit {limits.max_clients}, in which each further room counts as "
            "a client); try again later"
        )
    if more > 0 and slots.of(client.network) + more > limits.max_per_address > 0:
        raise TooManySeats(
            f"too many connections from your address (limit {limits.max_per_address}, in which "
            "each further room counts as one); leave a room or close one, or try again later"
        )


def add_seat(
    hub: Hub, client: Client, room: Room, place: Cursor | None = None, own_ahead: int = 0
) -> Seat:
    """Give `client` a further seat, in `room`, which does not listen yet; see enter_room."""
    seats: Seats = client.connection.seats or Seats(client)
    client.connection.seats = seats
    seat = FurtherSeat(client, room.log)
    if hub.store.is_kept:
        seat.keep_trail()
    hub.slots.take(client.network)
    seats.add(seat)
    enter_room(hub, seat, room, place, own_ahead)
    return seat


def remove_seat(hub: Hub, seat: Seat) -> None:
    """Take a further seat away from its client; it has quit its room.

    What it was owed there is owed to the client, which has to be visited.
    """
    client: Client = seat.client
    seats: Seats = client.connection.seats
    seats.remove(seat)
    if len(seats.all) == 1:
        client.connection.seats = None
    hub.slots.give_back(client.network)
    client.inherit(seat)
    if client.marked and client.marked.seat is seat:
        client.marked.seat = client


def stop_listening(hub: Hub, seat: Seat) -> None:
    """Wait, in the greenlet of the client, until `seat` was sent what was said up to now."""
    room = hub.room_of(seat)
    seat.stop_at(seat.until or room.log.end)
    with hub.lock:
        room.listeners.pop(seat.number, None)
    hub.visit(seat)
    while not (seat.has_heard_all or seat.lost):
        seat.client.wait_for_progress()


def find_or_open(hub: Hub, name: str, network: Network) -> Room:
    """The room called `name`, which is opened if need be, for a client from `network`.

    Waits if the room's tail has to be read from the store. Raises TooManyRooms and StoreError.
    """
    if room := hub.rooms.by_name.get(name):
        return room
    with hub.opening.hold(name):  # or it might be opened twice, and its ids be given out again
        if room := hub.rooms.by_name.get(name):
            return room
        before, topic = hub.history.open(name), hub.directory.topic(name)
        # Without a limit for one address, many may share it, behind a proxy.
        is_shared = hub.settings.limits.max_per_address > 0
        room = hub.rooms.open(before, network, hub.clients.values(), is_shared=is_shared)
        room.topic = topic
    hub.store.watch(name)
    return room


@contextmanager
def kept_open(hub: Hub, name: str, network: Network) -> Iterator[Room]:
    """The room called `name`, as find_or_open; it is not closed meanwhile, though it be empty."""
    room = find_or_open(hub, name, network)
    room.expected += 1
    try:
        yield room
    finally:
        room.expected -= 1


def quit_room(hub: Hub, seat: Seat) -> None:
    """Take `seat`, which does not listen any more, out of its room, before it enters another."""
    room = hub.room_of(seat)
    with hub.lock:
        room.visits.pop(seat.number, None)
        room.clients.pop(seat.number)
    _has_left(hub, seat, quits=False)


def enter_room(
    hub: Hub, seat: Seat, room: Room, place: Cursor | None = None, own_ahead: int = 0
) -> None:
    """Put `seat`, which is in no room, into `room`, without listening yet.

    Its cursor is at `place`, behind which are `own_ahead` messages of its own; at the end of the
    log if `place` is None.
    """
    with hub.lock:
        room.clients[seat.number] = seat.client
    seat.enter(room.log, place, own_ahead)
    if seat.client.person:
        _has_joined(hub, seat)


def _has_left(hub: Hub, seat: Seat, *, quits: bool) -> None:
    room, client = hub.room_of(seat), seat.client
    if not room.clients:
        room.empty_since = time.monotonic()
    if client.person and not hub.shutdown.closing:
        words = client.farewell if quits else ""
        room.presence.leave(client.number, client.name, quits=quits, words=words)
        hub.presence_notices.tell_soon(room)


def lose(hub: Hub, client: Client, why: str) -> None:
    """Give up sending to `client`: its connection is broken, `why` says how."""
    client.lose(why)
    client.leave_cohort()
    with hub.lock:
        for seat in client.seats:
            hub.room_of(seat).listeners.pop(client.number, None)


def remove(hub: Hub, client: Client) -> None:
    """Forget `client`, which has nothing to get any more, or cannot get it."""
    with hub.lock:
        hub.clients.pop(client.number)
        for seat in client.seats:
            hub.room_of(seat).visits.pop(client.number, None)
    client.connection.seats = None  # or it would hold on to itself
    if not hub.clients:
        hub.emptied.set()


def wait_until_empty(hub: Hub, timeout: float) -> bool:
    """Wait until the last client is gone; False if that takes over `timeout` seconds."""
    if not hub.clients:
        return True
    hub.emptied.clear()
    return hub.emptied.wait(timeout)
