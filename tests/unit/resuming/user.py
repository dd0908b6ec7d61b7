"""A user that comes back again and again: its connection, and what it has said and been shown."""

import re
from errno import ECONNRESET
from typing import Any

from gchat.hub.client import Client
from tests.checker.histories import Gap, Line, Witness, lines_of
from tests.unit.resuming.disk import Disk

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

    def send(self, data: bytes | memoryview) -> int:
        if self.broken:
            raise ConnectionResetError(ECONNRESET, "Connection reset by peer")
        if not self.room:
            raise BlockingIOError
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.taken += taken
        return len(taken)

    def acknowledge(self, size: int) -> None:
        """Have the other side acknowledge up to `size` bytes more, unless it has broken off."""
        if not self.broken:
            self.acknowledged = min(len(self.taken), self.acknowledged + size)

    @property
    def unacknowledged(self) -> int:
        return len(self.taken) - self.acknowledged

    def __getattr__(self, name: str) -> Any:
        return getattr(self._accepted, name)


class Visit:
    """One stay of a user in a room, over as many connections as it has meanwhile."""

    def __init__(self, room: str) -> None:
        self.room = room
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
        self._disk = disk
        self._parsed = 0
        self._is_back = True

    def connect(self, client: Client, is_back: bool) -> None:
        """Use `client` from now on; what it is sent before it `is_back` is ignored."""
        self.client, self._parsed, self._is_back = client, 0, is_back

    def enter(self, room: str) -> None:
        """Begin another visit: to `room`."""
        said = [each.witness.sent for each in self.visits if each.room == room]
        self.visit = Visit(room)
        self.visit.witness.sent += said[-1] if said else []
        self.visits.append(self.visit)

    def look(self) -> None:
        """Look at the lines that its side has acknowledged, all of each."""
        end = self.wire.taken.rfind(b"\n", 0, self.wire.acknowledged) + 1
        for line in self.wire.taken[self._parsed : end].splitlines():
            self._see(line)
        self._parsed = max(self._parsed, end)

    def _see(self, line: bytes) -> None:
        if b"Welcome back" in line:
            self._is_back = True
        elif not self._is_back:
            return
        elif found := TEXT.search(line):
            self.visit.witness.shown.append(self._line(found[0].decode()))
        elif found := PRIVATE.search(line):
            if f"-> {self.name}:".encode() in line or f'"to": "{self.name}"'.encode() in line:
                self.privates.append(found[0])
        elif found := GAP.search(line):
            number = None if found[1] is None else int(found[1].replace(b"some", b"0"))
            self.visit.witness.shown.append(Gap(number))

    def _line(self, text: str) -> Line:
        for message in reversed(self._disk.rooms[self.visit.room]):
            if message.text.split()[0] == text:
                return Line("", message.id, text)
        return Line("", -1, text)
