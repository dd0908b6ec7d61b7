"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable

DEADLINE = 30.0
"""Seconds after which whatever a test waits for counts as not happening. Everything
takes a small part of it, except on a machine that is busy with other things."""


def wait_until(condition: Callable[[], bool], what: str, deadline: float = DEADLINE) -> None:
    """Return when `condition` holds; AssertionError with `what` after `deadline` seconds."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"in {deadline} seconds it did not happen that {what}"
        time.sleep(0.005)
