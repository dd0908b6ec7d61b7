"""Entering what is said into the index of words, behind the talk's back."""

from time import monotonic

import gevent

from gchat.hub.hub import Hub

STEP = 200
"""Messages that are entered at a time: some milliseconds in which nothing else is written."""

REST = 1.0
"""Seconds between two looks for something new,"""

PAUSE = 0.02
"""and after a step: talk comes first."""

LONGEST_WAIT = 2.0
"""Seconds that who wants to find something waits for the index."""


def keep_indexed(hub: Hub) -> None:
    """Index for ever."""
    while True:
        left = hub.history.index(STEP)
        gevent.sleep(PAUSE if left else REST)


def complete(hub: Hub) -> int:
    """Index what is left now, as far as that goes in a while; returns how much still is."""
    end = monotonic() + LONGEST_WAIT
    while left := hub.history.index(STEP):
        if monotonic() > end:
            break
    return left
