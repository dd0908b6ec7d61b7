"""The listening sockets, the options that client sockets inherit from them, and accept."""

import errno
import logging
import resource
import socket
from contextlib import ExitStack
from typing import Any

from gevent import monkey

# The standard library's socket class before gevent patched it. Its methods make one system call,
# which never waits here: sessions wait for a watcher first, the broadcaster never waits.
StandardSocket = monkey.get_original("socket", "socket")

BACKLOG = 4096
"""Connections that may wait to be accepted: Linux's own limit (net.core.somaxconn). With a smaller
one, clients that connect by the thousand would be rejected and try again a second later."""

BUFFER = 64 * 1024
"""Bytes of a socket's send buffer and of its receive buffer, which Linux doubles. By default, the
kernel gives megabytes to each client that does not read; once its memory for TCP is used up, the
throughput of all clients falls to a tenth (measured with 1,000)."""

UNLIMITED = 65536
"""Descriptors to ask for where the hard limit is infinite."""

KEEPALIVE_PROBES = 5
"""Probes that a silent client may leave unanswered before it counts as vanished. They take the last
5/11 of `keepalive`, so that a short failure of the network does no harm."""

PORT_ATTEMPTS = 10
"""Free ports to try until one is free on all addresses."""

NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)
"""Errors of listening on an address that this machine does not have."""

LOOPBACK = ("127.0.0.1", "::1")
"""The addresses of localhost (RFC 6761): /etc/hosts often lists only one of them."""

REMEDIES = {
    errno.EADDRINUSE: "end the program that uses it, or choose another port with --port",
    errno.EACCES: "choose a port above 1023 with --port",
    errno.EADDRNOTAVAIL: "--host takes an address of this machine, and 0.0.0.0 is all of them",
    errno.EAFNOSUPPORT: "--host 0.0.0.0 is all addresses of this machine without IPv6",
}
"""What to do about an error of the system, for the message at the start."""

Address = tuple[str, int] | tuple[str, int, int, int]
"""An address as sockets take and return it."""

log = logging.getLogger(__name__)

# The original: gevent's starts a thread, and nothing runs yet that would have to wait.
getaddrinfo = monkey.get_original("socket", "getaddrinfo")


class CannotListen(Exception):
    """Raised if the server cannot listen: says where, why, and what to do."""


def listen(host: str, port: int, keepalive: int) -> list[socket.socket]:
    """Listen on `port` of every address that `host`, an address or a name, stands for.

    An address that this machine does not have is left out if there is another one. Port 0 means a
    free one, the same on all addresses. `::` accepts IPv4 as well. TCP finds an idle client whose
    machine has vanished after `keepalive` seconds, at least 11; jobs/vanished.py finds the clients
    that are not idle. Raises CannotListen.
    """
    where = f"{host} port {port}"
    try:
        addresses = _resolve(host, port)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "not a valid name"
        what = "--host takes an address or a name of this machine"
        raise CannotListen(f"cannot listen on {where}: {why}; {what}") from error
    for attempts_left in reversed(range(1 if port else PORT_ATTEMPTS)):
        try:
            return _listen_at_all(addresses, keepalive)
        except OSError as error:
            if attempts_left and error.errno == errno.EADDRINUSE:
                continue
            why, number = error.strerror or str(error), error.errno or 0
            what = f"; {REMEDIES[number]}" if number in REMEDIES else ""
            raise CannotListen(f"cannot listen on {where}: {why}{what}") from error
    raise AssertionError("the last attempt returns or raises")


def _resolve(host: str, port: int) -> list[tuple[int, Address]]:
    """Return the families and addresses of `host`. Raises OSError and UnicodeError."""
    names = LOOPBACK if host.lower().rstrip(".") == "localhost" else (host,)
    found: dict[tuple[int, Address], None] = {}
    for name in names:
        for family, _, _, _, address in getaddrinfo(name, port, type=socket.SOCK_STREAM):
            found[family, address] = None
    return list(found)


def _listen_at_all(addresses: list[tuple[int, Address]], keepalive: int) -> list[socket.socket]:
    """Listen on all of `addresses` that this machine has.

    If their port is 0, all of them get the same free port. Raises OSError; then none listens.
    """
    listeners: list[socket.socket] = []
    missing: list[tuple[Address, OSError]] = []
    with ExitStack() as undo:
        for family, address in addresses:
            if listeners:
                address = _with_port(address, listeners[0].getsockname()[1])
            try:
                listeners.append(undo.enter_context(_listen_at(family, address, keepalive)))
            except OSError as error:
                if error.errno not in NOT_HERE:
                    raise
                missing.append((address, error))
        if not listeners:
            raise missing[0][1]
        undo.pop_all()
    for address, why in missing:
        log.info("not listening on %s: %s", address[0], why.strerror)
    return listeners


def _with_port(address: Address, port: int) -> Address:
    return (address[0], port) if len(address) == 2 else (address[0], port, *address[2:])


def _listen_at(family: int, address: Address, keepalive: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        set_options(listener, keepalive)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def set_options(listener: socket.socket, keepalive: int) -> None:
    """Give a listening socket the options that those of clients inherit. Raises OSError."""
    interval = keepalive // (2 * KEEPALIVE_PROBES + 1)
    for level, option, value in (
        (socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER),
        (socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER),
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, keepalive - KEEPALIVE_PROBES * interval),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES),
    ):
        listener.setsockopt(level, option, value)


def accept(listener: Any) -> tuple[Any, Any] | None:
    """Accept a connection; return its non-blocking socket and its address, or None if none waits.

    Raises OSError. The socket is a standard one: a gevent socket would have two watchers, which a
    client does not need.
    """
    try:
        descriptor, address = listener._accept()  # noqa: SLF001 - all other ways make a gevent socket
    except BlockingIOError:
        return None
    connection = StandardSocket(listener.family, listener.type, listener.proto, descriptor)
    connection.setblocking(False)
    return connection, address


def show_address(address: Address) -> str:
    """Write an address as people do: `127.0.0.1:7878`, `[::1]:7878`."""
    host, port = address[0].removeprefix("::ffff:"), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def raise_descriptor_limit() -> int:
    """Raise the limit on open files as far as the system allows; return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, UNLIMITED) if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
