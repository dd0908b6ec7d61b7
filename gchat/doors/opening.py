"""The quiet moment: what a connection sends at first, and whether it sends anything at all.

A client that is silent at first is a person; a program that has something to say has sent it by
then. Clients of other protocols speak at once as well: they are recognised here, before they are
asked for a password and before anything that they send reaches a room.
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
"""Seconds of silence after which a client counts as a person: a program that has something to say
has sent it by then, and a person has not typed a line yet."""

REQUEST_TIME = 10.0
"""Seconds for the rest of a request line that has begun: some packets may be lost on the way. This
delays no message, since an unfinished line is not sent to a room anyway."""

LOGIN_TIME = 2.0
"""Seconds for the second line of what may be a login to IRC, with a password in it: TCP has sent a
lost packet again by then, twice. A message that just looks like a login is delayed by as much."""

TICK = 0.01
"""Seconds that waits are rounded up to: clients that connect at the same moment then join in their
order, even if the server got to one of them a little later."""

RECEIVE = 4 * 1024
"""Bytes read from one connection before the others get their turn."""

MAX_NEGOTIATION = RECEIVE
"""Bytes of negotiation that a telnet may send in the quiet moment; real ones send under 100."""


class OtherProtocol(Exception):
    """Raised if the peer speaks another `protocol`; `data` is the beginning of its input."""

    def __init__(self, protocol: Protocol, data: bytes) -> None:
        super().__init__(f"client speaks {protocol}")
        self.protocol = protocol
        self.data = data


class Opening(NamedTuple):
    """The input of the quiet moment."""

    events: Sequence[Event]
    silent: bool
    """Nothing but telnet negotiation has come: a person."""
    size: int
    """Bytes received."""


def open_connection(connection: Connection, framer: LineFramer) -> Opening:
    """Read the input of the quiet moment; `framer` goes on from there.

    Raises OtherProtocol, and OSError if the connection breaks.
    """
    deadline = monotonic() + QUIET_MOMENT
    data = _read_first(connection, recognise, deadline) or b""
    events = framer.feed(data)
    if framer.spoken:
        return Opening(events, False, len(data))
    return _listen(connection, framer, deadline, events, len(data))


def open_again(connection: Connection, framer: LineFramer, events: Sequence[Event]) -> Opening:
    """Read the input of a second quiet moment, behind the password.

    `events` have come behind the password already.
    """
    framer.spoken = bool(lines_in(events)) or framer.has_begun
    if framer.spoken:
        return Opening(events, False, 0)
    return _listen(connection, framer, monotonic() + QUIET_MOMENT, events, 0)


def read_late(connection: Connection) -> bytes:
    """Read the first bytes of a client that was silent in the quiet moment; none if it has ended.

    Raises OtherProtocol if it is a browser that has connected ahead of time, BlockingIOError if
    nothing has come after all, and OSError if the connection breaks.
    """
    data = _read_first(connection, recognise_late_request, monotonic() + QUIET_MOMENT)
    if data is None:
        raise BlockingIOError
    return data


def _read_first(connection: Connection, recognise: Recognise, deadline: float) -> bytes | None:
    """Read until `recognise` takes the input for chat, or until `deadline`.

    Waits longer for input that may be another protocol's. Returns no bytes if the input has ended,
    None if nothing comes. Raises OtherProtocol.
    """
    data, extra_time = b"", 0.0
    while True:
        more = _receive(connection, deadline + extra_time)
        if not more:
            return data or more
        data += more
        is_half_a_request = extra_time == REQUEST_TIME and b"\n" not in more
        if is_half_a_request and len(data) < LONGEST_LINE:  # nothing new to recognise
            continue
        protocol = recognise(data)
        if protocol == Protocol.CHAT or (protocol is None and len(data) >= LONGEST_LINE):
            return data
        if protocol:
            raise OtherProtocol(protocol, data)
        extra_time = _extra_time(data)


def _extra_time(data: bytes) -> float:
    """Seconds beyond the quiet moment for the rest of an input that begins with `data`."""
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
    """Wait until `deadline` for a first line; the events `before` (`size` bytes) have come."""
    events = [*before]
    while not framer.spoken and size < MAX_NEGOTIATION:
        data = _receive(connection, deadline)
        if data is None:
            return Opening(events, True, size)
        if not data:  # the end of input, which the next reader finds, too
            break
        size += len(data)
        events += framer.feed(data)
    return Opening(events, False, size)


def _receive(connection: Connection, deadline: float) -> bytes | None:
    """Read some bytes, none if the input has ended; None if nothing comes until `deadline`."""
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
