"""The listening socket, and what its clients' sockets inherit from it."""

import resource
import socket
from typing import Any

from gevent import monkey

# The standard library's socket class as it was before it was patched. What it does is one system
# call, which never waits here: who has to waits for a watcher, the broadcaster never does.
StandardSocket = monkey.get_original("socket", "socket")

BACKLOG = 4096
"""Connections that may wait to be accepted: Linux's own limit (net.core.somaxconn). With
fewer, clients that come by the thousand would be turned away and try again a second later."""

BUFFER = 64 * 1024
"""Bytes of a socket's send buffer and of its receive buffer, which Linux doubles. Left to
itself the kernel gives megabytes to each client that does not read, and when its memory
for TCP is used up, everybody's throughput falls to a tenth (measured with 1,000)."""

UNLIMITED = 65536
"""Descriptors to ask for where there is no limit."""

KEEPALIVE_PROBES = 5
"""Questions that a silent client may leave unanswered before it counts as vanished: they take
the last 5/11 of the time that is given, so that a network may be down for a moment."""

# gevent's starts a thread; nothing is running yet that could be made to wait.
getaddrinfo = monkey.get_original("socket", "getaddrinfo")


def listen(host: str, port: int, keepalive: int) -> socket.socket:
    """Listen on `host`, an address or a name, and `port`. Raises OSError if that can't be had.

    `::` takes IPv4 as well. An idle client whose machine has vanished is found
    after `keepalive` seconds, at least 11 (see vanished.py for one that is not idle).
    """
    family, _, _, _, address = getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    interval = keepalive // (2 * KEEPALIVE_PROBES + 1)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        for level, option, value in (
            (socket.SOL_SOCKET, "SO_REUSEADDR", 1),
            (socket.SOL_SOCKET, "SO_SNDBUF", BUFFER),
            (socket.SOL_SOCKET, "SO_RCVBUF", BUFFER),
            (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
            (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
            (socket.IPPROTO_TCP, "TCP_KEEPIDLE", keepalive - KEEPALIVE_PROBES * interval),
            (socket.IPPROTO_TCP, "TCP_KEEPINTVL", interval),
            (socket.IPPROTO_TCP, "TCP_KEEPCNT", KEEPALIVE_PROBES),
        ):
            if hasattr(socket, option):  # some systems lack some of them
                listener.setsockopt(level, getattr(socket, option), value)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def accept(listener: Any) -> tuple[Any, Any] | None:
    """The next connection, which does not block, and its address; None if nobody is there.

    Raises OSError. A gevent socket would have two watchers, of which a client needs none.
    """
    try:
        descriptor, address = listener._accept()  # noqa: SLF001 - all others make a gevent socket
    except BlockingIOError:
        return None
    connection = StandardSocket(listener.family, listener.type, listener.proto, descriptor)
    connection.setblocking(False)
    return connection, address


def show_address(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    """An address as people write it: `127.0.0.1:7878`, `[::1]:7878`."""
    host, port = address[0].removeprefix("::ffff:"), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def join_command(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    """What somebody types to join at `address`, where a socket of ours is: `nc 127.0.0.1 7878`."""
    host, port = address[0].removeprefix("::ffff:"), address[1]
    return f"nc {host} {port}"


def raise_descriptor_limit() -> int:
    """Let this process open as many descriptors as it may; returns that number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, UNLIMITED) if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
