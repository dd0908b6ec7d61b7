"""Who is let in, and how the others are turned away: with a reason, at a bounded cost."""

import errno
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from socket import SHUT_WR
from typing import Any

from gevent import Timeout

from chat.hub import Hub
from chat.listener import show_address
from chat.look import PLAIN
from chat.loop import give_way
from chat.wire import encode_notices

OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
"""What accept fails with when this process, or the machine, has no descriptor left."""

MAX_LINGERING = 16
"""Newcomers turned away who may at one time take a moment to read why. Further ones are
told as well, but the connection may be reset under their eyes if they have said something."""

LINGER = 1.0
"""Seconds of that moment."""

LOG_INTERVAL = 10.0
"""Seconds between two lines of the log that say that descriptors are out."""

log = logging.getLogger(__name__)


class Admission:
    """Decides about newcomers."""

    def __init__(self, hub: Hub, max_clients: int) -> None:
        self._hub = hub
        self._max_clients = max_clients
        self._lingering = 0
        self._next_log = 0.0
        self._spare = _open_spare()

    def objection(self) -> str | None:
        """Why a newcomer cannot be let in now, or None."""
        if self._hub.closing:
            return "the server is going down"
        if len(self._hub.clients) >= self._max_clients:
            return f"the server is full: all {self._max_clients} places are taken; try again later"
        return None

    def turn_away(self, connection: Any, address: Any, why: str) -> None:
        """Tell a newcomer why it is not let in, and close the connection."""
        log.info("refuse %s: %s", show_address(address), why)
        with suppress(OSError, Timeout):
            _tell(connection, why)
            if self._lingering < MAX_LINGERING:
                self._lingering += 1
                try:
                    with Timeout(LINGER):
                        while connection.recv(4096):
                            give_way()
                finally:
                    self._lingering -= 1
        connection.close()

    def turn_away_without_descriptor(self, accept: Callable[[], tuple[Any, Any] | None]) -> None:
        """All descriptors are used: give up the spare one for as long as it takes to say so.

        Never waits. Raises OSError if `accept` still fails.
        """
        if time.monotonic() >= self._next_log:
            self._next_log = time.monotonic() + LOG_INTERVAL
            log.warning("out of file descriptors: newcomers are turned away")
        self._spare.close()
        try:
            if accepted := accept():
                connection = accepted[0]
                with suppress(OSError):
                    _tell(connection, "the server is out of file descriptors; try again later")
                connection.close()
        finally:
            with suppress(OSError):
                self._spare = _open_spare()


def _open_spare() -> FileIO:
    # Not os.open: what gevent has made of os.close does not close at once.
    return FileIO(os.devnull)


def _tell(connection: Any, why: str) -> None:
    """A new connection takes a line at once, so this does not wait."""
    connection.settimeout(0)
    connection.send(encode_notices([why], PLAIN))
    connection.shutdown(SHUT_WR)
    connection.settimeout(None)
