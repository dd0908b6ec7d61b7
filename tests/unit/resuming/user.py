"""A user that comes back again and again: its connection, and what it has said and been shown."""

import re
from collections.abc import Set as AbstractSet
from errno import EAGAIN, ECONNRESET
from typing import Any

from gchat.hub.client import Client
from gchat.model.identities import Identity
from tests.checker.histories import Gap, Line, Witness, lines_of
from tests.unit.resuming.disk import Disk

PLENTY = 10**9
"""Bytes: more than there are."""

TEXT = re.compile(rb"\bm[0-9]+\b")
PRIVATE = re.compile(rb"\bp[0-9]+\b")
GAP = re.compile(rb"You missed ([0-9]+|some).*: more was said|(You may have missed)")


class Wire:
    """The socket of a client: takes bytes until it is full; the other side acknowledges some."""

    def __init__(self, accepted: Any) -> None:
        self._accepted = accepted
        self.room = 0
        self.taken = b""
        self.acknowledged = 0
        self.broken = False
        self._read = 0

    def send(self, data: bytes | memoryview) -> int:
        if self.broken:
            raise ConnectionResetError(ECONNRESET, "Connection reset by peer")
        if not self.room:
            raise BlockingIOError(EAGAIN, "Resource temporarily unavailable")
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.taken += taken
        return len(taken)

    def acknowledge(self, size: int) -> None:
        """Have the other side acknowledge up to `size` bytes more, unless it has broken off."""
        if not self.broken:
            self.acknowledged = min(len(self.taken), self.acknowledged + size)

    def new_lines(self) -> list[bytes]:
        """The lines that the other side has acknowledged, all of each, since it was last asked."""
        end = self.taken.rfind(b"\n", 0, self.acknowledged) + 1
        lines = self.taken[self._read : end].splitlines()
        self._read = max(self._read, end)
        return lines

    @property
    def unacknowledged(self) -> int:
        return len(self.taken) - self.acknowledged

    def __getattr__(self, name: str) -> Any:
        return getattr(self._accepted, name)


class Visit:
    """One stay of a user in a room, over as many connections as it has meanwhile."""

    def __init__(self, room: str, begin: int = 0) -> None:
        self.room = room
        self.begin = begin
        """The id of the last message before it."""
        self.end: int | None = None
        """The id of the last message before the user left; None if it is there, or if a kill has
        made that undone."""
        self.noted: int | None = None
        """What `last` was at the last checkpoint since the user left; None if there was none."""
        self.witness = Witness()

    @property
    def last(self) -> int:
        """The id of the last line that the user was shown; 0 if there is none."""
        lines = lines_of(self.witness.shown)
        return lines[-1].id if lines else 0

    def forget_behind(self, last: int) -> None:
        """Have what was shown behind the message `last` count as not shown."""
        shown = self.witness.shown
        while shown and not (isinstance(shown[-1], Line) and shown[-1].id <= last):
            shown.pop()


class User:
    """Somebody with a token."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.name = name
        self.token = ""
        self.number = 0
        self.client: Client | None = None
        self.wire: Wire
        self.visit = Visit("lobby")
        self.visits = [self.visit]
        self.expected: list[bytes] = []
        """Direct messages that were accepted for it."""
        self.privates: list[bytes] = []
        """Direct messages that it was shown."""
        self._noted = (0, 0)
        """How many it was shown, and were accepted, at the last checkpoint."""
        self._disk = disk
        self._is_back = True

    def connect(self, client: Client, wire: Wire, is_back: bool) -> None:
        """Use `client` from now on; what it is sent before it `is_back` is ignored."""
        self.client, self.wire, self._is_back = client, wire, is_back

    def enter(self, room: str, begin: int) -> None:
        """Begin another visit: to `room`, behind the message `begin`."""
        said = [each.witness.sent for each in self.visits if each.room == room]
        self.visit = Visit(room, begin)
        self.visit.witness.sent += said[-1] if said else []
        self.visits.append(self.visit)

    def leave(self, end: int) -> None:
        """Leave the room behind the message `end`; what has not arrived of it is to come."""
        self.visit.end = end

    def not_shown(self, visit: Visit) -> list[str]:
        """What it was to be shown in a room that it has left, and was not."""
        shown = {*visit.witness.sent, *(line.text for line in lines_of(visit.witness.shown))}
        if visit.end is None or any(isinstance(each, Gap) for each in visit.witness.shown):
            return []
        said = self._disk.rooms[visit.room][visit.begin : visit.end]
        texts = [message.text.split()[0] for message in said if message.is_spoken]
        return [text for text in texts if text not in shown]

    def go_back(self, identity: Identity) -> None:
        """The server is killed: the user is where it was at the last checkpoint.

        What was shown since then is shown again.
        """
        saved = identity.place
        for visit in self.visits:
            is_there = visit.room == saved.room and saved.cursor.id < (visit.end or 0)
            if visit.noted is None or is_there:  # it left, and that was not saved
                visit.end = None
            else:
                visit.forget_behind(visit.noted)
        if saved.room == self.visit.room and saved.cursor.id >= self.visit.begin:
            self.visit.forget_behind(saved.cursor.id)
        else:  # the move was not saved
            self.enter(saved.room, saved.cursor.id)

    def note(self) -> None:
        """There is a checkpoint: what was not shown by now is kept."""
        self._noted = (len(self.privates), len(self.expected))
        for visit in self.visits:
            visit.noted = visit.last if visit.end is not None else None

    def forget_since_noted(self, kept: AbstractSet[str]) -> None:
        """The server is killed: what was shown since the checkpoint is shown again, if it is kept.

        `kept` are texts of the file, which besides has those that were for somebody away.
        """
        shown, accepted = self._noted
        late = [each for each in self.expected[accepted:] if each.decode() in kept]
        self.expected[accepted:] = late
        del self.privates[shown:]
        self._noted = (shown, len(self.expected))

    def look(self) -> None:
        """Look at the lines that its side has acknowledged, all of each."""
        for line in self.wire.new_lines():
            self._see(line)

    def _see(self, line: bytes) -> None:
        if b"Welcome back" in line or b"before you left it" in line:
            self._is_back = True
        elif not self._is_back:
            return
        elif found := TEXT.search(line):
            self._see_line(found[0].decode())
        elif found := PRIVATE.search(line):
            if f"-> {self.name}:".encode() in line or f'"to": "{self.name}"'.encode() in line:
                self.privates.append(found[0])
        elif found := GAP.search(line):
            number = None if found[1] is None else int(found[1].replace(b"some", b"0"))
            self.visit.witness.shown.append(Gap(number))

    def _see_line(self, text: str) -> None:
        """A line of a room that it is in, or has left."""
        for visit in reversed(self.visits):
            for message in reversed(self._disk.rooms[visit.room]):
                if message.id > visit.begin and message.text.split()[0] == text:
                    visit.witness.shown.append(Line("", message.id, text))
                    return
        self.visit.witness.shown.append(Line("", -1, text))
