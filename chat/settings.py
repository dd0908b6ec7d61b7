"""What whoever runs the server has decided, for those parts that act on it."""

from dataclasses import dataclass

from chat.motd import Motd


@dataclass
class Settings:
    """The defaults are those of the options."""

    max_line: int = 65536
    """Bytes in a line, without its end."""
    replay: int = 10
    """Messages that a person is shown on joining, if they are not long."""
    motd: Motd | None = None
    """What a person is told with the welcome."""
    host: str = "127.0.0.1"
    """The address that the server listens on."""
