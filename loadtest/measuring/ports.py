"""Ports of this machine that nobody uses, for programs that cannot choose one themselves."""

import socket
from random import randrange

FIRST, LAST = 15_000, 30_000
"""Below those that the system gives out by itself."""


def free_ports(count: int) -> list[int]:
    """`count` ports, one behind the other, of which nobody uses any."""
    while True:
        first = randrange(FIRST, LAST)
        ports = [*range(first, first + count)]
        if all(map(_is_free, ports)):
            return ports


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
