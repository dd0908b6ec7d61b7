"""Membership: clients come, listen, go to another room, leave.

Whatever changes who is where does it here, with `hub.lock` held for as long as the dicts change.
"""

import logging
import time

from gchat.hub.client import Client, Dismissed
from gchat.hub.hub import Hub
from gchat.hub.marks import Trail
from gchat.hub.room import Room
from gchat.hub.rooms import TooManyRooms
from gchat.model.room_log import Cursor
from gchat.store.errors import StoreError

log = logging.getLogger(__name__)


def enter(hub: Hub, client: Client) -> None:
    """Register a new client. Messages from now on are queued for it until `listen`."""
    if hub.store.is_kept:  # so it may come back, and what it has not got be sent again
        client.connection.trail = Trail()
        client.connection.trail.enter(client.cursor)
    with hub.lock:
        hub.clients[client.number] = client
        hub.room_of(client).clients[client.number] = client
    hub.names.arrive(client)
    hub.stats.joined += 1
    log.info("join %s", client.address)


def listen(hub: Hub, client: Client) -> None:
    """Send `client` what was said since it entered its room, and all that follows."""
    client.until = None
    hub.visit(client)


def announce(hub: Hub, client: Client) -> None:
    """Count `client` as a person: others in its room, if there are any, learn that it joined."""
    room = hub.room_of(client)
    client.person = True
    if len(room.clients) > 1:
        room.presence.join(client.number, client.name)
        hub.presence_notices.tell_soon(room)
    else:
        room.presence.forget()


def part(hub: Hub, client: Client, reason: str) -> None:
    """Take `client` out of its room: it says nothing more, and is sent what was said up to now."""
    room = hub.room_of(client)
    client.stop_at(room.log.end)
    with hub.lock:
        room.listeners.pop(client.number, None)
        room.clients.pop(client.number)
    hub.names.release(client)
    hub.bells.forget(client)
    log.info("leave %s: %s", client, reason)
    _has_left(hub, client, room)
    hub.visit(client)
    if client.number in hub.resumed:
        hub.resumed[client.number].set()


def move(hub: Hub, client: Client, name: str) -> Room:
    """Move `client` to the room called `name`, which is made if there is none.

    Runs in the client's greenlet, and waits until it has got what was said up to now in its
    room. Raises TooManyRooms and StoreError, and Dismissed if its connection breaks meanwhile; then
    the client stays where it was, and can come back to what it has not got.
    """
    listens = client.until is None
    stop_listening(hub, client)
    if client.lost:
        raise Dismissed(client.lost)
    try:
        room = find_or_open(hub, name)
    except (TooManyRooms, StoreError):
        if listens:
            listen(hub, client)
        raise
    quit_room(hub, client)
    enter_room(hub, client, room)
    if listens:
        listen(hub, client)
    return room


def stop_listening(hub: Hub, client: Client) -> None:
    """Wait, in the greenlet of `client`, until it has got what was said up to now."""
    room = hub.room_of(client)
    client.stop_at(client.until or room.log.end)
    with hub.lock:
        room.listeners.pop(client.number, None)
    hub.visit(client)
    while not (client.has_heard_all or client.lost):
        client.wait_for_progress()


def find_or_open(hub: Hub, name: str) -> Room:
    """The room called `name`, which is opened if need be.

    Waits if the room's tail has to be read from the store. Raises TooManyRooms and StoreError.
    """
    if room := hub.rooms.by_name.get(name):
        return room
    with hub.opening.hold(name):  # or it might be opened twice, and its ids be given out again
        if room := hub.rooms.by_name.get(name):
            return room
        before, topic = hub.history.open(name), hub.directory.topic(name)
        room = hub.rooms.open(before, hub.clients.values())
        room.topic = topic
        return room


def quit_room(hub: Hub, client: Client) -> None:
    """Take `client`, which does not listen any more, out of its room, before it enters another."""
    room = hub.room_of(client)
    with hub.lock:
        room.visits.pop(client.number, None)
        room.clients.pop(client.number)
    _has_left(hub, client, room)


def enter_room(
    hub: Hub, client: Client, room: Room, place: Cursor | None = None, own_ahead: int = 0
) -> None:
    """Put `client`, which is in no room, into `room`, without listening yet.

    Its cursor is at `place`, behind which are `own_ahead` messages of its own; at the end of the
    log if `place` is None.
    """
    with hub.lock:
        room.clients[client.number] = client
    client.enter(room.log, place, own_ahead)
    if client.person:
        announce(hub, client)


def _has_left(hub: Hub, client: Client, room: Room) -> None:
    if not room.clients:
        room.empty_since = time.monotonic()
    if client.person and not hub.shutdown.closing:
        room.presence.leave(client.number, client.name)
        hub.presence_notices.tell_soon(room)


def lose(hub: Hub, client: Client, why: str) -> None:
    """Give up sending to `client`: its connection is broken, `why` says how."""
    client.lose(why)
    client.leave_cohort()
    with hub.lock:
        hub.room_of(client).listeners.pop(client.number, None)


def remove(hub: Hub, client: Client) -> None:
    """Forget `client`, which has nothing to get any more, or cannot get it."""
    with hub.lock:
        hub.clients.pop(client.number)
        hub.room_of(client).visits.pop(client.number, None)
    if not hub.clients:
        hub.emptied.set()


def wait_until_empty(hub: Hub, timeout: float) -> bool:
    """Wait until the last client is gone; False if that takes over `timeout` seconds."""
    if not hub.clients:
        return True
    hub.emptied.clear()
    return hub.emptied.wait(timeout)
