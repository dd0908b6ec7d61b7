"""Cohorts: seats that stand at the same cursor and want the same bytes.

Nearly everybody in a room is in one. What is said is sent to a cohort as a whole: its cursor
stands for those of all its members, and its marks tell where the lines ended that each was sent.
"""

from collections.abc import Iterator
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from gchat.hub.marks import Marks
from gchat.model.display import Display
from gchat.model.ignoring import NOBODY, IgnoreList
from gchat.model.room_log import Cursor

MAX_COHORTS = 64
"""Cohorts of a room. If each client had its own display setting, a round would keep a batch, and
the room marks, for each of them. If more are wanted, those that most members want come first."""

IN_FLIGHT = 256 * 1024
"""Bytes of a cohort's stream of which marks are kept. A socket's send buffer is 64 KiB, which
Linux doubles (see listener.BUFFER); 70 KiB were the most that was seen unacknowledged."""

KEPT_MARKS = 512
"""Messages of which marks are kept, however old, before some are forgotten."""


class Key(NamedTuple):
    """What the members of a cohort have in common, besides their room and their cursor."""

    display: Display
    ignored: frozenset[str]
    """The keys of the names that they ignore."""
    transport: type[Any]
    """What takes their bytes: one call sends to transports of one kind."""


class Slotted(Protocol):
    """What can be a member of a cohort."""

    slot: int
    """Its index among the members."""

    def leave_cohort(self) -> None:
        """Leave it."""


Member = TypeVar("Member", bound=Slotted)


class Cohort(Generic[Member]):
    """Members of a room that are sent the same bytes, and where they stand.

    While a batch is being sent, the first `done` members have been sent it and stand at `end`,
    the others at `cursor`. Otherwise `done` is 0.
    """

    __slots__ = (
        "_marks_limit",
        "apart",
        "connections",
        "cursor",
        "display",
        "done",
        "end",
        "ignores",
        "in_call",
        "leaving",
        "marks",
        "members",
        "noted",
        "sent",
        "size",
    )

    def __init__(
        self, cursor: Cursor, display: Display, ignores: IgnoreList, apart: dict[int, Member]
    ) -> None:
        """`ignores` never changes. Whoever leaves is put into `apart`."""
        self.display = display
        self.ignores = ignores
        self.apart = apart
        self.cursor = self.end = cursor
        self.noted = cursor
        """Where it stood when it was last noted how far its members have got."""
        self.done = 0
        self.in_call = False
        """A call is on its way that sends to some of the members: none is moved until it returns,
        and where these stand is not known."""
        self.leaving: list[Member] = []
        """Members that want to leave when it has returned."""
        self.members: list[Member] = []
        self.connections: list[Any] = []
        """The connections of the members, in the same order."""
        self.sent = 0
        """Bytes that a member would have been sent that had been in it from the beginning."""
        self.size = 0
        """Bytes of the batch that is being sent."""
        self.marks: Marks | None = None
        """Where lines end in these bytes; kept since a member wants to know."""
        self._marks_limit = KEPT_MARKS

    def add(self, member: Member, connection: Any) -> None:
        """Add a member that stands at `cursor`; not while a batch is being sent."""
        assert not self.done
        assert not self.in_call
        member.slot = len(self.members)
        self.members.append(member)
        self.connections.append(connection)

    def remove(self, slot: int) -> None:
        """Remove the member at `slot`, also while a batch is being sent.

        The hole is filled with a member that has been sent as much of the batch as the one that
        was there: one that has not would otherwise be passed over.
        """
        assert not self.in_call
        hole = slot
        if hole < self.done:
            self.done -= 1
            self._fill(hole, self.done)
            hole = self.done
        self._fill(hole, len(self.members) - 1)
        self.members.pop()
        self.connections.pop()

    def _fill(self, hole: int, source: int) -> None:
        """Move the member at `source` to `hole`, unless that is the hole."""
        if source != hole:
            member = self.members[hole] = self.members[source]
            self.connections[hole] = self.connections[source]
            member.slot = hole

    def cursor_at(self, slot: int) -> Cursor:
        """Where the member at `slot` stands."""
        return self.end if slot < self.done else self.cursor

    def sent_at(self, slot: int) -> int:
        """Bytes of the cohort's stream that the member at `slot` was sent."""
        return self.sent + self.size if slot < self.done else self.sent

    def keep_marks(self) -> Marks:
        """Keep marks from now on; returns them."""
        if self.marks is None:
            self.marks = Marks(self.cursor)
        return self.marks

    def end_call(self, count: int) -> None:
        """A call has returned that sent to the next `count` members."""
        self.in_call = False
        self.done += count

    def let_leave(self) -> None:
        """Have those leave who wanted to while a call was on its way."""
        leaving, self.leaving = self.leaving, []
        for member in leaving:
            member.leave_cohort()

    def begin(self, size: int, end: Cursor) -> None:
        """Begin to send a batch of `size` bytes that leads to `end`."""
        self.size = size
        self.end = end

    def finish(self) -> None:
        """Everybody has been sent the batch that was begun."""
        self.sent += self.size
        self.cursor = self.end
        self.size = self.done = 0
        if self.marks is not None and len(self.marks) > self._marks_limit:
            self.marks.forget(self.sent - IN_FLIGHT)
            self._marks_limit = KEPT_MARKS + 2 * len(self.marks)


