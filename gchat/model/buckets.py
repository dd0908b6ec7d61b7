"""Token buckets, which limit a rate, and slots, which limit a number."""

from collections import Counter
from collections.abc import Hashable
from itertools import islice
from typing import NamedTuple

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

    def wait(self, rule: TokenBucket, owner: Hashable, now: float, tokens: float = 1) -> float:
        """Seconds until the bucket of `owner` holds `tokens`."""
        return rule.wait(self._full_at.get(owner, now), tokens, now)

    def take(self, rule: TokenBucket, owner: Hashable, now: float, tokens: float = 1) -> None:
        """Take `tokens` from the bucket of `owner`."""
        self._full_at[owner] = rule.take(self._full_at.pop(owner, now), tokens, now)
        for oldest, full_at in tuple(islice(self._full_at.items(), 2)):
            if full_at <= now or len(self._full_at) > MAX_OWNERS:
                del self._full_at[oldest]

    def give_back(self, rule: TokenBucket, owner: Hashable, tokens: float = 1) -> None:
        """Put `tokens` back into the bucket of `owner`, from which they were taken."""
        if owner in self._full_at:
            self._full_at[owner] -= tokens / rule.rate


class Slots:
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
