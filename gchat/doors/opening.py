"""The quiet moment: what a connection sends at first, and whether it sends anything at all.

A client that is silent at first is a person; a program that has something to say has sent it by
then. Clients of other protocols speak at once as well: they are recognised here, before they are
asked for a password and before anything that they send reaches a room.
"""

from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from gchat.hub.connection import Connection
from gchat.protocol.first_bytes import (
    LONGEST_LINE,
    Protocol,
    Recognise,
    is_hello_begun,
    is_login_begun,
    is_request_begun,
    recognise,
    recognise_late_request,
)
from gchat.protocol.framing import Event, LineFramer, lines_in

QUIET_MOMENT = 0.2
"""Seconds of silence after which a client counts as a person: a program that has something to say
has sent it by then, and a person has not typed a line yet."""

REFUSAL_MOMENT = 0.02
"""Seconds that are waited for the first bytes of a newcomer that is refused in any case, to tell it
so in its language: a client that speaks first sends these with the end of TCP's handshake."""

REQUEST_TIME = 10.0
"""Seconds for the rest of a request line, or of a ClientHello, that has begun: some packets may be
lost on the way. This delays no message, since an unfinished line is not sent to a room anyway."""

LOGIN_TIME = 2.0
"""Seconds for the second line of what may be a login to IRC, with a password in it: TCP has sent a
lost packet again by then, twice. A message that just looks like a login is delayed by as much."""

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


class Greeting(NamedTuple):
    """How a connection begins."""

    protocol: Protocol
    data: bytes
    """The beginning of its input, as far as it was read to tell the protocol; may be empty."""
    deadline: float
    """When its quiet moment is over, by the monotonic clock."""


def greet(connection: Connection, begun: bytes = b"", *, is_patient: bool = True) -> Greeting:
    """Find out which protocol the peer speaks, within REFUSAL_MOMENT if one is not patient.

    `begun` is what has been read of its input already. Raises OSError if the connection breaks.
    """
    deadline = monotonic() + (QUIET_MOMENT if is_patient else REFUSAL_MOMENT)
    try:
        data = _read_first(connection, recognise, deadline, begun, is_patient=is_patient)
        return Greeting(Protocol.CHAT, data or b"", deadline)
    except OtherProtocol as other:
        return Greeting(other.protocol, other.data, deadline)


def open_lines(connection: Connection, framer: LineFramer, greeting: Greeting) -> Opening:
    """Read the rest of the quiet moment of a client that speaks plain lines; `framer` goes on.

    Raises OSError if the connection breaks.
    """
    _, data, deadline = greeting
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


def _read_first(
    connection: Connection,
    recognise: Recognise,
    deadline: float,
    begun: bytes = b"",
    *,
    is_patient: bool = True,
) -> bytes | None:
    """Read until `recognise` takes the input, behind `begun`, for chat, or until `deadline`.

    Waits longer, if it `is_patient`, for input that may be another protocol's. Returns no bytes if
    the input has ended, None if nothing comes. Raises OtherProtocol.
    """
    data, more, extra_time = b"", begun or receive(connection, deadline), 0.0
    while more:
        data += more
        is_half_a_request = extra_time == REQUEST_TIME and b"\n" not in more
        if not is_half_a_request or len(data) >= LONGEST_LINE:  # or there is nothing new to tell by
            protocol = recognise(data)
            if protocol == Protocol.CHAT or (protocol is None and len(data) >= LONGEST_LINE):
                return data
            if protocol:
                raise OtherProtocol(protocol, data)
            extra_time = _extra_time(data) if is_patient else 0.0
        more = receive(connection, deadline + extra_time)
    return data or more


def _extra_time(data: bytes) -> float:
    """Seconds beyond the quiet moment for the rest of an input that begins with `data`."""
    if is_request_begun(data) or is_hello_begun(data):
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
        data = receive(connection, deadline)
        if data is None:
            return Opening(events, True, size)
        if not data:  # the end of input, which the next reader finds, too
            break
        size += len(data)
        events += framer.feed(data)
    return Opening(events, False, size)


def receive(connection: Connection, deadline: float) -> bytes | None:
    """Read some bytes, none if the input has ended; None if nothing comes until `deadline`."""
    while True:
        try:
            data = connection.recv(RECEIVE)
        except BlockingIOError:
            try:
                connection.wait_until_readable(deadline)
            except TimeoutError:
                return None
        else:
            return data
