"""A client: who it is, and what it is owed."""

from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Any, NamedTuple

import gevent
from gevent.event import Event

from gchat.hub.connection import Connection
from gchat.hub.mail import Mail
from gchat.hub.owed import NOTHING_IN_FLIGHT, NOTHING_OWED, OWED_LIMIT, InFlight, Owed
from gchat.hub.remainder import Remainder
from gchat.hub.seat import Seat
from gchat.model.display import PROGRAM, Display
from gchat.model.ignoring import NOBODY, IgnoreList
from gchat.model.message import Private
from gchat.model.room_log import RoomLog
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
    """A person or a program on one connection: itself the seat in the room that it is in.

    A program that speaks JSON may have further seats, in other rooms (seats.FurtherSeat).

    Its own greenlet reads from the connection; only the broadcaster writes to it. What it is
    still to be sent is not kept here: it is what the log holds behind `cursor`. To that come the
    rest of one line, and what is owed to this client alone, which is bounded: a client that is
    owed much is not listened to meanwhile.
    """

    __slots__ = (
        "_display",
        "_private_bytes",
        "address",
        "away",
        "correspondent",
        "farewell",
        "first_name",
        "former",
        "greenlet",
        "heard",
        "ignores",
        "in_flight",
        "mail",
        "marked",
        "muted",
        "name",
        "named",
        "number",
        "operator",
        "owed_bytes",
        "pending",
        "person",
        "progress",
        "remainders",
        "rings",
        "since",
        "token",
    )

    def __init__(
        self, number: int, connection: Connection, address: str, log: RoomLog, guest: str = ""
    ) -> None:
        """`guest` is what it is called until it takes a name; by default its address."""
        super().__init__(connection, log)
        self.number: int = number
        self.former = number
        """The number that it had before it went on as somebody who was here."""
        self.address = address
        """As people see it: `127.0.0.1:53412`, `[::1]:53412`."""
        self.name = self.first_name = guest or address
        self.person = False
        """Whether the client was silent at first: a person, who is welcomed and announced."""
        self.since = self.named = monotonic()
        """When it came, and when it took its name."""
        self.heard = monotonic()
        """When it was last heard of, by the monotonic clock."""
        self._display = PROGRAM
        self.ignores: IgnoreList = NOBODY
        """Whom it ignores."""
        self.operator = False
        self.muted: Sanction | None = None
        self.away: Away | None = None
        self.farewell = ""
        """What others are told with its leaving."""
        self.correspondent = 0
        """The number of who last sent it something private."""
        self.rings: float | None = None
        """When its bell may be rung again, by the monotonic clock; None if it wants no bell."""
        self.token = ""
        """What makes it the same one on another connection; empty if nothing does."""
        self.greenlet: Any = gevent.getcurrent()
        """The one that reads from it, in which it is made."""

        self.owed_bytes = 0
        """Of what it is owed, what it has asked for itself."""
        self._private_bytes = 0
        """What others have sent it takes so many, of what it is owed or may not have got."""
        self.in_flight: deque[InFlight] = NOTHING_IN_FLIGHT
        """What others have sent it alone that it was sent, and need not have arrived."""
        self.remainders: Sequence[Remainder] = ()
        """Of rooms that it has left, as long as they need not have arrived; the first one first."""
        self.mail: Mail | None = None
        """Where that is kept, and is learned to have arrived, if the client may come back."""
        self.marked: Any = None
        """The request that is being carried out (sent.Marked), if it has a ref, or if the client is
        in several rooms."""
        self.pending: Any = None
        """The last of what it has said, as long as that has no place in its room (Pending)."""

        self.progress: Event | None = None
        """Set when it was seen to, so that it may have been sent something; made by who waits."""

    def __str__(self) -> str:
        """As the server's log has it: `ann (127.0.0.1:53412)`."""
        return self.name if self.name == self.address else f"{self.name} ({self.address})"

    @property
    def is_nameless(self) -> bool:
        """Whether it has taken no name yet."""
        return self.name == self.first_name

    @property
    def client(self) -> "Client":
        """The client itself: it is its own seat."""
        return self

    @property
    def seats(self) -> Sequence[Seat]:
        """All its seats: itself, and those in further rooms."""
        seats = self.connection.seats
        return (self,) if seats is None else seats.all

    def seat_in(self, room: str) -> Seat | None:
        """Its seat in the room of this name; None if it has none there."""
        if self.log.room == room:
            return self
        return next((seat for seat in self.seats if seat.log.room == room), None)

    def replace(self, seat: Seat) -> None:
        """Stand where `seat` stands, a further one, which is given up; the client has left its own
        room.

        What it was owed there comes before all else.
        """
        self.leave_cohort()
        owed = [each._replace(after=seat.cursor) for each in self.owed]
        self.owed = deque([*owed, *seat.owed]) or NOTHING_OWED
        seat.owed = NOTHING_OWED
        self.log, self.entered, self.cursor = seat.log, seat.entered, seat.cursor
        self.until, self.trail = seat.until, seat.trail
        self.last_own, self.own_ahead = seat.last_own, seat.own_ahead
        self.missed += seat.missed

    @property
    def behind(self) -> int:
        """How many messages of others are in the logs of its rooms that it has not been sent."""
        return sum(seat.lag for seat in self.seats)

    @property
    def at(self) -> Seat:
        """The seat for which a request of its own is carried out: the first, if none is named."""
        return self.marked.seat if self.marked else self

    @property
    def display(self) -> Display:
        """How it wants its lines."""
        return self._display

    @display.setter
    def display(self, display: Display) -> None:
        if display != self._display:
            self.leave_cohort()
            self._display = display

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

    def count_owed(self, owed: Owed) -> None:
        """One of its seats owes it something more."""
        if owed.private:
            self._private_bytes += owed.size
        else:
            self.owed_bytes += owed.size

    def count_taken(self, owed: Owed) -> None:
        """What it was owed is sent now, behind all that was sent before."""
        if owed.remainder is not None:
            owed.remainder.begin(self.connection.sent)
        if owed.private is None:
            self.owed_bytes -= owed.size
        elif self.trail is None:
            self._private_bytes -= owed.size
        else:
            if self.in_flight is NOTHING_IN_FLIGHT:
                self.in_flight = deque()
            end = self.connection.sent + len(owed.data)
            self.in_flight.append(InFlight(end, owed.size, owed.private))

    def forget_arrived(self, received: int) -> None:
        """Private messages within the first `received` bytes of its stream have arrived."""
        while self.in_flight and self.in_flight[0].end <= received:
            sent = self.in_flight.popleft()
            self._private_bytes -= sent.size
            if self.mail is not None:
                self.mail.has_arrived(self.number, sent.private)
        if not self.in_flight:
            self.in_flight = NOTHING_IN_FLIGHT

    @property
    def private_bytes(self) -> int:
        """What others have sent it alone takes so many bytes, until it is known to have arrived."""
        if self.in_flight:
            self.forget_arrived(self.received_bytes)
        return self._private_bytes

    @property
    def privates(self) -> list[Private]:
        """What others have sent it alone that is not known to have arrived, in that order."""
        privates = [sent.private for sent in self.in_flight]
        return privates + [owed.private for owed in self.owed if owed.private]

    def give_up_owed(self) -> list[Private]:
        """Owe the client nothing any more; returns what others sent it that has not arrived."""
        self.forget_arrived(self.received_bytes)
        privates = self.privates
        self.in_flight = NOTHING_IN_FLIGHT
        for seat in self.seats:
            seat.owed = NOTHING_OWED
        self.owed_bytes = self._private_bytes = 0
        return privates

    @property
    def settled(self) -> bool:
        """Whether the client has heard all, and has got what it is and will be owed."""
        if self.connection.pending or (self.pending and self.pending.askers):
            return False
        return all(seat.has_heard_all and not seat.owed for seat in self.seats)

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
        """End its greenlet wherever it waits; it gets a few seconds to read what it is owed.

        What it is owed now, such as the reason, is the last that it is sent: nothing that others
        say from now on.
        """
        for seat in self.seats:
            seat.stop_at(seat.until or seat.log.end)
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
