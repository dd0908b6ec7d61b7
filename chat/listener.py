"""The listening socket, and what its clients' sockets inherit from it."""

import resource
import socket

BACKLOG = 4096
"""Connections that may wait to be accepted: Linux's own limit (net.core.somaxconn). With
fewer, clients that come by the thousand would be turned away and try again a second later."""

BUFFER = 64 * 1024
"""Bytes of a socket's send buffer and of its receive buffer, which Linux doubles. Left to
itself the kernel gives megabytes to each client that does not read, and when its memory
for TCP is used up, everybody's throughput falls to a tenth (measured with 1,000)."""

KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT = 60, 10, 5
"""After so many seconds of silence the peer is probed, so often, so many times, and then
counts as gone: after 110 seconds."""


def listen(host: str, port: int) -> socket.socket:
    """Listen on `host`, an address or a name, and `port`. Raises OSError if that can't be had.

    `::` takes IPv4 as well. TCP_USER_TIMEOUT is left alone on purpose: it ends
    connections whose peer is well and only does not read for that long (seen on Linux 6).
    """
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        for level, option, value in (
            (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
            (socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER),
            (socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER),
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE),
            (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL),
            (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_COUNT),
        ):
            listener.setsockopt(level, option, value)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def show_address(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    """An address as people write it: `127.0.0.1:7878`, `[::1]:7878`."""
    host, port = address[0].removeprefix("::ffff:"), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def raise_descriptor_limit() -> int:
    """Let this process open as many descriptors as it may; returns that number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
