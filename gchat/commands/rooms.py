"""Rooms: going there, and what goes on in them."""

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
from gchat.text.naming import NotAName, as_name, name_key
from gchat.text.phrases import listing

NAMES_SHOWN = 100
"""How many names /who lists: what fits on a screen, and is no burden to owe."""

ROOMS_SHOWN = 50
"""How many rooms /rooms lists; likewise."""

log = logging.getLogger(__name__)


@command("ROOM", cost=20)
def join(hub: Hub, client: Client, name: str) -> None:
    """go to ROOM, which is made if it is new

    You are in one room at a time, and first in #lobby. A room that stays empty for ten
    minutes is closed, and what was said there is gone unless there is a history file.
    For example: /join builds
    """
    try:
        # Folded, it may be longer: ß is ss then.
        name = as_name(name_key(as_name(name.removeprefix("#"))))
    except NotAName as error:
        raise Refused(f"that cannot be a room: {error}", "a room") from None
    if name == client.log.room:
        raise Refused(f"you are in #{name} already", "a room")
    try:
        membership.move(hub, client, name)
    except TooManyRooms:
        raise Refused(
            f"there are {MAX_ROOMS} rooms, the most there may be; /rooms lists them", "a room"
        ) from None
    if client.display.notices:
        welcome_to_room(hub, client)


@command(cost=20)
def leave(hub: Hub, client: Client) -> None:
    """go back to #lobby

    For example: /leave
    """
    if client.log.room == LOBBY:
        raise Refused(f"you are in #{LOBBY}; /quit leaves the chat", "a room")
    join(hub, client, LOBBY)


@command(cost=5)
def rooms(hub: Hub, client: Client) -> None:
    """list the rooms, with how many are there and the topics

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
        lines.append(f"and {len(rooms) - len(shown)} others")
    hub.tell(client, *lines)


@command("[TEXT]", cost=20, speaks=True)
def topic(hub: Hub, client: Client, text: str) -> None:
    """say what the room is about, or ask that

    Who comes in is shown it, and so is who asks for the rooms. /topic - takes it away.
    For example: /topic the night's builds
    """
    room, text = hub.room_of(client), text.strip()
    if not text:
        shown = topic_of(room, client)
        hub.tell(client, f"topic: {shown}" if shown else f"#{room.name} has no topic")
        return
    if len(text) > MAX_TEXT:
        raise too_long("a topic", text)
    room.topic = None if text == "-" else Topic(text, client.number, client.name)
    what = f"set the topic: {text}" if room.topic else "took the topic away"
    hub.notify(room, f"{client.name} {what}", client.number, client.name)
    hub.confirm(client, f"you {what}", *_keep_topic(hub, room))


@command("[ROOM]")
def who(hub: Hub, client: Client, name: str) -> None:
    """list who is in this room, or in ROOM

    For example: /who builds
    """
    room = _room(hub, name) if name else hub.room_of(client)
    room.presence.be_seen()
    with hub.lock:
        total = len(room.clients)
        # No more than are shown: sorting ten thousand would be felt by everybody.
        names = [other.name for other in islice(room.clients.values(), NAMES_SHOWN + 1)]
    shown = listing(sorted(names), total, NAMES_SHOWN)
    hub.tell(client, f"#{room.name}, {total} here: {shown}" if total else f"#{room.name} is empty")


def _keep_topic(hub: Hub, room: Room) -> list[str]:
    """Have the topic of `room` outlast the server; what whoever has set it is to know of that."""
    try:
        hub.directory.write_topic(room.name, room.topic)
    except StoreError as error:
        log.error("the topic of #%s cannot be written to the history: %s", room.name, error)
        return [NOT_WRITTEN]
    return []


def _room(hub: Hub, name: str) -> Room:
    name = name.removeprefix("#")
    room = hub.rooms.by_name.get(name_key(name[:MAX_TEXT]))
    if room is None:
        raise Refused(f"there is no room {name[:MAX_TEXT]}; /rooms lists them", "no such room")
    return room
