"""How a client wants its lines: with a time, in colour, as JSON, …"""

from datetime import tzinfo
from typing import NamedTuple

from gchat.model.events import ABOUT_PRESENCE, EVENTS
from gchat.model.message import Kind


class Display(NamedTuple):
    """How lines are shown. Clients with the same look share the bytes."""

    end: str = "\n"
    """What ends a line: a terminal behind telnet needs the carriage return as well."""
    presence: bool = True
    """Who comes and leaves is shown."""
    notices: bool = True
    """The room's other notices are shown."""
    time: bool = False
    """What is said begins with its time."""
    zone: tzinfo | None = None
    """The zone of times; None is the server's."""
    color: bool = False
    """Names are in colours."""
    redraw: bool = False
    """What is half typed is cleared away before each line."""
    json: bool = False
    """Lines are JSON objects; of the rest, only `presence` and `notices` matter then."""

    framing: str = ""
    """What the door wants that the client came in by: which voice of the table (protocol.voices)
    speaks to it. Lines, if it is empty."""

    @property
    def hidden(self) -> frozenset[str]:
        """Kinds of messages that are not shown."""
        kinds = {Kind.GONE}
        if not self.presence:
            kinds |= ABOUT_PRESENCE
        if not self.notices:
            kinds |= EVENTS - ABOUT_PRESENCE
        return frozenset(kinds)


PLAIN = Display()
TELNET = Display(end="\r\n")

PROGRAM = Display(presence=False, notices=False)
"""What is right for who has not turned out to be a person: what people say, and nothing else."""
