"""A proxy before a chat server that does something wrong, once, to one of its clients.

python tests/loadtest/faulty_proxy.py PORT FAULT[+FAULT…] BEFORE LATE listens on a free port of
127.0.0.1, prints it, and passes everything to and from PORT, but for the one fault, which comes
behind BEFORE messages; several come one behind the other, each to another client. What a client
sends first is LATE seconds late. It ends with its input.
"""

import re
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from threading import Lock, Thread

BEFORE = 50
"""Messages of the load test that pass unharmed, unless another number is given: nobody talks before
everybody has joined."""

STALL = 6.0
"""Seconds: longer than the users talk, so that they have to wait for the rest."""

MESSAGE = re.compile(rb': "?load (\S+) ')
"""A message of the load test, as a line or in JSON; the group is its sender."""

Lines = Iterator[bytes]
Fault = Callable[[bytes, Lines], Lines]


def drop(line: bytes, rest: Lines) -> Lines:
    """`line` does not arrive."""
    yield from rest


def repeat(line: bytes, rest: Lines) -> Lines:
    """`line` arrives twice."""
    yield line
    yield line
    yield from rest


def swap(line: bytes, rest: Lines) -> Lines:
    """`line` arrives behind the next one of the same sender."""
    sender = sender_of(line)
    for other in rest:
        yield other
        if sender_of(other) == sender:
            break
    yield line
    yield from rest


def reorder(line: bytes, rest: Lines) -> Lines:
    """`line` arrives behind the next one of another sender: each of them is in order."""
    held = [line]
    for other in rest:
        if sender_of(other) not in (None, sender_of(line)):
            yield other
            break
        held.append(other)
    yield from held
    yield from rest


def leak(line: bytes, rest: Lines) -> Lines:
    """After `line` comes one that was said in another room."""
    yield line
    yield b"127.0.0.1:1: load 1.1/1@elsewhere 1 1 .\n"
    yield from rest


def garble(line: bytes, rest: Lines) -> Lines:
    """After `line` comes one that clears the screen."""
    yield line
    yield b"127.0.0.1:1: \x1b[2J\n"
    yield from rest


def close(line: bytes, rest: Lines) -> Lines:
    """`line` is the last that arrives."""
    yield line
    raise ConnectionAbortedError


def cut(line: bytes, rest: Lines) -> Lines:
    """The last byte of `line` does not arrive."""
    yield line[:-2] + b"\n"
    yield from rest


def announce(line: bytes, rest: Lines) -> Lines:
    """The server says that three messages before `line` will not arrive."""
    yield b" * You missed 3 messages: more was said than is kept for a slow reader\n"
    yield line
    yield from rest


def stall(line: bytes, rest: Lines) -> Lines:
    """Nothing arrives for a while, and then everything: that is slow, but no fault."""
    time.sleep(STALL)
    yield line
    yield from rest


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (drop, repeat, swap, reorder, leak, garble, close, cut, announce, stall)
}


def sender_of(line: bytes) -> bytes | None:
    """Who sent `line`; None if it is no message of the load test."""
    found = MESSAGE.search(line)
    return found[1] if found else None


class Once:
    """Lets `before` messages pass, on all connections together, then commits each fault once.

    A connection on which one was committed has no other one, and its messages do not count.
    """

    def __init__(self, faults: Iterable[Fault], before: int) -> None:
        self._faults = deque(faults)
        self._left = before
        self._lock = Lock()

    def __call__(self, lines: Lines) -> Lines:
        """What a client is sent of `lines`."""
        for line in lines:
            if sender_of(line) and (fault := self._next_due()):
                yield from fault(line, lines)
                return
            yield line

    def _next_due(self) -> Fault | None:
        with self._lock:
            self._left -= 1
            return self._faults.popleft() if self._left < 0 and self._faults else None


def join(client: socket.socket, port: int, fault: Once, late: float) -> None:
    """Pass everything between `client` and the server, to the end of both directions."""
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        backwards = Thread(target=give, args=(fault(iter(server.makefile("rb"))), client))
        backwards.start()
        give(delayed(iter(lambda: client.recv(65536), b""), late), server)
        backwards.join()


def delayed(parts: Lines, seconds: float) -> Lines:
    """All `parts`, of which the first one comes so many seconds late."""
    for part in parts:
        time.sleep(seconds)
        yield part
        yield from parts


def give(parts: Lines, to: socket.socket) -> None:
    """Send all `parts`, and then the end of input. Whoever goes meanwhile has seen enough."""
    try:
        for part in parts:
            to.sendall(part)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        with suppress(OSError):
            to.shutdown(socket.SHUT_RDWR)


def main() -> None:
    """Serve until the standard input ends."""
    port, names, before, late = sys.argv[1:]
    faults = [FAULTS[name] for name in names.split("+")]
    fault = Once(faults, int(before))
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)

    def serve() -> None:
        while True:
            client, _ = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Thread(target=join, args=(client, int(port), fault, float(late)), daemon=True).start()

    Thread(target=serve, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
