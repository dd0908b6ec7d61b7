"""What commands answer, as facts: programs get their fields, people are told sentences.

Here about people, rooms and messages; server_answers.py has the others. The name of an answer is
that of its command. Times are in UTC, spans in seconds, sizes in bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from gchat.model.server_answers import (
    BanImposed,
    Help,
    Invitation,
    LimitsInForce,
    MuteImposed,
    Sanctioned,
    Traffic,
    Uptime,
    Version,
    Why,
)


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody in a room."""

    name: str
    operator: bool
    away: str | None
    """The away message, which is empty if the one who asks ignores them; None if not away."""
    program: bool
    """Programs come and go without being announced."""


@dataclass(frozen=True, slots=True)
class Who:
    """The people in a room."""

    answer: ClassVar[str] = "who"
    room: str
    people: Sequence[Present]
    total: int
    more: bool
    """Whether more of them follow in another answer to the same request."""


@dataclass(frozen=True, slots=True)
class ListedRoom:
    """A room and its size."""

    room: str
    people: int
    topic: str
    """Empty if there is none."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """The largest rooms that were asked for, the largest one first."""

    answer: ClassVar[str] = "rooms"
    rooms: Sequence[ListedRoom]
    total: int
    """How many rooms there are of those that were asked for."""


@dataclass(frozen=True, slots=True)
class Whois:
    """A user, who is here, or has left and can come back."""

    answer: ClassVar[str] = "whois"
    name: str
    here: bool
    room: str
    """Where they are, or were last; the first one, if they are in several."""
    rooms: Sequence[str]
    """All rooms that they are in, or were in last; the first one first."""
    since: datetime | None
    """When they came; None if they have left."""
    seen: datetime | None
    """When they were heard of last; None if they are at another server, which alone knows that."""
    away: str | None = None
    address: str | None = None
    """Only the one who asks is told their own."""


@dataclass(frozen=True, slots=True)
class Named:
    """The name that the one who asks has now."""

    answer: ClassVar[str] = "nick"
    name: str


@dataclass(frozen=True, slots=True)
class AwayMessage:
    """Whether the one who asks is away now."""

    answer: ClassVar[str] = "away"
    away: str | None
    """The away message; None if they are back."""


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """A direct message was sent, and something is to be said of that."""

    answer: ClassVar[str] = "msg"
    to: str
    """The name of the recipient, also if only its beginning was typed."""
    stored: bool
    """Whether the recipient is not here, and the message is stored until they come back."""
    away: str | None
    """The away message of the recipient, as in Present."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The room that the one who asks has gone to."""

    answer: ClassVar[str] = "join"
    room: str
    total: int
    """How many are there, the one who asks included."""
    topic: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """Who the one who asks is again, and where."""

    answer: ClassVar[str] = "resume"
    name: str
    room: str
    total: int
    topic: str
    missed: int | None
    """How many messages follow that they have missed; None if some of them are not known."""


@dataclass(frozen=True, slots=True)
class Unopened:
    """A room that a program which resumes is not in again, as it cannot be opened now."""

    answer: ClassVar[str] = "unopened"
    room: str
    reason: str
    """As a refusal to go there would have it."""


@dataclass(frozen=True, slots=True)
class RoomTopic:
    """The topic of a room."""

    answer: ClassVar[str] = "topic"
    room: str
    topic: str


@dataclass(frozen=True, slots=True)
class Token:
    """What brings the one who asks back, and a place behind all that it was sent of `room`."""

    answer: ClassVar[str] = "token"
    token: str
    room: str
    place: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The messages of the one who asks."""

    answer: ClassVar[str] = "forget"
    count: int
    deleted: bool
    """Whether they are deleted, or would be."""


@dataclass(frozen=True, slots=True)
class History:
    """The last messages of a room, which follow one by one."""

    answer: ClassVar[str] = "history"
    room: str
    count: int
    """How many there are. Those of people whom the one who asks ignores do not follow."""


@dataclass(frozen=True, slots=True)
class Since:
    """The messages of a room since some time, which follow one by one."""

    answer: ClassVar[str] = "since"
    room: str
    since: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Around:
    """A message and its neighbours, which follow one by one."""

    answer: ClassVar[str] = "around"
    room: str
    id: int
    place: str


@dataclass(frozen=True, slots=True)
class Found:
    """The latest messages that match a search, which follow one by one."""

    answer: ClassVar[str] = "find"
    count: int
    unsearched: int
    """Messages that the search left out, as they are not in the index yet."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """The names that the one who asks ignores."""

    answer: ClassVar[str] = "ignore"
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class JsonState:
    """Whether JSON is on."""

    answer: ClassVar[str] = "json"
    json: bool
    version: int


def moment(time: float) -> datetime:
    """A time in seconds since the epoch, as a field of an answer."""
    return datetime.fromtimestamp(time, UTC)


Answer = (
    Named
    | AwayMessage
    | DirectMessage
    | Whois
    | Token
    | Resumed
    | Unopened
    | Forgotten
    | Entered
    | Rooms
    | RoomTopic
    | Who
    | Ignored
    | History
    | Since
    | Found
    | Around
    | JsonState
    | Why
    | Invitation
    | Uptime
    | Version
    | Help
    | BanImposed
    | MuteImposed
    | Sanctioned
    | LimitsInForce
    | Traffic
)