class Cohorts(Generic[Member]):
    """The cohorts of a room. Between two rounds all of them stand where the last one ended."""

    def __init__(self, apart: dict[int, Member]) -> None:
        """`apart` has the members of the room that listen and are in no cohort, by number."""
        self._apart = apart
        self._by_key: dict[Key, Cohort[Member]] = {}
        self._refused: dict[Key, set[int]] = {}
        """By number, those in this round that there was no cohort for, as there were too many."""
        self._reserved: Key | None = None
        """One that is kept although it has no members yet; the last for which room was made."""

    def __iter__(self) -> Iterator[Cohort[Member]]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        """The number of members."""
        return sum(len(cohort.members) for cohort in self._by_key.values())

    def find(
        self, key: Key, cursor: Cursor, ignores: IgnoreList, number: int
    ) -> Cohort[Member] | None:
        """The cohort for one more member at `cursor`, made if need be; None if there are too many.

        `ignores` is the list that has the names of the key; `number` is the client's.
        """
        cohort = self._by_key.get(key)
        if cohort is None and len(self._by_key) >= MAX_COHORTS:
            self._forget_empty()
            if len(self._by_key) >= MAX_COHORTS:
                self._refused.setdefault(key, set()).add(number)
                return None
        if cohort is None or not cohort.members:
            cohort = Cohort(cursor, key.display, ignores.copy(), self._apart)
            self._by_key[key] = cohort
        # While it is sent a pulse, it does not move, and nobody can come in all the same.
        return cohort if cohort.cursor == cursor and not cohort.size else None

    def dissolve(self) -> None:
        """Have all members stand alone, each where it stands."""
        for cohort in self._by_key.values():
            for member in tuple(cohort.members):
                member.leave_cohort()
        self._by_key.clear()

    def begin_round(self) -> None:
        """Have the members of the smallest cohort stand alone if more want one that has no room.

        So those whose display settings or ignore lists nobody shares keep no others from theirs.
        """
        self._forget_empty()
        refused, self._refused = self._refused, {}
        if not (refused and self._by_key) or len(self._by_key) < MAX_COHORTS:
            return
        wanted = max(refused, key=lambda key: len(refused[key]))
        smallest = min(self._by_key, key=lambda key: len(self._by_key[key].members))
        cohort = self._by_key[smallest]
        if len(refused[wanted]) > len(cohort.members):
            for member in tuple(cohort.members):
                member.leave_cohort()
            del self._by_key[smallest]
            self._by_key[wanted] = Cohort(cohort.cursor, wanted.display, NOBODY, self._apart)
            self._reserved = wanted

    def _forget_empty(self) -> None:
        """Forget cohorts that have lost all their members."""
        if not all(each.members for each in self._by_key.values()):
            self._by_key = {
                key: each
                for key, each in self._by_key.items()
                if each.members or key == self._reserved
            }
