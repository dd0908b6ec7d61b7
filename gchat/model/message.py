"""Messages and notices, the entries of a room's log; direct messages; topics."""

from collections.abc import Sequence
from typing import Final, NamedTuple

Ref = str | int | None
"""What a program marks a request with, and gets back with the answer."""


class Kind:
    """The kinds of messages, as programs are told them.

    Plain strings, since a log keeps messages in plain tuples (room_log.Entry).
    """

    SAY: Final = "say"
    ACTION: Final = "action"
    """An action, from `/me`: `** ann waves`."""
    NOTICE: Final = "notice"
    PRESENCE: Final = "presence"
    """A notice of joins or leaves."""
    GONE: Final = "gone"
    """A deleted message: its text is empty, and it is not shown."""


SPOKEN: Final = frozenset((Kind.SAY, Kind.ACTION))
"""The kinds that clients send; the others are notices of the server."""

COUNTED: Final = SPOKEN | {Kind.GONE}
"""The kinds that `Message.spoken` counts: those of clients, deleted or not."""

SERVER = 0
"""The `sender` of notices that are not about one client."""


class Message(NamedTuple):
    """One entry of a room's log. It never changes, except that it may be deleted."""

    id: int
    """1, 2, 3, … within its room, without gaps."""
    spoken: int
    """Messages of clients (COUNTED) in the room up to this entry, itself included."""
    time: float
    """When it was sent, in seconds since the epoch, UTC."""
    room: str
    kind: str
    sender: int
    """The number of the client that sent it, or that a notice is about and not sent to; or
    SERVER."""
    name: str
    """The name of that client at that time."""
    text: str
    """One line without its end, safe to show (text.safe.visible)."""

    @property
    def spoken_before(self) -> int:
        """Messages of clients in the room before this entry."""
        return self.spoken - self.is_counted

    @property
    def is_spoken(self) -> bool:
        """Whether it is a message of a client, not deleted: it may be shown again."""
        return self.kind in SPOKEN

    @property
    def is_counted(self) -> bool:
        """Whether it is a message of a client, deleted or not."""
        return self.kind in COUNTED

    def without_text(self) -> "Message":
        """The entry that takes its place when it is deleted."""
        return self._replace(kind=Kind.GONE, text="")


class Utterance(NamedTuple):
    """Lines of one sender that are said together, and have no place in the room yet."""

    time: float
    """When they were said; a store that knows a later time of the room gives them that."""
    kind: str
    texts: Sequence[str]
    sender: int
    name: str


class Private(NamedTuple):
    """A direct message. It is in no log."""

    time: float
    """When it was sent, in seconds since the epoch, UTC."""
    name: str
    """The name of the sender at that time."""
    to: str
    """The name of the recipient at that time."""
    text: str


class Topic(NamedTuple):
    """The topic of a room."""

    text: str
    sender: int
    """The number of the client that set it."""
    name: str
    """The name of that client at that time."""
