"""What a client is shown when it enters a room: room, topic, the latest messages."""

import time
from collections.abc import Mapping, Sequence
from itertools import chain, islice

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.hub.rooms import TooManyRooms
from gchat.hub.seat import Seat
from gchat.model.answers import Entered, Resumed, Unopened
from gchat.model.display import TELNET
from gchat.model.message import Message
from gchat.protocol.voices import voice_of
from gchat.store.errors import StoreError
from gchat.text.phrases import counted, listing

REPLAY_CHARACTERS = 4096
"""Total length of the messages that are shown again: each newcomer is sent its own copy."""

LONGEST_SHOWN = 400
"""Characters of one message that is shown again, mark included: ten of them fit into
REPLAY_CHARACTERS, so that a long one does not hide the others."""

BEGINNING = 320
"""Characters of a longer message before the mark, which says how to see the rest."""

MOST_LOOKED_AT = 64
"""Clients among which they are looked for: thousands may be there that have no name yet."""

REDRAW = "/redraw on keeps what you type apart from what others say."
"""For all but telnets, of which some send each character as it is typed."""

NAMES_SHOWN = 10
"""Names of other clients in the room that a newcomer is told."""


def welcome(hub: Hub, client: Client) -> None:
    """Welcome a person to the server and to the lobby."""
    room = hub.room_of(client)
    motd = hub.settings.motd
    lines = [
        f"Welcome to gchat! You are {client.name} in {_description(hub, client, room)}.",
        "Everybody in this room sees what you type.",
        *((REDRAW,) if client.display.end != TELNET.end else ()),
        "/nick NAME sets your name, /help lists the commands.",
        *(motd.lines() if motd else ()),
    ]
    if mute := hub.mute_of(client):
        told = mute.tell(hub.clock.steady())
        lines.append(f"You can read but not write: your address is muted {told}")
    hub.enqueue(client, voice_of(client.display).notices([*lines, *_topic(client, room)]))
    replay(hub, client, room)


def welcome_to_room(hub: Hub, seat: Seat) -> None:
    """Tell a client about the room of `seat`, which it has come into."""
    room = hub.room_of(seat)
    hub.answer(
        seat,
        f"You are in {_description(hub, seat, room)}",
        *_topic(seat, room),
        facts=Entered(room.name, hub.count_in(room), topic_of(room, seat)),
    )
    replay(hub, seat, room)


def welcome_back(
    hub: Hub,
    client: Client,
    gaps: Sequence[bool],
    unopened: Mapping[str, TooManyRooms | StoreError],
) -> None:
    """Tell a client that has resumed where it is, and how many messages it missed in each room.

    If there is one of `gaps` in a room, some that it missed are not known any more; the others
    follow. `unopened` are rooms that it is not in again, by name, and why. All that answers the
    request comes together, in the first room, before the `ok`.
    """
    voice, told = hub.voice_for(client), []
    for seat, is_gap in zip(client.seats, gaps, strict=True):
        room, missed = hub.room_of(seat), seat.lag
        topic = topic_of(room, seat)
        begin = f"Welcome back! You are {client.name}" if seat is client else "You are also"
        lines = [f"{begin} in {_description(hub, seat, room)}", *_topic(seat, room)]
        if not is_gap:
            lines.append(
                f"You missed {counted(missed, 'message')}:" if missed else "You missed no messages"
            )
        known = None if is_gap else missed
        facts = Resumed(client.name, room.name, hub.count_in(room), topic, known)
        told.append(voice.answer(lines, facts))
    for name, error in unopened.items():
        is_full = isinstance(error, TooManyRooms)
        why = str(error) if is_full else f"{hub.store.what} cannot be read: {error}"
        reason = "too many rooms" if is_full else "room not opened"
        line = f"You are not in #{name}, which cannot be opened: {why}. Join it again later."
        told.append(voice.answer([line], Unopened(name, reason)))
    hub.enqueue(client, b"".join(told))
    for seat, is_gap in zip(client.seats, gaps, strict=True):
        if is_gap:
            hub.owe(seat, voice.gap(None, seat.log.room))


def replay(hub: Hub, seat: Seat, room: Room) -> None:
    """Show the last few messages in `room` before the cursor of `seat`, long ones shortened.

    A program that speaks JSON is shown none: it would take them for new messages.
    """
    if seat.display.json:
        return
    now = time.time()
    messages = room.log.last(hub.settings.replay, REPLAY_CHARACTERS, seat.cursor, LONGEST_SHOWN)
    shown = [
        shortened(message)
        for message in messages
        if not seat.ignores.hides(message.sender, message.name)
    ]
    if shown:
        hub.enqueue(seat, b"".join(voice_of(seat.display).again(each, now) for each in shown))


def shortened(message: Message) -> Message:
    """Cut a message to LONGEST_SHOWN characters; a mark says how to see all of it."""
    length = len(message.text)
    if length <= LONGEST_SHOWN:
        return message
    mark = f"… ({length} characters; /around {message.id} shows all)"
    return message._replace(text=message.text[:BEGINNING] + mark)


def topic_of(room: Room, seat: Seat) -> str:
    """The topic for `seat`: empty if there is none, or if its author is ignored."""
    topic = room.topic
    return "" if topic is None or seat.ignores.hides(topic.sender, topic.name) else topic.text


def _topic(seat: Seat, room: Room) -> list[str]:
    topic = topic_of(room, seat)
    return [f"Topic: {topic}"] if topic else []


def _description(hub: Hub, seat: Seat, room: Room) -> str:
    """`#lobby, with ann and bob`, or `#lobby; nobody else is here`."""
    with hub.lock:
        room.presence.be_seen(but_nameless=True)
        nameless = room.presence.nameless
        others = (
            other.name
            for number, other in islice(room.clients.items(), MOST_LOOKED_AT)
            if other is not seat.client and number not in nameless
        )
        elsewhere = hub.elsewhere.people(room.name)
        everybody = chain(others, (peer.name for peer in elsewhere))
        names = listing(everybody, len(room.clients) - 1 + len(elsewhere), NAMES_SHOWN)
    return f"#{room.name}" + (f", with {names}" if names else "; nobody else is here")
