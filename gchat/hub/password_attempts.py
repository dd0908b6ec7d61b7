"""Wrong passwords: how many may come from one address."""

import logging
import time
from math import ceil

from gchat.model.buckets import Buckets, TokenBucket
from gchat.text.addresses import Network, show_network
from gchat.text.clock import duration

RULE = TokenBucket(rate=1 / 30, burst=10)
"""Ten wrong answers, then two a minute: in a year a million, of the 2^40 that a password of eight
random letters and digits leaves to be tried. People who mistype get in."""

PENALTY = 1.0
"""Seconds that pass before a wrong answer is answered."""

log = logging.getLogger(__name__)


class PasswordAttempts:
    """Counts them. Who is over the limit is not even told whether an answer is right."""

    def __init__(self) -> None:
        self._buckets = Buckets()

    def wait(self, network: Network) -> float:
        """Seconds until one more answer from there is looked at."""
        return self._buckets.wait(RULE, network, time.monotonic())

    def wrong(self, network: Network, what: str) -> None:
        """A wrong answer has come from there, `what` says to what: `password for operators`."""
        self._buckets.take(RULE, network, time.monotonic())
        log.warning("wrong %s from %s", what, show_network(network))


def too_many_attempts(wait: float, what: str = "passwords") -> str:
    """What somebody is told whose answer will not be looked at for `wait` seconds."""
    again = duration(ceil(wait))
    return f"too many wrong {what} came from your address; try again in {again}"
