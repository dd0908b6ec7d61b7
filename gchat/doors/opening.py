"""The quiet moment: what a connection sends at first, and whether anything comes at all.

Somebody who says nothing at first is a person; a program that has something to say has said it by
then. Clients of other protocols speak at once as well. They are found out here, before they are
asked for a password and before anything that they send is said.
"""

from collections.abc import Sequence
from math import ceil
from time import monotonic
from typing import NamedTuple

from gchat.hub.connection import Connection
from gchat.protocol.first_bytes import (
    LONGEST_LINE,
    Protocol,
    Recognise,
    is_login_begun,
    is_request_begun,
    recognise,
    recognise_late_request,
)
from gchat.protocol.framing import Event, LineFramer, lines_in

QUIET_MOMENT = 0.2
"""Seconds of silence after which somebody sits there: a program that has something to
say has said it by then, and a person has not typed a line yet."""

REQUEST_TIME = 10.0
"""Seconds for the rest of a request line that has begun: some packets may be lost on the way. No
other line waits for it, since one without its end is not said anyway."""

LOGIN_TIME = 2.0
"""Seconds for the second line of what may be a login to IRC, with a password in it: a lost packet
is sent again by then, twice. What looks like a login and is none is said as much later."""

TICK = 0.01
"""Seconds that waits are rounded up to: newcomers of the same moment come in in their order, though
one of them may have been looked at a little later."""

RECEIVE = 4 * 1024
"""Bytes taken from one connection before the others get their turn."""

MOST_OF_TELNET = RECEIVE
"""Bytes that a telnet may say by itself in the quiet moment; real ones say less than a hundred."""


class OtherProtocol(Exception):
    """The other end speaks `protocol` and not plain lines; `data` is what it began with."""

    def __init__(self, protocol: Protocol, data: bytes) -> None:
        super().__init__(f"it speaks {protocol}")
        self.protocol = protocol
        self.data = data


class Opening(NamedTuple):
    """What has come in the quiet moment."""

    events: Sequence[Event]
    silent: bool
    """Nothing has come, but for what a telnet says by itself: somebody sits there."""
    size: int
    """Bytes that have come."""


def open_connection(connection: Connection, framer: LineFramer) -> Opening:
    """Find out who has connected, as the quiet moment shows; `framer` goes on from there.

    Raises OtherProtocol, and OSError if the connection breaks.
    """
    deadline = monotonic() + QUIET_MOMENT
    data = _read_first(connection, recognise, deadline) or b""
    events = framer.feed(data)
    if framer.spoken:
        return Opening(events, False, len(data))
    return _listen(connection, framer, deadline, events, len(data))


def open_again(connection: Connection, framer: LineFramer, events: Sequence[Event]) -> Opening:
    """Find out whether a newcomer that has given the password says more at once.

    `events` are what has come behind the password already.
    """
    framer.spoken = bool(lines_in(events)) or framer.has_begun
    if framer.spoken:
        return Opening(events, False, 0)
    return _listen(connection, framer, monotonic() + QUIET_MOMENT, events, 0)


def read_late(connection: Connection) -> bytes:
    """The first bytes of one who has been silent, and has sent something now.

    Empty if the input has ended. Raises OtherProtocol if it is a browser that has connected ahead
    of time, BlockingIOError if nothing has come after all, and OSError if the connection breaks.
    """
    data = _read_first(connection, recognise_late_request, monotonic() + QUIET_MOMENT)
    if data is None:
        raise BlockingIOError
    return data


def _read_first(connection: Connection, recognise: Recognise, deadline: float) -> bytes | None:
    """The first bytes, as soon as `recognise` takes them for chat, or after `deadline`.

    What has begun as another protocol by then is waited for longer. Empty if the input has ended,
    and None if nothing comes.
    """
    data, patience = b"", 0.0
    while True:
        more = _receive(connection, deadline + patience)
        if not more:
            return data or more
        data += more
        is_half_a_request = patience == REQUEST_TIME and b"\n" not in more
        if is_half_a_request and len(data) < LONGEST_LINE:  # nothing to look at again
            continue
        protocol = recognise(data)
        if protocol == Protocol.CHAT or (protocol is None and len(data) >= LONGEST_LINE):
            return data
        if protocol:
            raise OtherProtocol(protocol, data)
        patience = _patience(data)


def _patience(data: bytes) -> float:
    """Seconds beyond the quiet moment for the rest of what has begun as `data`."""
    if is_request_begun(data):
        return REQUEST_TIME
    return LOGIN_TIME if is_login_begun(data) else 0.0


def _listen(
    connection: Connection,
    framer: LineFramer,
    deadline: float,
    before: Sequence[Event],
    size: int,
) -> Opening:
    """Wait until `deadline` for a first word; `before`, `size` bytes, has come already."""
    events = [*before]
    while not framer.spoken and size < MOST_OF_TELNET:
        data = _receive(connection, deadline)
        if data is None:
            return Opening(events, True, size)
        if not data:  # the input has ended, as whoever reads next will find
            break
        size += len(data)
        events += framer.feed(data)
    return Opening(events, False, size)


def _receive(connection: Connection, deadline: float) -> bytes | None:
    """What comes next, empty if the input has ended; None if nothing comes until `deadline`."""
    while True:
        try:
            data = connection.recv(RECEIVE)
        except BlockingIOError:
            try:
                left = ceil((deadline - monotonic()) / TICK) * TICK
                connection.wait_until_readable(max(0.0, left))
            except TimeoutError:
                return None
        else:
            return data
