"""A seat: a client's place in one room, and how far it was sent what is said there."""

from collections import deque
from typing import Any

from gchat.hub.cohorts import Cohort, Cohorts, Key
from gchat.hub.connection import Connection
from gchat.hub.marks import Trail
from gchat.hub.owed import NOTHING_OWED, Owed
from gchat.hub.remainder import Remainder
from gchat.model.display import Display
from gchat.model.ignoring import IgnoreList
from gchat.model.message import Private
from gchat.model.room_log import Cursor, RoomLog


class Seat:
    """A place in a room's log, `cursor`; what lies behind it is still to be sent.

    Most seats are members of a cohort, which has one cursor for all of them. A seat stands
    alone for as long as it is to be sent something else than the others, or less: its client
    has spoken, is owed something, is blocked, or leaves.
    """

    __slots__ = (
        "_cursor",
        "base",
        "cohort",
        "connection",
        "entered",
        "last_own",
        "log",
        "missed",
        "owed",
        "own_ahead",
        "slot",
        "trail",
        "until",
    )

    def __init__(self, connection: Connection, log: RoomLog) -> None:
        self.connection = connection
        self.log = log
        self.entered = log.end
        """Where it came in: what was said before is not for it."""
        self._cursor = log.end
        self.until: Cursor | None = log.end
        """Where it stops listening; None while it listens, neither at first nor when it leaves."""
        self.missed = 0
        """Messages that were gone before it got them."""
        self.last_own = 0
        """The id of the last message in the log that is its client's own."""
        self.own_ahead = 0
        """How many of the messages behind `cursor` its client has said itself."""
        self.owed: deque[Owed] = NOTHING_OWED
        """What its client alone is to be sent, among the messages of the room."""
        self.trail: Trail | None = None
        """What it was sent of its room; None if nobody will ask what has arrived of that."""
        self.cohort: Cohort[Any] | None = None
        """The one whose member it is; None while it stands alone."""
        self.slot = 0
        """Its index among the members of the cohort."""
        self.base = 0
        """Bytes by which its connection's stream was ahead of the cohort's."""

    @property
    def client(self) -> Any:
        """The client whose seat it is (client.Client)."""
        raise NotImplementedError

    @property
    def at(self) -> "Seat":
        """Where answers go that are meant for it; of a client, see Client.at."""
        return self

    @property
    def number(self) -> int:
        """The client's."""
        number: int = self.client.number
        return number

    @property
    def display(self) -> Display:
        """How its client wants its lines."""
        display: Display = self.client.display
        return display

    @property
    def ignores(self) -> IgnoreList:
        """Whom its client ignores."""
        ignores: IgnoreList = self.client.ignores
        return ignores

    @property
    def cursor(self) -> Cursor:
        """Up to here it was sent what its log holds, from `entered` on."""
        return self._cursor if self.cohort is None else self.cohort.cursor_at(self.slot)

    @cursor.setter
    def cursor(self, cursor: Cursor) -> None:
        self.leave_cohort()
        self._cursor = cursor

    @property
    def sent(self) -> int:
        """Bytes that its connection was sent."""
        if self.cohort is None:
            return self.connection.sent
        return self.base + self.cohort.sent_at(self.slot)

    @property
    def received_bytes(self) -> int:
        """Bytes of its connection's stream that the other side's kernel has acknowledged."""
        return self.sent - self.connection.unacknowledged

    @property
    def lost(self) -> str:
        """Why nothing can be sent to it any more; empty as long as something can."""
        return self.connection.lost

    @property
    def lag(self) -> int:
        """How many messages of others are in the log that it has not been sent."""
        return max(0, self.log.end.spoken - self.cursor.spoken - self.own_ahead)

    @property
    def present_end(self) -> Cursor:
        """The place behind all that it is to get up to now; what is owed now is sent there."""
        return self.until or self.log.end

    @property
    def takes_more(self) -> bool:
        """Whether it listens, and its connection's socket has room."""
        return self.until is None and not (self.connection.blocked or self.connection.lost)

    @property
    def has_heard_all(self) -> bool:
        """Whether everything was sent that was said up to where the seat stops listening."""
        return self.until is not None and self.cursor.id >= self.until.id and not self.is_cut

    @property
    def is_cut(self) -> bool:
        """Whether the rest of one of its lines is still to be sent."""
        seats = self.connection.seats
        return bool(self.connection.cut) and (seats is None or seats.cut is self)

    def keep_rest(self, rest: bytes | memoryview) -> None:
        """Have `rest`, of a line that was sent in part, sent before all else on the connection."""
        self.connection.cut = rest
        if (seats := self.connection.seats) is not None:
            seats.cut = self

    def enter(self, log: RoomLog, place: Cursor | None = None, own_ahead: int = 0) -> None:
        """Go to another room, at the end of what was said there. It does not listen yet.

        Or to an earlier `place` in it, behind which are `own_ahead` messages of its own. What the
        client is owed comes before all else.
        """
        self.leave_cohort()
        self.log = log
        self.until = self.entered = self._cursor = place or log.end
        self.last_own = log.end.id  # it may have said some of that before
        self.own_ahead = own_ahead
        if self.trail is not None:
            self.trail.enter(self._cursor)
        if self.owed:
            self.owed = deque(owed._replace(after=self._cursor) for owed in self.owed)

    def keep_trail(self) -> None:
        """Keep marks, from now on, of what the seat is sent."""
        self.trail = Trail()
        self.trail.enter(self.cursor)

    def has_said(self, last: int, count: int = 0) -> None:
        """Learn that the message `last` in its log is its client's own; `count` is how many lines
        of its own are new there."""
        self.leave_cohort()
        self.last_own = last
        self.own_ahead += count

    def stop_at(self, place: Cursor) -> None:
        """Listen no further than to `place`."""
        self.leave_cohort()
        self.until = place

    def enqueue(
        self, data: bytes, private: Private | None = None, remainder: Remainder | None = None
    ) -> None:
        """Have `data` sent to its client alone, behind all that the seat is to get up to now."""
        self.leave_cohort()
        if self.owed is NOTHING_OWED:
            self.owed = deque()
        owed = Owed(self.present_end, data, private, remainder)
        self.owed.append(owed)
        self.client.count_owed(owed)

    def inherit(self, seat: "Seat") -> None:
        """Owe what `seat`, which is given up, owed its client, behind all that is said by now."""
        if seat.owed:
            after = self.present_end
            self.owed = deque([*self.owed, *(owed._replace(after=after) for owed in seat.owed)])
            seat.owed = NOTHING_OWED

    def take_owed(self) -> bytes:
        """The next thing that is owed, to be sent now, behind all that was sent before."""
        owed = self.owed.popleft()
        if not self.owed:
            self.owed = NOTHING_OWED
        self.client.count_taken(owed)
        return owed.data

    @property
    def may_join_cohort(self) -> bool:
        """Whether it is to be sent just what others get that stand where it does."""
        connection = self.connection
        return not (
            self.owed or connection.cut or connection.seats or self.last_own > self.cursor.id
        )

    def join_cohort(self, cohorts: Cohorts[Any], place: Cursor) -> bool:
        """Become a member of a cohort that stands at `place`; False if there is none for it."""
        if self._cursor != place:
            return False
        key = Key(self.display, frozenset(self.ignores.names), type(self.connection))
        cohort = cohorts.find(key, self._cursor, self.ignores, self.number)
        if cohort is None:
            return False
        cohort.add(self, self.connection)
        self.cohort = cohort
        self.base = self.connection.sent - cohort.sent
        if self.trail is not None:
            self.trail.follow(self.connection.sent, self.base, cohort.keep_marks())
        return True

    def leave_cohort(self) -> None:
        """Stand alone where it stands, from now on: it is to be sent something else, or less.

        While the cohort is being sent to, that is not known: then it leaves a moment later, when
        the call has returned.
        """
        if self.cohort is None:
            return
        if self.cohort.in_call:
            self.cohort.leaving.append(self)
        else:
            self.cut_loose(self.cursor, self.sent)

    def cut_loose(self, cursor: Cursor, sent: int) -> None:
        """Leave the cohort and stand at `cursor`, when `sent` bytes were sent on its connection.

        If the cohort was being sent a batch, the seat may have been sent only a part of it.
        """
        cohort = self.cohort
        assert cohort is not None
        cohort.remove(self.slot)
        if self.until is None:
            cohort.apart[self.number] = self
        self.cohort = None
        self._cursor = cursor
        self.connection.sent = sent
        if self.trail is not None:
            self.trail.stop(cursor, self.received_bytes)
