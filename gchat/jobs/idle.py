"""Disconnect idle clients, if `--idle-timeout` is set, with a warning first."""

import time

import gevent

from gchat.hub.hub import Hub
from gchat.text.clock import duration

CHECKS = 20
"""Checks of all clients within the timeout."""

MAX_INTERVAL = 5.0
"""Seconds between two checks at most: an operator may set another timeout meanwhile."""

WARNING = 60
"""Seconds between warning and disconnect, or a quarter of the timeout if that is less."""


def disconnect_idle(hub: Hub) -> None:
    """Warn and disconnect clients that have sent nothing for the timeout, for ever."""
    warned: dict[int, float] = {}
    while True:
        limit = hub.settings.limits.idle_timeout
        gevent.sleep(min(limit / CHECKS, MAX_INTERVAL) if limit else MAX_INTERVAL)
        warned = _check(hub, limit, warned) if limit else {}


def _check(hub: Hub, limit: int, warned: dict[int, float]) -> dict[int, float]:
    """Check all clients once.

    Takes and returns the times at which clients were warned, by client number.
    """
    warning = min(WARNING, limit // 4)
    still_warned = {}
    for client in hub.each_client():
        if client.number not in hub.room_of(client).clients:  # is leaving already
            continue
        now = time.monotonic()
        idle = now - client.heard
        if idle < limit - warning:
            continue
        if client.number not in warned:
            hub.tell(
                client,
                f"You have been idle for {duration(idle)} and will be disconnected in "
                f"{duration(warning)}. Press Enter to stay.",
            )
        elif idle >= limit and now - warned[client.number] >= warning:
            hub.tell(client, f"Disconnected: you have been idle for {duration(idle)}")
            client.expel("idle")
            continue
        still_warned[client.number] = warned.get(client.number, now)
    return still_warned
