"""The limits that nobody gets past, and the token bucket that most of them are kept with."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from gchat.text.safe import as_number

MOST = 2**30
"""The highest number that any limit takes."""

CONNECT_BURST = 10
"""Seconds of `connect_rate` that may come at once: a class whose members share an address all
come when the bell rings."""

MIN_IDLE = 20
"""Seconds: a shorter `idle_timeout` would leave no time to be warned."""


MAX_OWNERS = 65_536
"""Buckets of one kind that are not full; of more, those are given up that were used first."""


class TokenBucket(NamedTuple):
    """The rule of a token bucket: it holds at most `burst` tokens, and gets `rate` a second.

    What one bucket holds is kept by its owner, as one number: the time at which it is full
    again. So a bucket costs next to nothing, one that is full need not be kept at all, and
    the rule may change at any time. Times are seconds of any clock that only goes forward.
    """

    rate: float
    """More than 0."""
    burst: float

    def tokens(self, full_at: float, now: float) -> float:
        """What it holds."""
        return max(0.0, self.burst - max(0.0, full_at - now) * self.rate)

    def no_later(self, full_at: float, now: float) -> float:
        """When it is full again, if it was emptied under a slower rule: as soon as an empty one."""
        return min(full_at, now + self.burst / self.rate)

    def take(self, full_at: float, tokens: float, now: float) -> float:
        """Take so many, or all that it holds; returns when it is full again."""
        left = max(0.0, self.tokens(full_at, now) - tokens)
        return now + (self.burst - left) / self.rate

    def wait(self, full_at: float, tokens: float, now: float) -> float:
        """Seconds until it holds `tokens`, or as many as it can hold."""
        return max(0.0, min(tokens, self.burst) - self.tokens(full_at, now)) / self.rate


class Buckets:
    """Buckets of one kind, by their owners: a full one is the same as none."""

    def __init__(self) -> None:
        self._full_at: dict[Hashable, float] = {}
        """In the order in which something was taken from them last."""

    def wait(self, rule: TokenBucket, owner: Hashable, now: float) -> float:
        """Seconds until the bucket of `owner` holds a token."""
        return rule.wait(self._full_at.get(owner, now), 1, now)

    def take(self, rule: TokenBucket, owner: Hashable, now: float) -> None:
        """Take a token from the bucket of `owner`."""
        self._full_at[owner] = rule.take(self._full_at.pop(owner, now), 1, now)
        for oldest, full_at in tuple(islice(self._full_at.items(), 2)):
            if full_at <= now or len(self._full_at) > MAX_OWNERS:
                del self._full_at[oldest]


class Places:
    """How many connections there are, and how many of them each owner, an address, has."""

    def __init__(self) -> None:
        self.total = 0
        self._by_owner = Counter[Hashable]()

    def of(self, owner: Hashable) -> int:
        """How many `owner` has."""
        return self._by_owner[owner]

    def take(self, owner: Hashable) -> None:
        """One more."""
        self.total += 1
        self._by_owner[owner] += 1

    def give_back(self, owner: Hashable) -> None:
        """One less."""
        self.total -= 1
        self._by_owner[owner] -= 1
        if not self._by_owner[owner]:
            del self._by_owner[owner]


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
