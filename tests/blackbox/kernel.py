"""What the kernel knows about the server's side of a connection."""

from pathlib import Path
from typing import NamedTuple

from tests.blackbox.connection import Connection
from tests.blackbox.waiting import wait_until

TABLE = Path("/proc/net/tcp")
"""One connection a line: `sl local remote state tx:rx timer:expires …`, in hexadecimal."""

TICKS = 100
"""Units of `expires` in a second, whatever the kernel's own clock is."""

KEEPALIVE = 2
"""The timer that waits for the peer to be silent for too long."""

WINDOW_PROBE = 4
"""The timer that asks a peer that takes nothing whether it does again."""


class Side(NamedTuple):
    """The server's side of a connection."""

    unread: int
    """Bytes that have arrived and that the server has not read."""
    unacknowledged: int
    """Bytes that the server has sent and that have not arrived."""
    timer: int
    expires: float
    """When the timer will go off, in seconds from now."""


def server_side(connection: Connection) -> Side:
    """What Linux tells of an IPv4 connection, at its other end."""
    remote, local = connection.socket.getsockname()[1], connection.socket.getpeername()[1]
    for line in TABLE.read_text().split("\n")[1:]:
        fields = line.split()
        if fields and fields[1].endswith(f":{local:04X}") and fields[2].endswith(f":{remote:04X}"):
            timer, expires = fields[5].split(":")
            unacknowledged, unread = (int(size, 16) for size in fields[4].split(":"))
            return Side(unread, unacknowledged, int(timer, 16), int(expires, 16) / TICKS)
    raise AssertionError(f"the kernel does not know {connection.address}")


def send_in_pieces(connection: Connection, data: bytes) -> None:
    """Send `data` so that the server reads each byte by itself."""
    for byte in data:
        connection.send(bytes((byte,)))
        wait_until(lambda: server_side(connection).unread == 0, "the server reads a byte")
