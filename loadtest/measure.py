#!/usr/bin/env python3
"""Measure gchat: what it delivers, what it costs, and what it stands.

Starts a server for each measurement, on a core and a port of its own, and talks
to it from this process, on another core. Prints each result, with `ok` or
`FAILED` where there is a bound; the exit status is 1 if anything failed.
"""

import sys
from collections.abc import Callable

try:
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
    from measuring.running import run
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

if __name__ == "__main__":
    sys.exit(run(__doc__, MEASUREMENTS))
