#!/usr/bin/env python3
"""Measure several gchats that share their rooms through a Redis.

Starts a Redis and servers for each measurement, the servers on one core, Redis
and the clients on another one. Prints each result, with `ok` or `FAILED` where
there is a bound; the exit status is 1 if anything failed. Needs redis-server,
and for some of it haproxy.
"""

import sys
from collections.abc import Callable

try:
    from measuring.nodes.cost import cost
    from measuring.nodes.delivery import delivery
    from measuring.nodes.failover import failover
    from measuring.nodes.joining import joining
    from measuring.nodes.killed import killed
    from measuring.nodes.rooms import rooms
    from measuring.running import run
except ModuleNotFoundError as error:
    sys.exit(f"nodes.py: {error.name} is not installed: pip install -r requirements.txt")

MEASUREMENTS: dict[str, Callable[[int], int]] = {
    measurement.__name__: measurement
    for measurement in (delivery, cost, failover, killed, joining, rooms)
}
"""All of them by name. Each takes the servers' core and returns how many results failed."""

if __name__ == "__main__":
    sys.exit(run(__doc__, MEASUREMENTS))
