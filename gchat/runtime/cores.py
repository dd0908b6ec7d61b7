"""How many cores this process may use: fewer, as a rule, than the machine has in a container."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

QUOTA = ("quota", "period")
"""Version 1 has a file for each: microseconds of CPU time in so many microseconds."""


def usable_cores(root: Path = Path("/")) -> int:
    """Whole cores of the affinity mask that the quotas of the process's cgroups leave; at least 1.

    Where half a core is left over, it is not counted: a thread that waits for it is one that
    others wait for. `root` is where the system's files are.
    """
    allowed = len(os.sched_getaffinity(0))
    return max(1, min([allowed, *(int(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """The cores that each of the process's cgroups may use at a time, if it has a quota."""
    mounted = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2; in a container its own path is the root
            for folder in _with_parents(mounted, path):
                yield from _cores(*_read(folder / "cpu.max").split())
        elif "cpu" in controllers.split(","):
            for folder in _with_parents(mounted / "cpu", path):
                both = (_read(folder / f"cpu.cfs_{each}_us").strip() for each in QUOTA)
                yield from _cores(*both)


def _with_parents(mounted: Path, path: str) -> Iterator[Path]:
    folder = mounted / path.lstrip("/")
    yield folder
    while folder != mounted:
        folder = folder.parent
        yield folder


def _cores(quota: str = "", period: str = "") -> Iterator[float]:
    """The cores of a quota, both numbers in microseconds; none if it says `max` or -1."""
    if quota.isdecimal() and period.isdecimal() and int(period):
        yield int(quota) / int(period)


def _read(file: Path) -> str:
    with suppress(OSError):
        return file.read_text()
    return ""
