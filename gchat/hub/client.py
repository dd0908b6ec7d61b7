"""A client: who it is, and what it is owed."""

from collections import deque
from time import monotonic
from typing import Any, NamedTuple

import gevent
from gevent.event import Event

from gchat.hub.connection import Connection
from gchat.hub.owed import NOTHING_IN_FLIGHT, NOTHING_OWED, OWED_LIMIT, InFlight, Owed
from gchat.hub.seat import Seat
from gchat.model.message import Private
from gchat.model.room_log import Cursor, RoomLog
from gchat.model.sanctions import Sanction
from gchat.runtime.gate import Owner
from gchat.text.addresses import Network, host_of, network_of


class Dismissed(Exception):
    """Raised in a client's greenlet, wherever that waits, to end it; says why."""


class Expelled(Dismissed):
    """Dismissed by somebody else: the client does not get long to read what it is owed."""


class Away(NamedTuple):
    """Somebody is not there at the moment."""

    text: str
    """What they say about it; may be empty."""
    told: set[int]
    """The numbers of those who have been told."""

    def __str__(self) -> str:
        """As others are told."""
        return f"away: {self.text}" if self.text else "away"


class Client(Seat):
    """A person or a program on one connection, and its seat in the room that it is in.

    Its own greenlet reads from the connection; only the broadcaster writes to it. What it is
    still to be sent is not kept here: it is what the log holds behind `cursor`. To that come the
    rest of one line, and what is owed to this client alone, which is bounded: a client that is
    owed much is not listened to meanwhile.
    """

    __slots__ = (
        "_private_bytes",
        "address",
        "away",
        "correspondent",
        "former",
        "greenlet",
        "heard",
        "in_flight",
        "muted",
        "name",
        "named",
        "operator",
        "owed",
        "owed_bytes",
        "pending",
        "person",
        "progress",
        "rings",
        "since",
        "token",
    )

    def __init__(self, number: int, connection: Connection, address: str, log: RoomLog) -> None:
        super().__init__(number, connection, log)
        self.former = number
        """The number that it had before it went on as somebody who was here."""
        self.address = address
        """As people see it: `127.0.0.1:53412`, `[::1]:53412`."""
        self.name = address
        self.person = False
        """Whether the client was silent at first: a person, who is welcomed and announced."""
        self.since = self.named = monotonic()
        """When it came, and when it took its name."""
        self.heard = monotonic()
        """When it was last heard of, by the monotonic clock."""
        self.operator = False
        self.muted: Sanction | None = None
        self.away: Away | None = None
        self.correspondent = 0
        """The number of who last sent it something private."""
        self.rings: float | None = None
        """When its bell may be rung again, by the monotonic clock; None if it wants no bell."""
        self.token = ""
        """What makes it the same one on another connection; empty if nothing does."""
        self.greenlet: Any = gevent.getcurrent()
        """The one that reads from it, in which it is made."""

        self.owed: deque[Owed] = NOTHING_OWED
        self.owed_bytes = 0
        """Of that, what it has asked for itself."""
        self._private_bytes = 0
        """What others have sent it takes so many, of what it is owed or may not have got."""
        self.in_flight: deque[InFlight] = NOTHING_IN_FLIGHT
        """What others have sent it alone that it was sent, and need not have arrived."""
        self.pending: Any = None
        """The last of what it has said, as long as that has no place in its room (Pending)."""

        self.progress: Event | None = None
        """Set when it was seen to, so that it may have been sent something; made by who waits."""

    def __str__(self) -> str:
        """As the server's log has it: `ann (127.0.0.1:53412)`."""
        return self.name if self.name == self.address else f"{self.name} ({self.address})"

    @property
    def lost(self) -> str:
        """Why nothing can be sent to it any more; empty as long as something can."""
        return self.connection.lost

    @property
    def host(self) -> str:
        """Its address without the port."""
        return host_of(self.address)

    @property
    def owner(self) -> Owner:
        """The client as a fair gate knows it: its network, and its number there."""
        return Owner(self.network, self.number)

    @property
    def network(self) -> Network:
        """Where it comes from, as limits count it and bans name it."""
        return network_of(self.host)

    def enter(self, log: RoomLog, place: Cursor | None = None, own_ahead: int = 0) -> None:
        """Go to another room, as Seat.enter; what the client is owed comes before all else."""
        super().enter(log, place, own_ahead)
        if self.owed:
            self.owed = deque(owed._replace(after=self.cursor) for owed in self.owed)

    @property
    def may_join_cohort(self) -> bool:
        """Whether the client is to be sent just what others get that stand where it does."""
        return not (self.owed or self.connection.cut or self.last_own > self.cursor.id)

    def has_said(self, last: int, count: int = 0) -> None:
        """Learn that the message `last` in its log is its own; `count` is how many lines of its
        own are new there."""
        self.leave_cohort()
        self.last_own = last
        self.own_ahead += count

    def stop_at(self, place: Cursor) -> None:
        """Listen no further than to `place`."""
        self.leave_cohort()
        self.until = place

    def enqueue(self, data: bytes, private: Private | None = None) -> None:
        """Have `data` sent to this client alone, behind all that it is to get up to now."""
        self.leave_cohort()
        if self.owed is NOTHING_OWED:
            self.owed = deque()
        owed = Owed(self.until or self.log.end, data, private)
        self.owed.append(owed)
        if private:
            self._private_bytes += owed.size
        else:
            self.owed_bytes += owed.size

    def take_owed(self) -> bytes:
        """The next thing that it is owed, to be sent now, behind all that was sent before."""
        owed = self.owed.popleft()
        if not self.owed:
            self.owed = NOTHING_OWED
        if owed.private is None:
            self.owed_bytes -= owed.size
        elif self.connection.trail is None:
            self._private_bytes -= owed.size
        else:
            if self.in_flight is NOTHING_IN_FLIGHT:
                self.in_flight = deque()
            end = self.connection.sent + len(owed.data)
            self.in_flight.append(InFlight(end, owed.size, owed.private))
        return owed.data

    def forget_arrived(self, received: int) -> None:
        """Private messages within the first `received` bytes of its stream have arrived."""
        while self.in_flight and self.in_flight[0].end <= received:
            self._private_bytes -= self.in_flight.popleft().size
        if not self.in_flight:
            self.in_flight = NOTHING_IN_FLIGHT

    @property
    def private_bytes(self) -> int:
        """What others have sent it alone takes so many bytes, until it is known to have arrived."""
        if self.in_flight:
            self.forget_arrived(self.received_bytes)
        return self._private_bytes

    @property
    def received_bytes(self) -> int:
        """Bytes of its stream that the other side's kernel has acknowledged."""
        return self.sent - self.connection.unacknowledged

    def take_all_privates(self) -> list[Private]:
        """Owe the client nothing any more; returns what others sent it that has not arrived."""
        self.forget_arrived(self.received_bytes)
        privates = [sent.private for sent in self.in_flight]
        privates += [owed.private for owed in self.owed if owed.private]
        self.owed, self.in_flight = NOTHING_OWED, NOTHING_IN_FLIGHT
        self.owed_bytes = self._private_bytes = 0
        return privates

    @property
    def takes_more(self) -> bool:
        """Whether the client listens, and its socket has room."""
        return self.until is None and not (self.connection.blocked or self.connection.lost)

    @property
    def settled(self) -> bool:
        """Whether the client has heard all, and has got what it is and will be owed."""
        return self.has_heard_all and not self.owed and not (self.pending and self.pending.refs)

    def wait_for_progress(self, timeout: float | None = None) -> bool:
        """Wait until it was seen to; False if that took over `timeout` seconds."""
        if self.progress is None:
            self.progress = Event()
        self.progress.clear()
        return self.progress.wait(timeout)

    def wait_until_answers_are_read(self) -> None:
        """Wait while it is owed so much that it must not ask for more."""
        while self.owed_bytes > OWED_LIMIT and not self.lost:
            self.wait_for_progress()

    def lose(self, why: str) -> None:
        """Its connection is broken. What it sent before can still be read from it."""
        self.connection.lost = why
        if self.progress is not None:
            self.progress.set()

    def dismiss(self, why: str) -> None:
        """End its greenlet wherever it waits; it is still sent what it is owed."""
        self._throw(Dismissed(why))

    def expel(self, why: str) -> None:
        """End its greenlet wherever it waits; it gets a few seconds to read what it is owed."""
        self._throw(Expelled(why))

    def cut_off(self) -> None:
        """End its greenlet; it is sent nothing more."""
        self._throw(gevent.GreenletExit())

    def _throw(self, exception: BaseException) -> None:
        # In the loop's next pass; until then it may have ended by itself.
        def throw() -> None:
            if not self.greenlet.dead:
                self.greenlet.throw(exception)

        gevent.get_hub().loop.run_callback(throw)
