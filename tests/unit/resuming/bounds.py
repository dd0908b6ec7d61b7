"""What a model of resuming sets in place of the server's bounds, so that a few lines reach them."""

from typing import Any

from gchat.model.buckets import TokenBucket
from tests.unit.person_model import leave_blocked, small_log

SMALL: list[tuple[str, dict[str, Any]]] = [
    ("gchat.delivery.batch", {"MAX_BYTES": 80}),
    ("gchat.delivery.batches", {"MAX_MESSAGES": 4, "FAR": 3}),
    ("gchat.delivery.senders.loop", {"AT_A_TIME": 1}),
    ("gchat.delivery.broadcaster", {"SLICE": 1.5}),
    ("gchat.delivery.backfill", {"PAUSE": 0.0}),
    ("gchat.store.history", {"RoomLog": small_log}),
    ("gchat.model.presence", {"INTERVAL": 0.0}),
    ("gchat.hub.marks", {"GROWTH": 12}),
    ("gchat.hub.cohorts", {"KEPT_MARKS": 8, "IN_FLIGHT": 4000}),
    ("gchat.hub.left_rooms", {"MOST": 1000, "PAGE": 3}),
    ("gchat.hub.displacing", {"DISPLACEMENTS": TokenBucket(1000.0, 10**6)}),
    (
        "gchat.hub.connection.Connection",
        {
            "block": leave_blocked,
            "_on_the_way": property(lambda self: self._socket.unacknowledged),
        },
    ),
]
"""Modules, or classes, and their attributes."""
