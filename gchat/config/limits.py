"""The limits that operators can change while the server runs, and what each of them means."""

from dataclasses import dataclass
from typing import NamedTuple

from gchat.model.buckets import TokenBucket
from gchat.text.phrases import NotANumber, as_number

MOST = 2**30
"""The highest value of any limit."""

CONNECT_BURST = 10
"""Seconds of `connect_rate` that may come in one burst: a class whose members share an address
connects at the moment that the lesson begins."""

MIN_IDLE = 20
"""Seconds: a shorter `idle_timeout` would leave no time for a warning."""


@dataclass
class Limits:
    """The limits in force: set by options, changed by operators (/limits).

    0 means no limit, where MEANINGS allows it.
    """

    rate: int = 100
    """Lines per second read from one client once its `burst` is used up. Nobody types a tenth of
    that; a program with more to send is only slowed down."""
    burst: int = 5000
    """Lines read from one client at full speed: more than a build or a test run prints. While one
    program sends so many to 30 clients, a line of somebody else takes 4 ms instead of 2 (median),
    and 7 ms at most (measured). Beyond it, programs that pipe into nc are held up."""
    max_clients: int = 0
    """Connections at a time."""
    max_per_address: int = 1000
    """Connections at a time from one address (IPv6: from one /64): more than a school behind one
    address needs, a twentieth of what the usual limit on open files has room for."""
    connect_rate: int = 100
    """New connections per second from one address, after a burst of CONNECT_BURST times as many."""
    idle_timeout: int = 0
    """Seconds without input after which a client is disconnected."""

    @property
    def lines(self) -> TokenBucket | None:
        """The rule for lines from one client; None if they are not limited."""
        return TokenBucket(self.rate, self.burst) if self.rate else None

    @property
    def connections(self) -> TokenBucket | None:
        """The rule for new connections from one address; None if they are not limited."""
        rate = self.connect_rate
        return TokenBucket(rate, rate * CONNECT_BURST) if rate else None


class Meaning(NamedTuple):
    """What a limit means, for --help and /limits, and the values that it takes."""

    text: str
    unit: str
    """The placeholder in --help, such as SECONDS."""
    least: int
    or_none: bool
    """Whether 0, which means no limit, is allowed as well."""


MEANINGS = {
    "rate": Meaning("lines per second read from one client, after a burst", "N", 1, True),
    "burst": Meaning("lines that one client may send at full speed first", "N", 1, False),
    "max-clients": Meaning("most connections at a time", "N", 1, False),
    "max-per-address": Meaning(
        "most connections from one address, or from one IPv6 /64", "N", 1, True
    ),
    "connect-rate": Meaning("most new connections per second from one address", "N", 1, True),
    "idle-timeout": Meaning(
        "seconds without input after which a client is warned, then disconnected",
        "SECONDS",
        MIN_IDLE,
        True,
    ),
}
"""The limits by the names that options and commands use: the fields of Limits, with - for _."""


def read_limit(name: str, typed: str) -> int:
    """Parse `typed` as a value of the limit `name`. Raises NotANumber."""
    meaning = MEANINGS[name]
    if meaning.or_none and typed == "0":
        return 0
    try:
        return as_number(typed, meaning.least, MOST)
    except NotANumber as error:
        raise NotANumber(f"{error}{', or 0 for no limit' * meaning.or_none}") from None
