"""What commands answer about the server and one's connection, as facts (see answers.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class InForce:
    """A ban or a mute."""

    network: str | None
    """Whom it holds for: an address or a network; None if it is one client."""
    by: str
    why: str
    term: int | None
    """Seconds until it expires; None if it does not."""


@dataclass(frozen=True, slots=True)
class Why:
    """Connection and limits of the one who asks."""

    answer: ClassVar[str] = "why"
    name: str
    room: str
    """The first one, if there are several."""
    rooms: Sequence[str]
    """All of them, the first one first."""
    since: datetime
    """When they connected."""
    behind: int
    """Messages that they are still to be sent."""
    missed: int
    """Messages that were dropped before they could be sent."""
    operator: bool
    muted: InForce | None
    max_line: int
    burst: int | None
    """Lines that may come at once; None if there is no limit."""
    rate: int | None
    """Lines per second, beyond those; None if there is no limit."""
    idle_timeout: int | None
    """Seconds without input after which they are disconnected; None if they are not."""
    unread_answers: int
    unread_answers_limit: int
    unread_privates: int
    unread_privates_limit: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where others can join."""

    answer: ClassVar[str] = "invite"
    hosts: Sequence[str]
    """Addresses of the server, the best one first."""
    port: int
    public: bool
    """Whether others than clients of the same machine can join."""
    plain: bool
    """Whether they can join without TLS, with nc."""
    tls: bool
    """Whether they can join with TLS, with ncat."""
    fingerprint: str
    """The SHA-256 of the certificate, if nobody but the server has signed it; else empty."""
    page: str
    """The address of the web page; empty if there is none."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """Since when, and for how many seconds, the server has been running."""

    answer: ClassVar[str] = "uptime"
    since: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Version:
    """Versions of the server."""

    answer: ClassVar[str] = "version"
    gchat: str
    python: str


@dataclass(frozen=True, slots=True)
class ListedCommand:
    """A command."""

    command: str
    """As it is typed: `/nick`."""
    arguments: str
    """As its usage shows them; empty if it takes none."""
    group: str
    summary: str
    operator: bool
    """Whether it is for operators only."""


@dataclass(frozen=True, slots=True)
class Help:
    """Commands: all, those of a group, or one, of which the text tells more."""

    answer: ClassVar[str] = "help"
    commands: Sequence[ListedCommand]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the server does; totals are since its start."""

    answer: ClassVar[str] = "stats"
    clients: int
    rooms: int
    joined: int
    refused: int
    messages: int
    messages_per_second: float
    bytes_in: int
    deliveries: int
    deliveries_per_second: float
    bytes_out: int
    longest_lag: int
    longest_lag_of: str
    """The client that is so many messages behind; empty if none is."""
    loop_delay_median: float
    loop_delay_max: float
    """Seconds, in the last minute."""
    sender: str
    memory: int
    errors: int
    """Errors in the log."""
    trouble: str
    """What is wrong with the history file; empty if nothing is."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that operators can set."""

    name: str
    value: int
    meaning: str


@dataclass(frozen=True, slots=True)
class LimitsInForce:
    """All limits, or the one that was asked for or set."""

    answer: ClassVar[str] = "limits"
    limits: Sequence[Limit]


@dataclass(frozen=True, slots=True)
class BanImposed:
    """A ban that holds from now on."""

    answer: ClassVar[str] = "ban"
    ban: InForce


@dataclass(frozen=True, slots=True)
class MuteImposed:
    """A mute that holds from now on."""

    answer: ClassVar[str] = "mute"
    name: str
    """Of the user who is muted."""
    mute: InForce
    """Of the user's address as well; of the user alone if its network is None."""


@dataclass(frozen=True, slots=True)
class Sanctioned:
    """The latest bans and muted addresses, the latest last."""

    answer: ClassVar[str] = "bans"
    bans: Sequence[InForce]
    bans_total: int
    mutes: Sequence[InForce]
    mutes_total: int
    kept: bool
    """Whether they outlast the server, in a history file."""
