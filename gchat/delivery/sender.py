"""The system calls of a round: one batch to many connections."""

import errno
from collections.abc import Sequence

from gchat.hub.connection import Connection

FULL = -errno.EAGAIN
"""The result for a connection that took nothing, as its socket is full."""


def send_to_all(data: bytes | memoryview, connections: Sequence[Connection]) -> list[int]:
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
