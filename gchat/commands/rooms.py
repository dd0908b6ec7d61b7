"""Rooms, their topics and the people in them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import nlargest, nsmallest
from itertools import islice
from operator import itemgetter

from gchat.commands.arguments import MAX_TEXT, NOT_WRITTEN, away_of, room_named, too_long
from gchat.commands.table import MAX_SHOWN, Refused, command
from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.hub.rooms import LOBBY, TooManyRooms
from gchat.hub.welcome import topic_of, welcome_to_room
from gchat.model.answers import ListedRoom, Present, Rooms, RoomTopic, Who
from gchat.model.events import TopicSet
from gchat.model.message import Topic
from gchat.model.peers import Peer
from gchat.protocol.sentences import sentence_of
from gchat.store.errors import StoreError
from gchat.text.naming import name_key
from gchat.text.phrases import counted, listing

NAMES_SHOWN = 100
"""Names that /who lists: about a screen of them, at most 3 KB to queue for a client."""

PORTION = 200
"""People of whom a program is told in one answer: some 15 KB, as many as may be unread."""

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
    name = room_named(name)
    if client.seat_in(name):
        raise Refused(f"You are in #{name} already", "same room")
    seat = client.at
    with opening(hub, name):
        membership.move(hub, seat, name)
    membership.answer_in(seat)
    if client.display.notices:
        welcome_to_room(hub, seat)


@command(cost=20)
def leave(hub: Hub, client: Client) -> None:
    """go back to #lobby

    For example: /leave
    """
    seat = client.at
    if seat is not client:
        membership.leave_room(hub, seat)
        hub.confirm(client, f"You left #{seat.log.room}")
        return
    if client.log.room == LOBBY:
        raise Refused(f"You are in #{LOBBY} already; /quit leaves the chat", "same room")
    join(hub, client, LOBBY)


@command("[TEXT]", cost=5)
def rooms(hub: Hub, client: Client, text: str) -> None:
    """list the rooms with their sizes and topics

    With TEXT, only those that have it in their name. If they are many, the largest ones are listed.
    For example: /rooms build
    """
    typed = text.strip().removeprefix("#")[:MAX_SHOWN]
    wanted, opened = name_key(typed), hub.rooms.by_name
    rooms = [(hub.count_in(room), name) for name, room in opened.items() if wanted in name]
    rooms += [
        (len(peers), name)
        for name, peers in hub.elsewhere.rooms.items()
        if wanted in name and name not in opened
    ]
    listed = [
        ListedRoom(name, people, topic_of(opened[name], client) if name in opened else "")
        for people, name in nlargest(ROOMS_SHOWN, rooms, key=itemgetter(0))
    ]
    width = max((len(each.room) for each in listed), default=0)
    lines = [
        f"#{each.room:<{width}} {each.people:>5} here  {each.topic}".rstrip() for each in listed
    ]
    if len(rooms) > len(listed):
        lines.append(f"and {counted(len(rooms) - len(listed), 'smaller room')}")
    if not rooms:
        lines = [f"No room has “{typed}” in its name; /join makes one"]
    hub.answer(client, *lines, facts=Rooms(listed, len(rooms)))


@command("[TEXT]", cost=20, speaks=True)
def topic(hub: Hub, client: Client, text: str) -> None:
    """show or set the topic

    It is shown to everybody who joins the room, and by /rooms. /topic - clears it.
    For example: /topic the night's builds
    """
    room, text = hub.room_of(client.at), text.strip()
    if not text:
        shown = topic_of(room, client)
        told = f"Topic: {shown}" if shown else f"#{room.name} has no topic"
        hub.answer(client, told, facts=RoomTopic(room.name, shown))
        return
    if len(text) > MAX_TEXT:
        raise too_long("Topic", text)
    if hub.store.is_unusable:
        raise Refused("Topic not set: the store does not answer; try again later", "store away")
    room.topic = None if text == "-" else Topic(text, client.number, client.name)
    event = TopicSet(room.topic.text if room.topic else "")
    hub.notify(room, event, client.number, client.name)
    told = sentence_of(event, "You")
    facts = RoomTopic(room.name, event.topic)
    hub.confirm(client, told, *_keep_topic(hub, room), facts=facts)


@command("[ROOM]")
def who(hub: Hub, client: Client, name: str) -> None:
    """list the people in this room, or in ROOM

    Operators are marked, and users who are away.
    For example: /who builds
    """
    room = _room(hub, name) if name else hub.room_of(client.at)
    if client.marked and (seat := client.seat_in(room.name)):
        client.marked.seat = seat  # it is answered there, among the events of that room
    with hub.lock:
        room.presence.be_seen()
        total = len(room.clients)
        # No more than are shown: sorting ten thousand names would delay everybody.
        some = islice(room.clients.values(), NAMES_SHOWN + 1)
        people = [_present(other, client) for other in some]
        peers = hub.elsewhere.people(room.name)
        people += [_present_elsewhere(peer, client) for peer in peers[:NAMES_SHOWN]]
        total += len(peers)
    shown = listing(sorted(map(_marked, people)), total, NAMES_SHOWN)
    told = f"#{room.name}, {total} here: {shown}" if total else f"#{room.name} is empty"
    if client.display.json:
        _tell_all(hub, client, room, told)
    else:
        hub.answer(client, told)


def _tell_all(hub: Hub, client: Client, room: Room, told: str) -> None:
    """Tell a program of all clients in `room`, in portions, the first of which has the text `told`.

    Others have their turn in between, and nothing is kept meanwhile, as the program may be slow to
    read. Who comes and leaves is announced, and each portion comes at its place among these
    events: so a program that follows them knows who is there.
    """
    last, more = 0, True
    while more:
        with hub.lock:
            room.presence.be_seen()
            numbers = nsmallest(PORTION + 1, (each for each in room.clients if each > last))
            more = len(numbers) > PORTION
            people = [_present(room.clients[each], client) for each in numbers[:PORTION]]
            total = hub.count_in(room)
        peers = hub.elsewhere.people(room.name)
        hub.answer(client, told, facts=Who(room.name, people, total, more or bool(peers)))
        if more:
            hub.next_turn(client)
            last, told = numbers[PORTION - 1], ""
    for first in range(0, len(peers), PORTION):
        hub.next_turn(client)
        people = [_present_elsewhere(each, client) for each in peers[first : first + PORTION]]
        facts = Who(room.name, people, total, first + PORTION < len(peers))
        hub.answer(client, "", facts=facts)


@contextmanager
def opening(hub: Hub, name: str) -> Iterator[None]:
    """Raise Refused if the room called `name`, which is to be entered within, cannot be opened."""
    try:
        yield
    except TooManyRooms as error:
        raise Refused(
            f"#{name} cannot be opened: {error}. /rooms lists rooms to join; empty ones are closed "
            "after 10 min.",
            "too many rooms",
        ) from None
    except StoreError as error:
        raise Refused(
            f"#{name} cannot be opened, as {hub.store.what} cannot be read: {error}. Try again "
            "later.",
            "room not opened",
        ) from None


def _present(other: Client, client: Client) -> Present:
    """What `client` is told of `other`."""
    return Present(other.name, other.operator, away_of(other, client), not other.person)


def _present_elsewhere(peer: Peer, client: Client) -> Present:
    """What `client` is told of a client of another server."""
    away = peer.away
    if away is not None and client.ignores.hides(peer.number, peer.name):
        away = ""
    return Present(peer.name, peer.operator, away, not peer.person)


def _marked(person: Present) -> str:
    """A name, and whether it is that of an operator or one who is away: `ann (operator, away)`."""
    marks = ["operator"] * person.operator + ["away"] * (person.away is not None)
    return f"{person.name} ({', '.join(marks)})" if marks else person.name


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
