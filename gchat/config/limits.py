"""The limits that nobody gets past, and the token bucket that most of them are kept with."""

from dataclasses import dataclass
from typing import NamedTuple

from gchat.model.buckets import TokenBucket
from gchat.text.phrases import as_number

MOST = 2**30
"""The highest number that any limit takes."""

CONNECT_BURST = 10
"""Seconds of `connect_rate` that may come at once: a class whose members share an address all
come when the bell rings."""

MIN_IDLE = 20
"""Seconds: a shorter `idle_timeout` would leave no time to be warned."""


@dataclass
class Limits:
    """What holds now: set by options, changed by operators. 0 is no limit, where that may be."""

    rate: int = 100
    """Lines a second that are taken from one client once it has used up `burst`. Nobody types
    a tenth of it; a program that has more to say is only held back."""
    burst: int = 1000
    """Lines that are taken from it at full speed before: what a build or a test run prints."""
    max_clients: int = 0
    """Connections at a time."""
    max_per_address: int = 1000
    """Connections at a time from one address (IPv6: from one /64): more than a school behind one, a
    twentieth of what the usual limit on open files has room for."""
    connect_rate: int = 100
    """Connections a second from one address, after a burst of CONNECT_BURST times as many."""
    idle_timeout: int = 0
    """Seconds after which who says nothing is disconnected."""

    @property
    def lines(self) -> TokenBucket | None:
        """How fast lines are taken from one client; None is as fast as they come."""
        return TokenBucket(self.rate, self.burst) if self.rate else None

    @property
    def connections(self) -> TokenBucket | None:
        """How fast one address may connect; likewise."""
        rate = self.connect_rate
        return TokenBucket(rate, rate * CONNECT_BURST) if rate else None


class Meaning(NamedTuple):
    """What is to be known about a limit by who sets it."""

    text: str
    unit: str
    least: int
    or_none: bool
    """It may be 0 as well: then there is no such limit."""


MEANINGS = {
    "rate": Meaning("lines a second that are taken from one client, after a burst", "N", 1, True),
    "burst": Meaning("lines that one client may send at full speed before that", "N", 1, False),
    "max-clients": Meaning("most connections at a time", "N", 1, False),
    "max-per-address": Meaning(
        "most of them from one address, or from one /64 of IPv6", "N", 1, True
    ),
    "connect-rate": Meaning("most connections a second from one address", "N", 1, True),
    "idle-timeout": Meaning(
        "seconds after which one who sends nothing is disconnected, with a warning before",
        "SECONDS",
        MIN_IDLE,
        True,
    ),
}
"""The limits by their names as they are typed: those of the fields, with - for _."""


def read_limit(name: str, typed: str) -> int:
    """What `typed` sets the limit `name` to. Raises NotANumber."""
    meaning = MEANINGS[name]
    return 0 if meaning.or_none and typed == "0" else as_number(typed, meaning.least, MOST)
