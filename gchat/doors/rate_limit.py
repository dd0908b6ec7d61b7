"""The rate limit of a client: lines that come too fast are read more slowly, and none is lost."""

import logging
import time
from collections.abc import Sequence

import gevent

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.buckets import TokenBucket

BATCH_SECONDS = 0.1
"""Seconds of lines that a rate-limited client sends at a time: a steady flow that does not take a
wake-up for each line."""

KIB = 1024
"""Bytes of a line that cost one more token."""

MAX_SLEEP = 1.0
"""Seconds until the next check whether the limit has been changed meanwhile."""

log = logging.getLogger(__name__)


class RateLimit:
    """The rate limit of one client, in whose greenlet it waits."""

    __slots__ = ("_client", "_full_at", "_hub", "_told")

    def __init__(self, hub: Hub, client: Client) -> None:
        self._hub = hub
        self._client = client
        self._full_at = 0.0
        self._told = False

    def wait(self, lines: Sequence[bytes]) -> int:
        """Wait for the next turn; return how many of `lines` it has, at least one."""
        rule = self._hub.settings.limits.lines
        if rule is None:
            return len(lines)
        # Fewer tokens are not worth a turn: wait for this many at least.
        left = max(rule.tokens(self._full_at, time.monotonic()), rule.rate * BATCH_SECONDS)
        if max(map(len, lines)) < KIB:  # nearly always
            count = min(len(lines), max(1, int(left)))
            self.pay(count)
            return count
        costs = [1 + len(line) // KIB for line in lines]
        count = 0
        while count < len(costs) and (costs[count] <= left or not count):
            left -= costs[count]
            count += 1
        self.pay(sum(costs[:count]))
        return count

    def pay(self, tokens: int) -> None:
        """Wait for `tokens` and take them: one for a line, and one more for each KiB of it."""
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
            self._client.heard = time.monotonic()  # its input is read now

    def _tell(self, rule: TokenBucket) -> None:
        """Tell the client, once per connection, that it is rate-limited."""
        self._told = True
        log.info("rate-limited %s", self._client)
        self._hub.tell(
            self._client,
            f"You are sending too fast: your lines are now read at {rule.rate} per second. "
            "None are lost.",
        )
