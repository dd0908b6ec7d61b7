"""Limit wrong passwords and tokens from one address."""

import logging
import time
from math import ceil

from gchat.model.buckets import Buckets, TokenBucket
from gchat.text.addresses import Network, show_network
from gchat.text.clock import duration

RULE = TokenBucket(rate=1 / 30, burst=10)
"""Ten wrong answers, then two a minute. That is a million a year, of the 2^40 that an attacker has
to try for a password of eight random letters and digits; people who mistype still get in."""

SETTLED = 60.0
"""Seconds after which a client has answers of its own, whatever others from its address do."""

OWN_RULE = TokenBucket(rate=1 / 600, burst=1)
"""An answer of its own, then one in ten minutes: fifty connections that guess have three million a
year in addition, and the operator is not locked out by them."""

PENALTY = 1.0
"""Seconds before a wrong answer is refused."""

log = logging.getLogger(__name__)


class PasswordAttempts:
    """Count wrong answers by network. Over the limit, answers are not even checked."""

    def __init__(self) -> None:
        self._buckets = Buckets()
        self._own = Buckets()

    def wait(self, network: Network) -> float:
        """Seconds until an answer from `network` is checked again; 0 if it is now."""
        return self._buckets.wait(RULE, network, time.monotonic())

    def wait_of(self, client: int, since: float, network: Network) -> float:
        """Seconds until an answer of the client of this number is checked; 0 if it is now.

        Over the limit of its `network`, a client that has been here `since` long ago has an answer
        of its own, which this takes.
        """
        now = time.monotonic()
        wait = self.wait(network)
        if not wait or now - since < SETTLED or self._own.wait(OWN_RULE, client, now):
            return wait
        self._own.take(OWN_RULE, client, now)
        return 0.0

    def wrong(self, network: Network, what: str) -> None:
        """Count and log a wrong answer; `what` it should be, such as `password for operators`."""
        self._buckets.take(RULE, network, time.monotonic())
        log.warning("wrong %s from %s", what, show_network(network))


def too_many_attempts(wait: float, what: str = "passwords") -> str:
    """The refusal of an answer from an address that has to wait `wait` seconds."""
    again = duration(ceil(wait))
    return f"Too many wrong {what} from your address; try again in {again}"
