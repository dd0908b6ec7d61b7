"""The sender that asks the kernel once for each connection: it works everywhere."""

import errno
from collections.abc import Sequence

from gchat.hub.connection import Connection

FULL = -errno.EAGAIN
"""The result for a connection that took nothing, as its socket is full."""


AT_A_TIME = 64
"""Connections that are sent to before a round looks at the clock: half a millisecond."""


class LoopSender:
    """Calls `send` of one connection after the other."""

    @property
    def at_a_time(self) -> int:
        """How many connections to give it in one call."""
        return AT_A_TIME

    def send(self, data: bytes, connections: Sequence[Connection]) -> list[int]:
        """Hand `data` to the kernel for the first of `connections`, or all; never waits for them.

        Returns one result for each that it came to, in their order: the number of bytes that the
        kernel took, or the negative number of the error. There is at least one. This is the only
        code that runs once for each listener.
        """
        results = []
        for connection in connections:
            try:
                results.append(connection.send(data))
            except OSError as error:
                results.append(-(error.errno or errno.EIO))
            except Exception:  # a mistake of ours: it costs this client, not the others
                results.append(-errno.EIO)
        return results

    def close(self) -> None:
        """Nothing more will be sent."""
