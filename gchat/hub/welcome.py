"""What a client is shown when it enters a room: room, topic, the latest messages."""

import time

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.model.message import Message
from gchat.protocol.voices import voice_of
from gchat.text.phrases import counted, listing

REPLAY_CHARACTERS = 4096
"""Total length of the messages that are shown again: each newcomer is sent its own copy."""

LONGEST_SHOWN = 400
"""Characters of one message that is shown again, mark included: ten of them fit into
REPLAY_CHARACTERS, so that a long one does not hide the others."""

BEGINNING = 320
"""Characters of a longer message before the mark, which says how to see the rest."""

NAMES_SHOWN = 10
"""Names of other clients in the room that a newcomer is told."""


def welcome(hub: Hub, client: Client) -> None:
    """Welcome a person to the server and to the lobby."""
    room = hub.room_of(client)
    motd = hub.settings.motd
    lines = [
        f"Welcome to gchat! You are {client.name} in {_description(hub, client, room)}.",
        "Everybody in this room sees what you type.",
        "/nick NAME sets your name, /help lists the commands.",
        *(motd.lines() if motd else ()),
    ]
    if mute := hub.mute_of(client):
        told = mute.tell(hub.clock.steady())
        lines.append(f"You can read but not write: your address is muted {told}")
    hub.enqueue(client, voice_of(client.display).notices([*lines, *_topic(client, room)]))
    replay(hub, client, room)


def welcome_to_room(hub: Hub, client: Client) -> None:
    """Tell a client about the room that it has moved to."""
    room = hub.room_of(client)
    hub.tell(client, f"You are in {_description(hub, client, room)}", *_topic(client, room))
    replay(hub, client, room)


def welcome_back(hub: Hub, client: Client, is_gap: bool = False) -> None:
    """Tell a client that has resumed where it is, and how many messages it missed.

    If `is_gap`, some that it missed are not known any more; the others follow.
    """
    room, missed = hub.room_of(client), client.lag
    following = f"You missed {counted(missed, 'message')}:" if missed else "You missed no messages"
    hub.tell(
        client,
        f"Welcome back! You are {client.name} in {_description(hub, client, room)}",
        *_topic(client, room),
        *(() if is_gap else (following,)),
    )
    if is_gap:
        hub.enqueue(client, voice_of(client.display).gap(None))


def replay(hub: Hub, client: Client, room: Room) -> None:
    """Show the last few messages in `room` before the client's cursor, long ones shortened.

    A program that speaks JSON is shown none: it would take them for new messages.
    """
    if client.display.json:
        return
    now = time.time()
    messages = room.log.last(hub.settings.replay, REPLAY_CHARACTERS, client.cursor, LONGEST_SHOWN)
    shown = [
        shortened(message)
        for message in messages
        if not client.ignores.hides(message.sender, message.name)
    ]
    if shown:
        hub.enqueue(client, b"".join(voice_of(client.display).again(each, now) for each in shown))


def shortened(message: Message) -> Message:
    """Cut a message to LONGEST_SHOWN characters; a mark says how to see all of it."""
    length = len(message.text)
    if length <= LONGEST_SHOWN:
        return message
    mark = f"… ({length} characters; /around {message.id} shows all)"
    return message._replace(text=message.text[:BEGINNING] + mark)


def topic_of(room: Room, client: Client) -> str:
    """The topic for `client`: empty if there is none, or if its author is ignored."""
    topic = room.topic
    return "" if topic is None or client.ignores.hides(topic.sender, topic.name) else topic.text


def _topic(client: Client, room: Room) -> list[str]:
    topic = topic_of(room, client)
    return [f"Topic: {topic}"] if topic else []


def _description(hub: Hub, client: Client, room: Room) -> str:
    """`#lobby, with ann and bob`, or `#lobby; nobody else is here`."""
    room.presence.be_seen()
    with hub.lock:
        others = (other.name for other in room.clients.values() if other is not client)
        names = listing(others, len(room.clients) - 1, NAMES_SHOWN)
    return f"#{room.name}" + (f", with {names}" if names else "; nobody else is here")
