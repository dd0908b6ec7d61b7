"""How fast a client is listened to: one that sends more is read from more slowly."""

import logging
import time
from collections.abc import Sequence

import gevent

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.buckets import TokenBucket

PORTION = 0.1
"""Seconds of lines that one who is held back says at a time: so that it does not stutter, and is
no work for each line."""

KIB = 1024

MAX_SLEEP = 1.0
"""Seconds until it is looked whether the limit has been changed meanwhile."""

log = logging.getLogger(__name__)


class RateLimit:
    """Holds back one client, whose greenlet waits here. Nothing that it sends is lost."""

    __slots__ = ("_client", "_full_at", "_hub", "_told")

    def __init__(self, hub: Hub, client: Client) -> None:
        self._hub = hub
        self._client = client
        self._full_at = 0.0
        self._told = False

    def wait(self, lines: Sequence[bytes]) -> int:
        """How many of `lines` may be obeyed now: one at least, if need be after a while."""
        rule = self._hub.settings.limits.lines
        if rule is None:
            return len(lines)
        # What little there is by now is not worth a turn: so much is waited for at least.
        left = max(rule.tokens(self._full_at, time.monotonic()), rule.rate * PORTION)
        costs = [1 + len(line) // KIB for line in lines]
        count = 0
        while count < len(costs) and (costs[count] <= left or not count):
            left -= costs[count]
            count += 1
        self.pay(sum(costs[:count]))
        return count

    def pay(self, tokens: int) -> None:
        """Take so many as soon as they are there: for a line one, and one for each KiB of it."""
        self._wait(tokens)
        if rule := self._hub.settings.limits.lines:
            self._full_at = rule.take(self._full_at, tokens, time.monotonic())

    def _wait(self, tokens: int) -> None:
        while rule := self._hub.settings.limits.lines:
            now = time.monotonic()
            self._full_at = rule.no_later(self._full_at, now)
            wait = rule.wait(self._full_at, tokens, now)
            if not wait:
                return
            if not self._told:
                self._tell(rule)
            gevent.sleep(min(wait, MAX_SLEEP))
            self._client.heard = time.monotonic()  # what it has sent, it says now

    def _tell(self, rule: TokenBucket) -> None:
        self._told = True
        log.info("pace %s", self._client)
        self._hub.tell(
            self._client,
            f"you send more than is taken at once: from now on it is {rule.rate} lines a second, "
            "and nothing is lost",
        )
