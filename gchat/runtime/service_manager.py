"""Tell the service manager how the server is: it is ready, it stops, it is alive.

systemd starts a unit of `Type=notify` with the address of a socket in its environment
(sd_notify(3)); each message is one datagram of `NAME=VALUE` lines.
"""

import logging
import os
import socket
from time import clock_gettime_ns
from typing import NoReturn

from gevent import monkey, sleep

# The original: a datagram is sent at once, or not at all.
StandardSocket = monkey.get_original("socket", "socket")

CLOCK_MONOTONIC = 1

log = logging.getLogger(__name__)


class ServiceManager:
    """What the environment says of the service manager; if there is none, nobody is told."""

    def __init__(self) -> None:
        """Take what concerns this process out of the environment."""
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        is_watched = os.environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog = int(microseconds) / 1e6 if is_watched and microseconds.isdecimal() else 0.0
        """Seconds without a sign of life after which the server is ended; 0 if none are needed."""

    def tell(self, *states: str) -> None:
        """Tell `states`, such as `READY=1`. Never waits, and never raises."""
        if not self._address:
            return
        where = f"\0{self._address[1:]}" if self._address[0] == "@" else self._address
        try:
            with StandardSocket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
                told.setblocking(False)
                told.sendto("\n".join(states).encode(), where)
        except OSError as error:
            log.warning("cannot tell the service manager %s: %s", states[0], error.strerror)

    def tell_reloading(self) -> None:
        """Tell that the files are read again; READY=1 is to follow."""
        now = clock_gettime_ns(CLOCK_MONOTONIC) // 1000
        self.tell("RELOADING=1", f"MONOTONIC_USEC={now}")

    def keep_telling(self) -> NoReturn:
        """Give signs of life from the event loop, for ever; while that is blocked, none come.

        There must be a `watchdog`.
        """
        while True:
            self.tell("WATCHDOG=1")
            sleep(self.watchdog / 2)
