"""The command line of the programs that measure, and how they run what was asked for."""

import argparse
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from child import split_cores

Measurements = Mapping[str, Callable[[int], int]]
"""By name. Each takes the core for servers, and returns how many results failed."""

LIMIT = 180
"""Seconds that a measurement may take."""

DESCRIPTORS = 10_100
"""Open files that the largest crowd needs."""


def run(about: str | None, measurements: Measurements) -> int:
    """Run those of `measurements` that the command line names; returns the exit status.

    `about` is what the program tells of itself.
    """
    names = parse(about, measurements)
    raise_descriptor_limit()
    core, own = split_cores()
    print(f"Servers run on core {core}, their clients on core {own}.")
    if core == own:
        print("There is no second core: the clients slow the servers down.")
    signal.signal(signal.SIGALRM, give_up)
    failures = 0
    for name in names:
        begin = time.monotonic()
        signal.alarm(LIMIT)
        try:
            failures += measurements[name](core)
        except (OSError, RuntimeError) as error:  # TimeoutError is among them
            print(f"  {name}: FAILED: {error}", flush=True)
            failures += 1
        finally:
            signal.alarm(0)
        print(f"  ({time.monotonic() - begin:.0f} s)\n", flush=True)
    print("All results are within their bounds." if not failures else f"{failures} FAILED.")
    return 1 if failures else 0


def parse(about: str | None, measurements: Measurements) -> list[str]:
    """The names on the command line; all of them if there is none."""
    width = max(map(len, measurements))
    parser = argparse.ArgumentParser(
        description=about,
        epilog="measurements, all of them by default:\n"
        + "\n".join(
            f"  {name:<{width}}  {measurement.__doc__}"
            for name, measurement in measurements.items()
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a measurement (see below)")
    names: list[str] = parser.parse_args().names or list(measurements)
    for name in names:
        if name not in measurements:
            parser.error(f"there is no measurement {name!r}, only {', '.join(measurements)}")
    return names


def raise_descriptor_limit() -> None:
    """Let this process, and the servers after it, open as many files as they may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS:
        program = Path(sys.argv[0]).name
        sys.exit(f"{program}: the hard limit on open files is {hard}; {DESCRIPTORS} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def give_up(number: int, frame: FrameType | None) -> None:
    """A measurement has taken all its time."""
    raise TimeoutError(f"it was not over after {LIMIT} s")
