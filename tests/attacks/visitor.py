"""How people come in, for the processes that hold some: standard library only."""

import socket
import sys
from collections.abc import Sequence

DEADLINE = 20.0
"""Seconds that any step of it may take."""

PORTION = 256 * 1024
"""Bytes of one system call: all that the kernel may have, when others talk a lot."""


def connect(address: tuple[str, int], source: str = "") -> socket.socket:
    """A connection that comes from the address `source`, if that is given."""
    connection = socket.create_connection(address, DEADLINE, (source, 0) if source else None)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def log_in(connections: Sequence[socket.socket], password: str) -> None:
    """Answer with `password`, if there is one: all of them, before any waits to be welcomed.

    The server waits a minute for the answer: less than many take that are welcomed in turn.
    """
    for connection in connections if password else ():
        receive(connection)  # the question
        connection.sendall(f"{password}\n".encode())


def be_welcomed(connection: socket.socket, room: str) -> None:
    """Be welcomed, and go to `room`."""
    expect(connection, "/help lists the commands")
    if room != "lobby":
        ask(connection, f"/join {room}", f"You are in #{room}")


def ask(connection: socket.socket, command: str, answer: str) -> None:
    """Say `command`, and wait for `answer`."""
    connection.sendall(f"{command}\n".encode())
    expect(connection, answer)


def expect(connection: socket.socket, text: str) -> None:
    """Wait until `text` is shown; all that has come with it is gone then."""
    shown = b""
    while text.encode() not in shown:
        shown = shown[-len(text) :] + receive(connection)


def receive(connection: socket.socket) -> bytes:
    """What there is to read. Ends this process if the server has ended the connection."""
    data = connection.recv(PORTION)
    if not data:
        sys.exit(f"{connection.getsockname()} was thrown out")
    return data
