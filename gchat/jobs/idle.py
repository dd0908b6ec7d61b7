"""Disconnecting those who send nothing, where that is wanted, with a warning before."""

import time

import gevent

from gchat.hub.hub import Hub
from gchat.text.clock import duration

LOOKS = 20
"""How often everybody is looked at in the time that is allowed."""

REST = 5.0
"""Seconds between two looks at the most: an operator may have set another limit."""

WARNING = 60
"""Seconds before the end at which it is told, or a quarter of the time allowed if that is less."""


def disconnect_idle(hub: Hub) -> None:
    """Warn and dismiss, for ever, those who have sent nothing for the limit's time."""
    warned: dict[int, float] = {}
    while True:
        limit = hub.settings.limits.idle_timeout
        gevent.sleep(min(limit / LOOKS, REST) if limit else REST)
        warned = _check(hub, limit, warned) if limit else {}


def _check(hub: Hub, limit: int, warned: dict[int, float]) -> dict[int, float]:
    """Look at everybody once; returns when those were warned, by their number, who have been."""
    warning = min(WARNING, limit // 4)
    still_warned = {}
    for client in hub.each_client():
        if client.number not in hub.room_of(client).clients:  # it leaves already
            continue
        now = time.monotonic()
        silent = now - client.heard
        if silent < limit - warning:
            continue
        if client.number not in warned:
            hub.tell(
                client,
                f"you have sent nothing for {duration(silent)}; in {duration(warning)} you will be "
                "disconnected. An Enter is enough to stay",
            )
        elif silent >= limit and now - warned[client.number] >= warning:
            hub.tell(client, f"you have sent nothing for {duration(silent)}; goodbye")
            client.expel("idle")
            continue
        still_warned[client.number] = warned.get(client.number, now)
    return still_warned
