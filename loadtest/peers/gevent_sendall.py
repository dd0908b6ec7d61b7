"""The usual chat server on gevent: `sendall` to everybody, one after the other, under a lock.

    python gevent_sendall.py PORT

A line of one client appears at all the others as `ADDRESS:PORT: line`.
"""

# ruff: noqa: E402 - nothing may be imported before the standard library is patched
from gevent import monkey

monkey.patch_all()

import socket
import sys
from typing import Any

from gevent.lock import Semaphore
from gevent.server import StreamServer

BACKLOG = 4096

clients: dict[str, Any] = {}
lock = Semaphore()


def broadcast(sender: str, line: bytes) -> None:
    """Send to everybody but `sender`; whoever does not read stops everybody."""
    message = f"{sender}: ".encode() + line
    with lock:
        for name, client in clients.items():
            if name != sender:
                client.sendall(message)


def serve(connection: Any, address: tuple[str, int]) -> None:
    """One client, from its first line to its last."""
    name = "{}:{}".format(*address)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with lock:
        clients[name] = connection
    try:
        for line in connection.makefile("rb"):
            if line != b"\n":
                broadcast(name, line)
    finally:
        with lock:
            del clients[name]


if __name__ == "__main__":
    StreamServer(("127.0.0.1", int(sys.argv[1])), serve, backlog=BACKLOG).serve_forever()
