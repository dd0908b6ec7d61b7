"""Rooms, their topics and the people in them."""

import logging
from heapq import nlargest
from itertools import islice

from gchat.commands.arguments import MAX_TEXT, NOT_WRITTEN, too_long
from gchat.commands.table import Refused, command
from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.hub.rooms import LOBBY, MAX_ROOMS, TooManyRooms
from gchat.hub.welcome import topic_of, welcome_to_room
from gchat.model.message import Topic
from gchat.store.errors import StoreError
from gchat.text.naming import NotAName, as_room, name_key
from gchat.text.phrases import counted, listing

NAMES_SHOWN = 100
"""Names that /who lists: about a screen of them, at most 3 KB to queue for a client."""

ROOMS_SHOWN = 50
"""Rooms that /rooms lists, the largest ones: about a screen of them."""

log = logging.getLogger(__name__)


@command("ROOM", cost=20)
def join(hub: Hub, client: Client, name: str) -> None:
    """go to ROOM, or create it

    You are in one room at a time; you start in #lobby. A room that is empty for ten minutes is
    closed, and its messages are deleted unless the server keeps a history file.
    For example: /join builds
    """
    try:
        name = as_room(name.removeprefix("#"))
    except NotAName as error:
        raise Refused(str(error), "not a room name") from None
    if name == client.log.room:
        raise Refused(f"You are in #{name} already", "same room")
    try:
        membership.move(hub, client, name)
    except TooManyRooms:
        raise Refused(
            f"Too many rooms (limit {MAX_ROOMS}); /rooms lists them", "too many rooms"
        ) from None
    except StoreError as error:
        raise Refused(
            f"#{name} cannot be opened, as the history file cannot be read: {error}. Try again "
            "later.",
            "room not opened",
        ) from None
    if client.display.notices:
        welcome_to_room(hub, client)


@command(cost=20)
def leave(hub: Hub, client: Client) -> None:
    """go back to #lobby

    For example: /leave
    """
    if client.log.room == LOBBY:
        raise Refused(f"You are in #{LOBBY} already; /quit leaves the chat", "same room")
    join(hub, client, LOBBY)


@command(cost=5)
def rooms(hub: Hub, client: Client) -> None:
    """list the rooms with their sizes and topics

    For example: /rooms
    """
    rooms = list(hub.rooms.by_name.values())
    shown = nlargest(ROOMS_SHOWN, rooms, key=lambda room: len(room.clients))
    width = max(len(room.name) for room in shown)
    lines = [
        f"#{room.name:<{width}} {len(room.clients):>5} here  {topic_of(room, client)}".rstrip()
        for room in shown
    ]
    if len(rooms) > len(shown):
        lines.append(f"and {counted(len(rooms) - len(shown), 'smaller room')}")
    hub.tell(client, *lines)


@command("[TEXT]", cost=20, speaks=True)
def topic(hub: Hub, client: Client, text: str) -> None:
    """show or set the topic

    It is shown to everybody who joins the room, and by /rooms. /topic - clears it.
    For example: /topic the night's builds
    """
    room, text = hub.room_of(client), text.strip()
    if not text:
        shown = topic_of(room, client)
        hub.tell(client, f"Topic: {shown}" if shown else f"#{room.name} has no topic")
        return
    if len(text) > MAX_TEXT:
        raise too_long("Topic", text)
    room.topic = None if text == "-" else Topic(text, client.number, client.name)
    what = f"set the topic: {text}" if room.topic else "cleared the topic"
    hub.notify(room, f"{client.name} {what}", client.number, client.name)
    hub.confirm(client, f"You {what}", *_keep_topic(hub, room))


@command("[ROOM]")
def who(hub: Hub, client: Client, name: str) -> None:
    """list the people in this room, or in ROOM

    For example: /who builds
    """
    room = _room(hub, name) if name else hub.room_of(client)
    room.presence.be_seen()
    with hub.lock:
        total = len(room.clients)
        # No more than are shown: sorting ten thousand names would delay everybody.
        names = [other.name for other in islice(room.clients.values(), NAMES_SHOWN + 1)]
    shown = listing(sorted(names), total, NAMES_SHOWN)
    hub.tell(client, f"#{room.name}, {total} here: {shown}" if total else f"#{room.name} is empty")


def _keep_topic(hub: Hub, room: Room) -> list[str]:
    """Save the topic of `room` in the history file; return lines about a failure to do so."""
    try:
        hub.directory.write_topic(room.name, room.topic)
    except StoreError as error:
        log.error("cannot save the topic of #%s: %s", room.name, error)
        return [NOT_WRITTEN]
    return []


def _room(hub: Hub, name: str) -> Room:
    name = name.removeprefix("#")
    room = hub.rooms.by_name.get(name_key(name[:MAX_TEXT]))
    if room is None:
        raise Refused(f"There is no room {name[:MAX_TEXT]}; /rooms lists the rooms", "no such room")
    return room
