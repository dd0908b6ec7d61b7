"""Who runs on which core, and behind whom: so that a server is tested and not a scheduler."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_native_id

NICENESS = 10
"""How far those who attack stand back behind the victim, with whom they share a core."""


def split_cores() -> tuple[set[int], set[int]]:
    """The cores for a server and for all others: the same where there is only one."""
    cores = os.sched_getaffinity(0)
    first = {min(cores)}
    return first, cores - first or first


@contextmanager
def bound_to(cores: set[int]) -> Iterator[None]:
    """What is done, and started, meanwhile runs on `cores` alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def stand_back() -> None:
    """Run behind others from now on, in this thread; that cannot be undone."""
    os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)
