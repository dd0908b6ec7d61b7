"""Events as people read them: `ann is now bob`, `ann, bob and 310 others joined`."""

from functools import singledispatch

from gchat.model.events import (
    Announced,
    Banned,
    Deleted,
    Joined,
    Kicked,
    Left,
    Muted,
    Passed,
    Renamed,
    RoomEvent,
    ShutdownCancelled,
    ShutdownPlanned,
    TopicSet,
    Unmuted,
    event_of,
)
from gchat.model.message import Message
from gchat.text.clock import duration
from gchat.text.phrases import because, by_whom, listing

NAMES_SHOWN = 2
"""Names that a sentence about many people gives; of three people it names all."""


def sentence(message: Message) -> str:
    """What people are told of an event, or of a notice in an older history file."""
    event = event_of(message)
    return message.text if event is None else sentence_of(event, message.name)


@singledispatch
def sentence_of(event: RoomEvent, name: str) -> str:
    """What people are told of `event`; `name` is that of whom it is about."""
    raise TypeError(event)


@sentence_of.register
def _(event: Joined, _name: str) -> str:
    return f"{_people(event)} joined"


@sentence_of.register
def _(event: Left, _name: str) -> str:
    return f"{_people(event)} left{because(event.words)}"


@sentence_of.register
def _(event: Passed, _name: str) -> str:
    return f"{_people(event)} came and went"


def _people(event: Joined | Left | Passed) -> str:
    return listing(event.names, len(event.names) + event.others, NAMES_SHOWN)


@sentence_of.register
def _(event: Renamed, name: str) -> str:
    return f"{event.old} is now {name}"


@sentence_of.register
def _(event: TopicSet, name: str) -> str:
    return f"{name} set the topic: {event.topic}" if event.topic else f"{name} cleared the topic"


@sentence_of.register
def _(event: Deleted, name: str) -> str:
    return f"{name} deleted a message by {event.author}{because(event.why)}"


@sentence_of.register
def _(event: Kicked, name: str) -> str:
    return f"{name} was kicked {by_whom(event.by, '', event.why)}"


@sentence_of.register
def _(event: Banned, name: str) -> str:
    return f"{name} was banned {by_whom(event.by, _term(event), event.why)}"


@sentence_of.register
def _(event: Muted, name: str) -> str:
    return f"{name} is muted {by_whom(event.by, _term(event), event.why)}"


def _term(event: Banned | Muted) -> str:
    return "" if event.term is None else f"for {duration(event.term)}"


@sentence_of.register
def _(event: Unmuted, name: str) -> str:
    return f"{event.by} unmuted {name}"


@sentence_of.register
def _(event: Announced, _name: str) -> str:
    return f"{event.by} announces: {event.announcement}"


@sentence_of.register
def _(event: ShutdownPlanned, _name: str) -> str:
    when = f"in {duration(event.seconds)}" if event.seconds else "now"
    who = f"{event.by} shuts the server down" if event.by else "The server shuts down"
    return f"{who} {when}{because(event.why)}"


@sentence_of.register
def _(event: ShutdownCancelled, _name: str) -> str:
    return f"{event.by} cancelled the shutdown{because(event.why)}"
