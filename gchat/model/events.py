"""What happens in a room besides talk, as facts: no sentence is stored.

An event is an entry of the room's log like a message. Its kind says what happened, `name` who it is
about, and the text holds the fields of one of these classes as JSON. How that is told is up to each
way of showing it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar, get_args

from gchat.model.message import Kind, Message


@dataclass(frozen=True, slots=True)
class Joined:
    """People have come into the room."""

    kind: ClassVar[str] = "joined"
    names: Sequence[str]
    others: int = 0
    """How many more, who are not named, as somebody ignores them: an event that is about several
    people cannot be hidden from anybody."""


@dataclass(frozen=True, slots=True)
class Left:
    """People have left the room."""

    kind: ClassVar[str] = "left"
    names: Sequence[str]
    others: int = 0
    """How many more, who are not named (see Joined)."""
    quit: Sequence[str] = ()
    """Who of them has left the server; the others have gone to another room."""
    words: str = ""
    """What somebody said with it, who is then the only one that the event is about."""


@dataclass(frozen=True, slots=True)
class Passed:
    """People came and left before anybody was told that they came."""

    kind: ClassVar[str] = "passed"
    names: Sequence[str]
    others: int = 0
    """How many more, who are not named (see Joined)."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """Somebody has a new name."""

    kind: ClassVar[str] = "renamed"
    old: str


@dataclass(frozen=True, slots=True)
class TopicSet:
    """Somebody has set the topic."""

    kind: ClassVar[str] = "topic"
    topic: str
    """Empty if it was cleared."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """An operator has deleted a message."""

    kind: ClassVar[str] = "deleted"
    deleted: int
    """The id of the message."""
    author: str
    why: str


@dataclass(frozen=True, slots=True)
class Kicked:
    """An operator has disconnected somebody."""

    kind: ClassVar[str] = "kicked"
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Banned:
    """An operator has disconnected somebody, and keeps them out."""

    kind: ClassVar[str] = "banned"
    by: str
    why: str
    term: float | None
    """For how many seconds; None if it does not end by itself."""


@dataclass(frozen=True, slots=True)
class Muted:
    """An operator does not let somebody speak."""

    kind: ClassVar[str] = "muted"
    by: str
    why: str
    term: float | None
    """For how many seconds; None if it does not end by itself."""


@dataclass(frozen=True, slots=True)
class Unmuted:
    """An operator lets somebody speak again."""

    kind: ClassVar[str] = "unmuted"
    by: str


@dataclass(frozen=True, slots=True)
class Announced:
    """An operator has said something to everybody in every room."""

    kind: ClassVar[str] = "announced"
    by: str
    announcement: str


@dataclass(frozen=True, slots=True)
class ShutdownPlanned:
    """The server will stop."""

    kind: ClassVar[str] = "shutdown"
    seconds: float
    """In how many."""
    by: str
    """Who wants that; empty if everybody is reminded of it."""
    why: str


@dataclass(frozen=True, slots=True)
class ShutdownCancelled:
    """The server will not stop after all."""

    kind: ClassVar[str] = "shutdown-cancelled"
    by: str
    why: str


RoomEvent = (
    Joined
    | Left
    | Passed
    | Renamed
    | TopicSet
    | Deleted
    | Kicked
    | Banned
    | Muted
    | Unmuted
    | Announced
    | ShutdownPlanned
    | ShutdownCancelled
)

_CLASSES: dict[str, type[RoomEvent]] = {each.kind: each for each in get_args(RoomEvent)}

ABOUT_PRESENCE = frozenset({Joined.kind, Left.kind, Passed.kind, Kind.PRESENCE})
"""The kinds of events that are about who comes and leaves."""

EVENTS = ABOUT_PRESENCE | _CLASSES.keys() | {Kind.NOTICE}
"""The kinds of all events, those of older history files as well."""


def encode(event: RoomEvent) -> str:
    """The text of an event's entry."""
    return json.dumps(asdict(event), ensure_ascii=False, separators=(",", ":"))


def event_of(message: Message) -> RoomEvent | None:
    """The event that `message` is; None if it is a message, or a sentence of an older file."""
    known = _CLASSES.get(message.kind)
    return known(**json.loads(message.text)) if known else None
