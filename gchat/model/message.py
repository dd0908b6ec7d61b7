"""What a room's log holds: a line that somebody said, or a notice of the server's."""

from typing import Final, NamedTuple

Ref = str | int | None
"""What a program marks a request with, and gets back with the answer."""


class Kind:
    """What sort of message it is: its name for programs.

    Plain strings, as messages are kept in plain tuples (see log.Entry).
    """

    SAY: Final = "say"
    ACTION: Final = "action"
    """What somebody does, as they tell it themselves."""
    NOTICE: Final = "notice"
    PRESENCE: Final = "presence"
    """A notice of who came or left."""
    GONE: Final = "gone"
    """What somebody has said, and was deleted: its text is empty, and nobody is shown it."""


SPOKEN: Final = frozenset((Kind.SAY, Kind.ACTION))
"""The kinds that come from somebody; the others are notices, the server's words."""

COUNTED: Final = SPOKEN | {Kind.GONE}
"""Those that `spoken` counts: what was deleted is still one of what people have said."""

SERVER = 0
"""The `sender` of messages that are nobody's own."""


class Message(NamedTuple):
    """One entry of a room's log. Once it is in there, all that can happen is that it is deleted."""

    id: int
    """1, 2, 3, … within its room, without a hole."""
    spoken: int
    """How many of the room's messages up to this one, itself included, people have said."""
    time: float
    """When it was said, in seconds since the epoch, UTC."""
    room: str
    kind: str
    sender: int
    """The number of the client that it comes from, or, if it is a notice, is about, which is
    not sent it; or SERVER."""
    name: str
    """What that one was called at that moment."""
    text: str
    """One line without its end, safe to show (see text.visible)."""

    @property
    def spoken_before(self) -> int:
        """How many people have said before this one."""
        return self.spoken - self.is_counted

    @property
    def is_spoken(self) -> bool:
        """Whether it comes from somebody, and is no notice and not gone: it may be shown again."""
        return self.kind in SPOKEN

    @property
    def is_counted(self) -> bool:
        """Whether it is one of what people have said, gone or not."""
        return self.kind in COUNTED

    def without_text(self) -> "Message":
        """What is left of it when it is deleted: its place."""
        return self._replace(kind=Kind.GONE, text="")


class Private(NamedTuple):
    """What somebody says to one other. It is in no log."""

    time: float
    """As a message's."""
    name: str
    """Who says it."""
    to: str
    """Whom it is said to."""
    text: str


class Topic(NamedTuple):
    """What somebody has said that a room is about."""

    text: str
    sender: int
    """The number of the client that has set it."""
    name: str
    """Its name at that moment."""
