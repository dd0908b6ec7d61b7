"""What somebody is shown who comes into a room."""

import time

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.model.message import Message
from gchat.protocol.voices import voice_of
from gchat.text.phrases import counted, listing

REPLAY_CHARACTERS = 4096
"""How long the messages may be together that are shown again: each newcomer is owed them alone."""

LONGEST = 400
"""Characters of one message that is shown again, mark included: ten of them fit into
REPLAY_CHARACTERS, so that one that is long does not hide the others."""

BEGINNING = 320
"""Characters of a longer one that are shown before the mark, which tells how to see the rest."""

NAMES_SHOWN = 10
"""How many of those who are there it is told the names of."""


def welcome(hub: Hub, client: Client) -> None:
    """To the server, and to the lobby."""
    room = hub.room_of(client)
    motd = hub.settings.motd
    lines = [
        f"welcome to gchat! You are {client.name} in {_description(hub, client, room)}.",
        "What you type, everybody here sees. /nick NAME names you; /help helps.",
        *(motd.lines() if motd else ()),
    ]
    if mute := hub.mute_of(client):
        lines.append(
            f"whoever comes from your address is muted {mute.tell(time.time())}. You can read"
        )
    hub.enqueue(client, voice_of(client.display).notices([*lines, *_topic(client, room)]))
    replay(hub, client, room)


def welcome_to_room(hub: Hub, client: Client) -> None:
    """To another room than before."""
    room = hub.room_of(client)
    hub.tell(client, f"you are in {_description(hub, client, room)}", *_topic(client, room))
    replay(hub, client, room)


def welcome_back(hub: Hub, client: Client) -> None:
    """To where it was before, and has not been for a while."""
    room, missed = hub.room_of(client), client.lag
    hub.tell(
        client,
        f"welcome back! You are {client.name} in {_description(hub, client, room)}",
        *_topic(client, room),
        f"you have missed {counted(missed, 'message')}:" if missed else "you have missed nothing",
    )


def replay(hub: Hub, client: Client, room: Room) -> None:
    """Show the last few messages in `room` up to the place where `client` is.

    Of long ones the beginning. Not to a program that speaks JSON: it would take them for new ones.
    """
    if client.display.json:
        return
    now = time.time()
    messages = room.log.last(hub.settings.replay, REPLAY_CHARACTERS, client.cursor, LONGEST)
    shown = [
        shortened(message)
        for message in messages
        if not client.ignores.hides(message.sender, message.name)
    ]
    if shown:
        hub.enqueue(client, b"".join(voice_of(client.display).again(each, now) for each in shown))


def shortened(message: Message) -> Message:
    """`message` with at most LONGEST characters; where some are left out, a mark says so."""
    length = len(message.text)
    if length <= LONGEST:
        return message
    mark = f"… ({length} characters; /around {message.id} shows all)"
    return message._replace(text=message.text[:BEGINNING] + mark)


def topic_of(room: Room, client: Client) -> str:
    """The topic as `client` may see it: empty if there is none, or if it ignores who set it."""
    topic = room.topic
    return "" if topic is None or client.ignores.hides(topic.sender, topic.name) else topic.text


def _topic(client: Client, room: Room) -> list[str]:
    topic = topic_of(room, client)
    return [f"topic: {topic}"] if topic else []


def _description(hub: Hub, client: Client, room: Room) -> str:
    room.presence.be_seen()
    with hub.lock:
        others = (other.name for other in room.clients.values() if other is not client)
        names = listing(others, len(room.clients) - 1, NAMES_SHOWN)
    return f"#{room.name}" + (f", with {names}" if names else "; nobody else is here")
