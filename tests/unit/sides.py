"""Connections, and what their other sides hear."""

import socket

from gchat.hub.connection import Connection


class Sides:
    """Connections, and their other sides."""

    def __init__(self, kind: type[Connection] = Connection) -> None:
        self._kind = kind
        self.ours = list[Connection]()
        self.theirs = list[socket.socket]()

    def add(self, count: int = 1) -> None:
        for _ in range(count):
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            theirs.setblocking(False)
            self.ours.append(self._kind(ours))
            self.theirs.append(theirs)

    def heard(self) -> list[bytes]:
        """What each of the other sides has got since it was last asked."""
        return [_read(theirs) for theirs in self.theirs]

    def close(self) -> None:
        for ours, theirs in zip(self.ours, self.theirs, strict=True):
            ours.close()
            theirs.close()


def _read(theirs: socket.socket) -> bytes:
    data = b""
    try:
        while more := theirs.recv(1 << 20):
            data += more
    except OSError:
        pass
    return data
