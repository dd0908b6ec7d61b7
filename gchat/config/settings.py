"""What whoever runs the server has decided, for those parts that act on it."""

from dataclasses import dataclass, field

from gchat.config.limits import MOST, Limits
from gchat.config.motd import Motd
from gchat.config.password import Password


@dataclass(kw_only=True)
class Settings:
    """The defaults are those of the options."""

    max_line: int = 65536
    """Bytes in a line, without its end."""
    reserve: float = 7 * 86400.0
    """Seconds that the name of one who has left is kept for the one who has its token."""
    keep_days: int = 0
    """After which what was said is deleted from the history file; 0 is never."""
    keep_messages: int = 0
    """Of each room in that file, notices counted; 0 is all."""
    replay: int = 10
    """Messages that a person is shown on joining; of long ones the beginning."""
    motd: Motd | None = None
    """What a person is told with the welcome."""
    addresses: tuple[str, ...] = ("127.0.0.1",)
    """The addresses that the server listens on, also if the option gave a name for them."""
    limits: Limits = field(default_factory=Limits)
    slots: int = MOST
    """Clients that the limit on open files has room for: `limits.max_clients` is never more."""
    password: Password | None = None
    """What everybody has to say before anything else; None if all may come in."""
    op_password: Password | None = None
    """What makes an operator; None if nobody can be one."""
