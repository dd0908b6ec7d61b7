"""The settings of a running server, for the modules that act on them."""

from dataclasses import dataclass, field

from gchat.config.limits import MOST, Limits
from gchat.config.motd import Motd
from gchat.config.password import Password


@dataclass(kw_only=True)
class Settings:
    """What the options have set. The defaults here are the options' defaults."""

    max_line: int = 65536
    """Bytes in a line, without its end."""
    reserve: float = 12 * 3600.0
    """Seconds that a name stays reserved for the holder of its token after they left: a school day,
    or a night; the class of the next day finds the names free."""
    keep_days: int = 0
    """Age at which messages are deleted from the history file; 0 means never."""
    keep_messages: int = 0
    """Messages and notices kept in the history file for each room; 0 means all."""
    replay: int = 10
    """Messages that a person is shown on joining; long ones are shortened."""
    motd: Motd | None = None
    """The message of the day, shown with the welcome."""
    addresses: tuple[str, ...] = ("127.0.0.1",)
    """The addresses that the server listens on, also if the option gave a name for them."""
    limits: Limits = field(default_factory=Limits)
    slots: int = MOST
    """Clients that the limit on open files has room for: `limits.max_clients` is never more."""
    password: Password | None = None
    """The password for the server; None if everybody may join."""
    op_password: Password | None = None
    """The password that makes an operator; None if there can be none."""
