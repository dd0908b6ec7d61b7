"""The settings of a running server, for the modules that act on them."""

from dataclasses import dataclass, field

from gchat.config.limits import MOST, Limits
from gchat.config.motd import Motd
from gchat.config.password import Password
from gchat.text.addresses import Network, page_address

WITHOUT_TLS, WITH_TLS = "nc", "ncat --ssl"
"""Programs that join, with their options."""


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
    guest_names: bool = False
    """Newcomers are called guest-1, guest-2, …, and not by their addresses."""
    motd: Motd | None = None
    """The message of the day, shown with the welcome."""
    addresses: tuple[str, ...] = ("127.0.0.1",)
    """The addresses that the server listens on, also if the option gave a name for them."""
    limits: Limits = field(default_factory=Limits)
    slots: int = MOST
    """Clients that the limit on open files has room for: `limits.max_clients` is never more."""
    tls: bool = False
    """Whether clients can join inside TLS."""
    tls_only: bool = False
    """Whether they can join in no other way."""
    fingerprint: str = ""
    """The SHA-256 of the server's certificate, if it has made that itself: then nobody else can say
    whose it is."""
    origins: tuple[str, ...] = ()
    """The sites whose pages may use HTTP here: `https://chat.example`."""
    has_lines: bool = True
    """Clients can join with plain lines, as nc sends them: the door for these is open."""
    has_page: bool = False
    """There is a web page: the door for HTTP is open."""
    web_title: str = "gchat"
    """What the web page is called."""
    metrics_from: tuple[Network, ...] = ()
    """Whence the figures may be read, besides this machine."""
    proxies: tuple[Network, ...] = ()
    """Whence connections come from proxies, which have to say for whom."""
    password: Password | None = None
    """The password for the server; None if everybody may join."""
    op_password: Password | None = None
    """The password that makes an operator; None if there can be none."""

    @property
    def page_scheme(self) -> str:
        """How the web page is best got at: in clear if browsers would warn of the certificate."""
        return "https" if self.tls_only or (self.tls and not self.fingerprint) else "http"

    @property
    def join_commands(self) -> tuple[str, ...]:
        """What people type before the host and the port to join, the shortest first; none if only
        browsers can.
        """
        if not self.has_lines:
            return ()
        if self.tls_only:
            return (WITH_TLS,)
        return (WITHOUT_TLS, WITH_TLS) if self.tls else (WITHOUT_TLS,)

    def ways_to_join(self, host: str, port: int) -> list[str]:
        """What people type in a terminal or a browser to join at `host`, an address or a name; the
        best way first: `nc 127.0.0.1 7878`, `http://127.0.0.1:7878/`.
        """
        ways = [f"{program} {host} {port}" for program in self.join_commands]
        if self.has_page:
            ways.append(page_address(self.page_scheme, host, port))
        return ways
