"""A person as the model of several rooms sees it: its client, and what it has to be sent."""

from collections.abc import Iterator
from datetime import UTC
from errno import ECONNRESET
from typing import Any

from gchat.hub.client import Client
from gchat.hub.connection import Connection
from gchat.model.display import PLAIN, PROGRAM, TELNET, Display
from gchat.model.message import Message
from gchat.model.room_log import RoomLog
from gchat.protocol.voices import voice_of
from gchat.text.naming import name_key
from tests.unit.encoding import encode

LOOKS = [
    PLAIN,
    TELNET,
    PROGRAM,
    Display(json=True),
    Display(presence=False),
    Display(time=True, zone=UTC, color=True, redraw=True),
]


class ShortSocket:
    """Takes `room` bytes before it is full."""

    def __init__(self) -> None:
        self.room = 0
        self.received = b""
        self.broken = False

    def send(self, data: bytes) -> int:
        if self.broken:
            raise ConnectionResetError(ECONNRESET, "Connection reset by peer")
        if not self.room:
            raise BlockingIOError
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.received += taken
        return len(taken)


class Person:
    """A client, its socket, and what it has to be sent by rights."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.real_socket: Any = client.connection._socket
        self.socket = ShortSocket()
        client.connection._socket = self.socket
        self.log = client.log
        self.place = client.cursor.id
        """The id of the last message that it has passed."""
        self.listens = client.until is None
        self.until = None if self.listens else self.place
        self.owed: list[tuple[int, bytes]] = []
        """What it is owed alone, and the id of the message that it comes behind."""
        self.ignored: dict[str, set[int]] = {}
        """The numbers of those who have been called so, by the key of a name."""
        self.checked = 0
        """Bytes of `stream` that were compared with the model."""
        self.greenlet: Any = client.greenlet
        self.move: Any = None
        """The greenlet in which it moves to another room."""
        self.has_left = False

    @property
    def stream(self) -> bytes:
        """All that it was sent, and the rest of the line that was cut."""
        return self.socket.received + bytes(self.client.connection.cut)

    @property
    def is_free(self) -> bool:
        """Its own greenlet can do something for it."""
        return self.move is None and not self.has_left

    def hides(self, sender: int, name: str = "") -> bool:
        return sender != self.client.number and (
            name_key(name) in self.ignored or any(sender in all_ for all_ in self.ignored.values())
        )

    def unignore(self, name: str, holder: Client | None) -> None:
        """Ignore `name` no longer, or what else hides its holder."""
        key = name_key(name)
        if key not in self.ignored and holder:
            hiding = [key for key, numbers in self.ignored.items() if holder.number in numbers]
            key = hiding[0] if hiding else key
        self.ignored.pop(key, None)

    def enqueue(self, data: bytes) -> None:
        if not self.client.lost:
            after = self.log.end.id if self.until is None else self.until
            self.owed.append((after, data))

    def lines(self, messages: list[Message]) -> bytes:
        """What it sees of `messages`."""
        return b"".join(
            encode(message, self.client.display)
            for message in messages
            if message.sender != self.client.number and not self.hides(message.sender)
        )

    def gap(self, messages: list[Message]) -> bytes:
        """What it is told if `messages` are not kept any more, as far as they are for it."""
        missed = [m for m in messages if self.until is None or m.id <= self.until]
        spoken = sum(m.is_spoken and m.sender != self.client.number for m in missed)
        notices = not all(m.is_spoken for m in missed)
        if spoken or (notices and self.client.display.presence):
            return voice_of(self.client.display).gap(spoken, self.log.room)
        return b""

    def may_be_sent(self, said: list[Message], taken: list[tuple[int, bytes]]) -> Iterator[bytes]:
        """What may lie between its place and its cursor, with what it was owed on the way.

        There is only one way, unless messages have gone while a round was under way, in
        which some of them may have been encoded for it or for others before.
        """
        start = self.log.start.id
        for gap_at in range(self.place, max(self.place, start) + 1):
            at, data = self.place, b""
            for stop, owed in [*taken, (self.client.cursor.id, b"")]:
                if at < start and stop > gap_at:
                    data += self.lines(said[at:gap_at])
                    data += self.gap(said[gap_at:start]) if gap_at < start else b""
                    at = start
                if stop > at:
                    data += self.lines(said[at:stop])
                    at = stop
                data += owed
            yield data

    def check_that_it_got_all(self) -> None:
        """Nothing that it has to be sent is left."""
        end = self.log.end.id if self.until is None else self.until
        assert self.place >= end, "it was not sent all that was said"
        assert not self.owed, "it was not sent what it is owed"
        assert self.client.owed_bytes == self.client.private_bytes == 0
        assert not self.client.connection.cut, "it was not sent the rest of a line"


def small_log(room: str) -> RoomLog:
    """One that keeps few messages."""
    return RoomLog(room, max_messages=16)


def leave_blocked(connection: Connection, *_: object) -> None:
    """Do in place of Connection.block: an example says when there is room again."""
    connection.blocked = True
