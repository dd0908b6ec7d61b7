#!/usr/bin/env python3
"""Measure gchat: what it delivers, what it costs, and what it stands.

Starts a server for each measurement, on a core and a port of its own, and talks
to it from this process, on another core. Prints each result, with `ok` or
`FAILED` where there is a bound; the exit status is 1 if anything failed.
"""

import argparse
import resource
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

try:
    from child import split_cores
    from measuring.archive import archive
    from measuring.both_cores import both_cores
    from measuring.commands import commands
    from measuring.descriptors import descriptors
    from measuring.displays import displays
    from measuring.everyone import everyone
    from measuring.gigabyte import gigabyte
    from measuring.history import history
    from measuring.idle import idle
    from measuring.locked import locked
    from measuring.older import older
    from measuring.rooms import rooms
    from measuring.send_threads import send_threads
    from measuring.sleepers import sleepers
    from measuring.stalled import stalled
    from measuring.vandals import vandals
except ModuleNotFoundError as error:
    sys.exit(f"measure.py: {error.name} is not installed: pip install -r requirements.txt")

MEASUREMENTS: dict[str, Callable[[int], int]] = {
    measurement.__name__: measurement
    for measurement in (
        displays,
        rooms,
        send_threads,
        both_cores,
        history,
        archive,
        older,
        locked,
        everyone,
        idle,
        stalled,
        sleepers,
        gigabyte,
        vandals,
        commands,
        descriptors,
    )
}
"""All of them by name. Each takes the server's core and returns how many results failed."""

LIMIT = 180
"""Seconds that a measurement may take."""

DESCRIPTORS = 10_100
"""Open files that the largest crowd needs."""


def main() -> int:
    """Run the measurements that were asked for; returns the exit status."""
    names = parse()
    raise_descriptor_limit()
    core, own = split_cores()
    print(f"The server runs on core {core}, its clients on core {own}.")
    if core == own:
        print("There is no second core: the clients slow the server down.")
    signal.signal(signal.SIGALRM, give_up)
    failures = 0
    for name in names:
        begin = time.monotonic()
        signal.alarm(LIMIT)
        try:
            failures += MEASUREMENTS[name](core)
        except (OSError, RuntimeError) as error:  # TimeoutError is among them
            print(f"  {name}: FAILED: {error}", flush=True)
            failures += 1
        finally:
            signal.alarm(0)
        print(f"  ({time.monotonic() - begin:.0f} s)\n", flush=True)
    print("All results are within their bounds." if not failures else f"{failures} FAILED.")
    return 1 if failures else 0


def parse() -> list[str]:
    """The names on the command line; all of them if there is none."""
    width = max(map(len, MEASUREMENTS))
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="measurements, all of them by default:\n"
        + "\n".join(f"  {name:<{width}}  {run.__doc__}" for name, run in MEASUREMENTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a measurement (see below)")
    names: list[str] = parser.parse_args().names or list(MEASUREMENTS)
    for name in names:
        if name not in MEASUREMENTS:
            parser.error(f"there is no measurement {name!r}, only {', '.join(MEASUREMENTS)}")
    return names


def raise_descriptor_limit() -> None:
    """Let this process, and the server after it, open as many files as they may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS:
        sys.exit(f"measure.py: the hard limit on open files is {hard}; {DESCRIPTORS} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def give_up(number: int, frame: FrameType | None) -> None:
    """A measurement has taken all its time."""
    raise TimeoutError(f"it was not over after {LIMIT} s")


if __name__ == "__main__":
    sys.exit(main())
