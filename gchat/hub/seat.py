"""A seat: a client's place in one room, and how far it was sent what is said there."""

from typing import Any

from gchat.hub.cohorts import Cohort, Cohorts, Key
from gchat.hub.connection import Connection
from gchat.model.display import PROGRAM, Display
from gchat.model.ignoring import NOBODY, IgnoreList
from gchat.model.room_log import Cursor, RoomLog


class Seat:
    """A place in a room's log, `cursor`; what lies behind it is still to be sent.

    Most seats are members of a cohort, which has one cursor for all of them. A seat stands
    alone for as long as it is to be sent something else than the others, or less: its client
    has spoken, is owed something, is blocked, or leaves.
    """

    __slots__ = (
        "_cursor",
        "_display",
        "base",
        "cohort",
        "connection",
        "entered",
        "ignores",
        "last_own",
        "log",
        "missed",
        "number",
        "own_ahead",
        "slot",
        "until",
    )

    def __init__(self, number: int, connection: Connection, log: RoomLog) -> None:
        self.number = number
        """The client's."""
        self.connection = connection
        self.log = log
        self.entered = log.end
        """Where it came in: what was said before is not for it."""
        self._cursor = log.end
        self.until: Cursor | None = log.end
        """Where it stops listening; None while it listens, neither at first nor when it leaves."""
        self._display = PROGRAM
        self.ignores: IgnoreList = NOBODY
        self.missed = 0
        """Messages that were gone before it got them."""
        self.last_own = 0
        """The id of the last message in the log that is its client's own."""
        self.own_ahead = 0
        """How many of the messages behind `cursor` its client has said itself."""
        self.cohort: Cohort[Any] | None = None
        """The one whose member it is; None while it stands alone."""
        self.slot = 0
        """Its index among the members of the cohort."""
        self.base = 0
        """Bytes by which its connection's stream was ahead of the cohort's."""
        if connection.trail is not None:
            connection.trail.enter(log.end)

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
    def display(self) -> Display:
        """How its client wants its lines."""
        return self._display

    @display.setter
    def display(self, display: Display) -> None:
        if display != self._display:
            self.leave_cohort()
            self._display = display

    @property
    def lag(self) -> int:
        """How many messages of others are in the log that it has not been sent."""
        return max(0, self.log.end.spoken - self.cursor.spoken - self.own_ahead)

    def enter(self, log: RoomLog, place: Cursor | None = None, own_ahead: int = 0) -> None:
        """Go to another room, at the end of what was said there. It does not listen yet.

        Or to an earlier `place` in it, behind which are `own_ahead` messages of its own.
        """
        self.leave_cohort()
        self.log = log
        self.until = self.entered = self._cursor = place or log.end
        self.last_own = log.end.id  # it may have said some of that before
        self.own_ahead = own_ahead
        if self.connection.trail is not None:
            self.connection.trail.enter(self._cursor)

    def join_cohort(self, cohorts: Cohorts[Any], place: Cursor) -> bool:
        """Become a member of a cohort that stands at `place`; False if there is none for it."""
        if self._cursor != place:
            return False
        key = Key(self._display, frozenset(self.ignores.names), type(self.connection))
        cohort = cohorts.find(key, self._cursor, self.ignores)
        if cohort is None:
            return False
        cohort.add(self, self.connection)
        self.cohort = cohort
        self.base = self.connection.sent - cohort.sent
        if (trail := self.connection.trail) is not None:
            trail.follow(self.connection.sent, self.base, cohort.keep_marks())
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
        if (trail := self.connection.trail) is not None:
            trail.stop(cursor)

    @property
    def has_heard_all(self) -> bool:
        """Whether everything was sent that was said up to where the seat stops listening."""
        return (
            self.until is not None and self.cursor.id >= self.until.id and not self.connection.cut
        )
