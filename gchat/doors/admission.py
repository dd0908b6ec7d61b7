"""Admit new connections, or refuse them with a reason, at a bounded cost."""

import errno
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from math import ceil
from typing import Any, Self

from gchat.doors.newcomer import Newcomer
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

REASONS = (
    *("proxy", "closing", "banned", "full", "crowded", "too fast", "guessing", "no TLS", "other"),
)
"""Reasons for which newcomers are refused, in the order in which they are looked at. The first is
that a proxy has not said whom its connection stands for."""

log = logging.getLogger(__name__)


class Objection(str):
    """Why a newcomer may not come in, in a sentence; and the `reason`, which stays the same."""

    reason: str

    def __new__(cls, why: str, reason: str) -> Self:
        """`reason` is one of REASONS."""
        objection = super().__new__(cls, why)
        objection.reason = reason
        return objection


class Admission:
    """Decide about new connections, and count them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.refusals = Counter[str](dict.fromkeys(REASONS, 0))
        """How many newcomers were refused, by reason."""
        self._connects = Buckets()
        self._lingering = 0
        self._full_at = 0.0
        self._not_logged = 0
        self._next_log = 0.0
        self._spare = _open_spare()

    def bar(self, host: str) -> Objection | None:
        """Why nobody from `host` may join now (shutdown or ban), or None."""
        if self._hub.shutdown.closing:
            return Objection(self._hub.shutdown.goodbye, "closing")
        if not self._hub.bans:
            return None
        now = self._hub.clock.steady()
        if ban := self._hub.bans.find(host, now):
            return Objection(f"You are banned {ban.tell(now)}", "banned")
        return None

    def objection(self, host: str) -> Objection | None:
        """Why `host` may not connect now (shutdown, ban, full server, rate limit), or None."""
        hub, limits, network = self._hub, self._hub.settings.limits, network_of(host)
        if bar := self.bar(host):
            return bar
        if hub.slots.total >= limits.max_clients:
            most = counted(limits.max_clients, "client")
            return Objection(f"The server is full ({most}); try again later", "full")
        if 0 < limits.max_per_address <= hub.slots.of(network):
            return Objection(
                f"Too many connections from your address (limit {limits.max_per_address}); "
                "close one, or try again later",
                "crowded",
            )
        rule = limits.connections
        if rule and (wait := self._connects.wait(rule, network, time.monotonic())):
            return Objection(
                "Too many new connections from your address (limit "
                f"{limits.connect_rate} per second); try again in {duration(ceil(wait))}",
                "too fast",
            )
        if hub.settings.password and (wait := hub.password_attempts.wait(network)):
            return Objection(too_many_attempts(wait), "guessing")
        return None

    def enter(self, network: Network) -> None:
        """Count a connection from `network` that is admitted; it takes a slot until `leave`."""
        self._hub.slots.take(network)
        if rule := self._hub.settings.limits.connections:
            self._connects.take(rule, network, time.monotonic())

    def count_no_connection(self, network: Network) -> None:
        """A connection from `network` that was admitted was for a file of the web page: the rate of
        new connections does not count it.

        A browser makes two dozen for a page, and a class loads it at the same moment. Such a one
        costs as little as one that is refused.
        """
        if rule := self._hub.settings.limits.connections:
            self._connects.give_back(rule, network)

    def leave(self, network: Network) -> None:
        """Give the slot of a connection from `network` back."""
        self._hub.slots.give_back(network)

    def turn_away(
        self, newcomer: Newcomer, why: str, answer: bytes | Callable[[], bytes] = b""
    ) -> None:
        """Tell a newcomer why it is refused, and close the connection.

        `answer`, if there is one, is sent instead of `why`: in the language of another protocol. If
        that has to be found out first, it is called where there is time for it. It may raise
        OSError.
        """
        self._count_refusal(newcomer.address, why)
        with suppress(OSError):
            if self._lingering < MAX_LINGERING:
                self._lingering += 1
                try:
                    last = answer() if callable(answer) else answer
                    _send_last(newcomer.connection, last or _line(why))
                    newcomer.connection.discard_input(LINGER)
                finally:
                    self._lingering -= 1
            else:
                last = (not callable(answer) and answer) or _line(why)
                _send_last(newcomer.connection, last)
        newcomer.connection.close()

    def end_politely(self, connection: Connection) -> None:
        """Close a connection on which the last was sent, if there is time when that has arrived."""
        with suppress(OSError):
            connection.finish()
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
        self.refusals["other"] += 1
        if time.monotonic() >= self._next_log:
            self._next_log = time.monotonic() + LOG_INTERVAL
            log.warning("out of file descriptors: new connections are refused")
        self._spare.close()
        try:
            if accepted := accept():
                connection = Connection(accepted[0])
                with suppress(OSError):
                    why = "The server is out of file descriptors; try again later"
                    _send_last(connection, _line(why))
                connection.close()
        finally:
            with suppress(OSError):
                self._spare = _open_spare()

    def _count_refusal(self, address: str, why: str) -> None:
        self._hub.stats.refused += 1
        self.refusals[why.reason if isinstance(why, Objection) else "other"] += 1
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


def _line(why: str) -> bytes:
    return voice_of(PLAIN).notices([why])


def _send_last(connection: Connection, data: bytes) -> None:
    """Send `data` and shut down; a new connection takes so little at once, without waiting."""
    connection.send(data)
    connection.finish()
