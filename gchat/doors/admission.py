"""Admit new connections, or refuse them with a reason, at a bounded cost."""

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
from gchat.text.phrases import counted

OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
"""Errors of accept when this process, or the machine, has no descriptor left."""

MAX_LINGERING = 16
"""Refused connections that may linger at a time, so that their clients can read why. All others are
told as well, but a connection whose client has sent something may be reset before it reads that."""

LINGER = 1.0
"""Seconds that a refused connection lingers."""

LOGGED = TokenBucket(rate=1, burst=20)
"""Rule for log lines about refused connections: a flood of them must not fill the disk."""

LOG_INTERVAL = 10.0
"""Seconds between two log lines about missing descriptors."""

log = logging.getLogger(__name__)


class Admission:
    """Decide about new connections, and count them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._connects = Buckets()
        self._lingering = 0
        self._full_at = 0.0
        self._not_logged = 0
        self._next_log = 0.0
        self._spare = _open_spare()

    def bar(self, host: str) -> str | None:
        """Why nobody from `host` may join now (shutdown or ban), or None."""
        if self._hub.shutdown.closing:
            return self._hub.shutdown.goodbye
        bans, now = self._hub.bans, self._hub.clock.steady()
        if bans and (ban := bans.find(host, now)):
            return f"You are banned {ban.tell(now)}"
        return None

    def objection(self, host: str) -> str | None:
        """Why `host` may not connect now (shutdown, ban, full server, rate limit), or None."""
        hub, limits, network = self._hub, self._hub.settings.limits, network_of(host)
        if bar := self.bar(host):
            return bar
        if hub.slots.total >= limits.max_clients:
            return f"The server is full ({counted(limits.max_clients, 'client')}); try again later"
        if 0 < limits.max_per_address <= hub.slots.of(network):
            return (
                f"Too many connections from your address (limit {limits.max_per_address}); "
                "close one, or try again later"
            )
        rule = limits.connections
        if rule and (wait := self._connects.wait(rule, network, time.monotonic())):
            return (
                "Too many new connections from your address (limit "
                f"{limits.connect_rate} per second); try again in {duration(ceil(wait))}"
            )
        if hub.settings.password and (wait := hub.password_attempts.wait(network)):
            return too_many_attempts(wait)
        return None

    def enter(self, network: Network) -> None:
        """Count a connection from `network` that is admitted; it takes a slot until `leave`."""
        self._hub.slots.take(network)
        if rule := self._hub.settings.limits.connections:
            self._connects.take(rule, network, time.monotonic())

    def leave(self, network: Network) -> None:
        """Give the slot of a connection from `network` back."""
        self._hub.slots.give_back(network)

    def turn_away(
        self, connection: Connection, address: str, why: str, answer: bytes = b""
    ) -> None:
        """Tell a client why it is refused, and close the connection.

        `answer`, if there is one, is sent instead of `why`: in the language of another protocol.
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
        """Refuse a connection when no descriptor is left, with the help of a spare one.

        Never waits. Raises OSError if `accept` still fails.
        """
        self._hub.stats.refused += 1
        if time.monotonic() >= self._next_log:
            self._next_log = time.monotonic() + LOG_INTERVAL
            log.warning("out of file descriptors: new connections are refused")
        self._spare.close()
        try:
            if accepted := accept():
                connection = Connection(accepted[0])
                with suppress(OSError):
                    why = "The server is out of file descriptors; try again later"
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
        others = ""
        if self._not_logged:
            others = f" ({counted(self._not_logged, 'refusal')} before it not logged)"
        log.info("refused %s: %s%s", address, why, others)
        self._not_logged = 0


def _open_spare() -> FileIO:
    # Not os.open: gevent's os.close does not close at once.
    return FileIO(os.devnull)


def _send_last(connection: Connection, data: bytes) -> None:
    """Send `data` and shut down; a new connection takes so little at once, without waiting."""
    connection.send(data)
    connection.finish()
