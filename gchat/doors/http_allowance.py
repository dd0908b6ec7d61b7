"""The rate limit of HTTP: requests of a network cost what their lines cost."""

import time
from math import ceil

from gchat.hub.hub import Hub
from gchat.model.buckets import Buckets
from gchat.protocol.http_answers import Problem
from gchat.text.addresses import Network

OPENING = 20
"""What it costs to open a room, in lines: as much as /join."""


class Allowance:
    """What each network may ask for: a client has a rate limit of its own for as long as it is
    there, and each request is another client.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._spent = Buckets()

    def pay_for_room(self, network: Network, room: str) -> None:
        """Take what it costs to open `room`, if it is not open. Raises Problem as `pay`."""
        if room not in self._hub.rooms.by_name:
            self.pay(network, OPENING)

    def pay(self, network: Network, lines: int) -> None:
        """Take what costs as much as so many lines. Raises Problem, and takes nothing, if that is
        too much now.
        """
        rule = self._hub.settings.limits.lines
        if rule is None:
            return
        now = time.monotonic()
        if wait := self._spent.wait(rule, network, now, lines):
            raise Problem(
                429,
                f"Too many requests from your address (limit {rule.rate} lines per second); try "
                f"again in {ceil(wait)} s",
                "too fast",
                {"Retry-After": str(ceil(wait))},
            )
        self._spent.take(rule, network, now, lines)
