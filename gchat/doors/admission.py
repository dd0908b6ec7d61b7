"""Who is let in, and how the others are turned away: with a reason, at a bounded cost."""

import errno
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from math import ceil
from typing import Any

from gchat.hub.connection import Connection
from gchat.hub.hub import Hub
from gchat.hub.password_attempts import too_many_attempts
from gchat.model.buckets import Buckets, TokenBucket
from gchat.model.display import PLAIN
from gchat.protocol.voices import voice_of
from gchat.text.addresses import Network, network_of
from gchat.text.clock import duration

OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
"""What accept fails with when this process, or the machine, has no descriptor left."""

MAX_LINGERING = 16
"""Newcomers turned away who may at one time take a moment to read why. Further ones are
told as well, but the connection may be reset under their eyes if they have said something."""

LINGER = 1.0
"""Seconds of that moment."""

LOGGED = TokenBucket(rate=1, burst=20)
"""Lines of the log about those turned away; who hammers at the door fills nobody's disk."""

LOG_INTERVAL = 10.0
"""Seconds between two lines of the log that say that descriptors are out."""

log = logging.getLogger(__name__)


class Admission:
    """Decides about newcomers."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._connects = Buckets()
        self._lingering = 0
        self._full_at = 0.0
        self._not_logged = 0
        self._next_log = 0.0
        self._spare = _open_spare()

    def bar(self, host: str) -> str | None:
        """What keeps out whoever comes from the address `host`; None if nothing does."""
        if self._hub.shutdown.closing:
            return self._hub.shutdown.goodbye
        bans = self._hub.bans
        if bans and (ban := bans.find(host, time.time())):
            return f"you are banned {ban.tell(time.time())}"
        return None

    def objection(self, host: str) -> str | None:
        """The same, or for want of what no more newcomers can come from there just now."""
        hub, limits, network = self._hub, self._hub.settings.limits, network_of(host)
        if bar := self.bar(host):
            return bar
        if hub.slots.total >= limits.max_clients:
            return f"the server is full: all {limits.max_clients} places are taken; try again later"
        if 0 < limits.max_per_address <= hub.slots.of(network):
            return (
                f"all {limits.max_per_address} places for one address are taken by yours; "
                "try again when a connection from there has ended"
            )
        rule = limits.connections
        if rule and (wait := self._connects.wait(rule, network, time.monotonic())):
            return (
                f"your address connects more than {limits.connect_rate} times a second; "
                f"try again in {duration(ceil(wait))}"
            )
        if hub.settings.password and (wait := hub.password_attempts.wait(network)):
            return too_many_attempts(wait)
        return None

    def enter(self, network: Network) -> None:
        """One from there is let in, and takes up a place until it leaves."""
        self._hub.slots.take(network)
        if rule := self._hub.settings.limits.connections:
            self._connects.take(rule, network, time.monotonic())

    def leave(self, network: Network) -> None:
        """Its connection is closed."""
        self._hub.slots.give_back(network)

    def turn_away(
        self, connection: Connection, address: str, why: str, answer: bytes = b""
    ) -> None:
        """Tell a newcomer why it is not let in, and close the connection.

        `answer` is sent in place of `why` to one who does not speak plain lines.
        """
        self._hub.stats.refused += 1
        self._log_refusal(address, why)
        with suppress(OSError):
            _send_last(connection, answer or voice_of(PLAIN).notices([why]))
            if self._lingering < MAX_LINGERING:
                self._lingering += 1
                try:
                    connection.discard_input(LINGER)
                finally:
                    self._lingering -= 1
        connection.close()

    def turn_away_without_descriptor(self, accept: Callable[[], tuple[Any, Any] | None]) -> None:
        """All descriptors are used: give up the spare one for as long as it takes to say so.

        Never waits. Raises OSError if `accept` still fails.
        """
        self._hub.stats.refused += 1
        if time.monotonic() >= self._next_log:
            self._next_log = time.monotonic() + LOG_INTERVAL
            log.warning("out of file descriptors: newcomers are turned away")
        self._spare.close()
        try:
            if accepted := accept():
                connection = Connection(accepted[0])
                with suppress(OSError):
                    why = "the server is out of file descriptors; try again later"
                    _send_last(connection, voice_of(PLAIN).notices([why]))
                connection.close()
        finally:
            with suppress(OSError):
                self._spare = _open_spare()

    def _log_refusal(self, address: str, why: str) -> None:
        now = time.monotonic()
        if LOGGED.wait(self._full_at, 1, now):
            self._not_logged += 1
            return
        self._full_at = LOGGED.take(self._full_at, 1, now)
        others = f" ({self._not_logged} others before it)" if self._not_logged else ""
        log.info("refuse %s: %s%s", address, why, others)
        self._not_logged = 0


def _open_spare() -> FileIO:
    # Not os.open: what gevent has made of os.close does not close at once.
    return FileIO(os.devnull)


def _send_last(connection: Connection, data: bytes) -> None:
    """A new connection takes so little at once, so this does not wait."""
    connection.send(data)
    connection.finish()
