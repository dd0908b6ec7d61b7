"""Messages and events, the entries of a room's log; direct messages; topics."""

from collections.abc import Sequence
from typing import Final, NamedTuple

Ref = str | int | None
"""What a program marks a request with, and gets back with the answer."""


class Kind:
    """The kinds of messages, as programs are told them.

    Plain strings, since a log keeps messages in plain tuples (runs.Run).
    """

    SAY: Final = "say"
    ACTION: Final = "action"
    """An action, from `/me`: `** ann waves`."""
    GONE: Final = "gone"
    """A deleted message: its text is empty, and it is not shown."""
    NOTICE: Final = "notice"
    PRESENCE: Final = "presence"
    """A notice, or one of joins or leaves, as a sentence: only history files of before have these.
    What happens in a room is kept as a fact, whose kind is that of its event (model.events)."""


SPOKEN: Final = frozenset((Kind.SAY, Kind.ACTION))
"""The kinds that clients send; the others are events, which the server tells of."""

COUNTED: Final = SPOKEN | {Kind.GONE}
"""The kinds that `Message.spoken` counts: those of clients, deleted or not."""

SERVER = 0
"""The `sender` of events that are not about one client."""


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
    """The number of the client that sent it, or that an event is about and not sent to; or
    SERVER."""
    name: str
    """The name of that client at that time."""
    text: str
    """One line without its end, safe to show (text.safe.visible); of an event, its fields."""
    epoch: int = 0
    """The epoch of the room in which the id was given to this message, and to no other one."""
    ref: Ref = None
    """What the program that sent it has marked it with, to know it again."""

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
    ref: Ref = None
    """What a program has marked it with, if it is a single line."""


class Private(NamedTuple):
    """A direct message. It is in no log."""

    time: float
    """When it was sent, in seconds since the epoch, UTC."""
    name: str
    """The name of the sender at that time."""
    to: str
    """The name of the recipient at that time."""
    text: str
    number: int = 0
    """Greater than that of all direct messages before, also of earlier runs of the server that are
    still kept: what each is known by until it has arrived. 0 if it is never kept."""


class Topic(NamedTuple):
    """The topic of a room."""

    text: str
    sender: int
    """The number of the client that set it."""
    name: str
    """The name of that client at that time."""
