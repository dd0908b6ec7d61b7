"""The sender that asks the kernel once for each connection: it works everywhere."""

import errno
from collections.abc import Sequence

from gchat.hub.connection import Connection

FULL = -errno.EAGAIN
"""The result for a connection that took nothing, as its socket is full."""


class LoopSender:
    """Calls `send` of one connection after the other."""

    def send(self, data: bytes, connections: Sequence[Connection]) -> list[int]:
        """Hand `data` to the kernel for each of `connections`; never waits.

        Returns one result for each, in their order: the number of bytes that it took, or the
        negative number of the error. This is the only code that runs once for each listener.
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
