"""Whom a proxy's connection stands for: found out before anything is decided by the address.

A proxy says it in a PROXY header, or, if it speaks HTTP, in a request's X-Forwarded-For. Until then
the connection is nobody's: it takes no slot, and no limit on addresses counts it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import monotonic

from gchat.doors.admission import Objection
from gchat.doors.listener import show_address
from gchat.doors.newcomer import Newcomer
from gchat.doors.opening import REQUEST_TIME, greet, receive
from gchat.doors.reception import Reception, TurnedAway
from gchat.protocol.first_bytes import MOST_HEAD, Protocol
from gchat.protocol.forwarded import HEAD_END, NotForwarded, forwarded_for, is_health_check
from gchat.protocol.proxy_header import Malformed, NoHeader, read_header
from gchat.runtime.loop import Interruptible
from gchat.text.addresses import address_of, network_of

HEADER_TIME = 3.0
"""Seconds for a whole PROXY header, which comes in the first packet: TCP has sent a lost one again
by then, twice."""

MOST_UNKNOWN = 256
"""Connections at a time of which it is not known yet whom they stand for: a thousand that come in a
second over a line on which a header takes a quarter of one. Of more, the oldest is refused."""

REQUIRED = (
    "Connections from the proxy {host} need a PROXY header, or in HTTP X-Forwarded-For: {why} "
    "(gchat was started with --proxy-from for this address)"
)

TOO_MANY = Objection("Too many connections of proxies without a PROXY header", "proxy")


class Introductions:
    """Finds out whom the connections of proxies stand for."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._proxies = reception.hub.settings.proxies
        self._unknown = deque[Callable[[BaseException], None]]()
        """What ends the waits of those that find out at the moment; the oldest comes first."""

    def are_due(self, newcomer: Newcomer) -> bool:
        """Whether it comes from a proxy, which has to say whom it stands for."""
        if not self._proxies:
            return False
        address = address_of(newcomer.host)
        return any(address in network for network in self._proxies)

    def introduce(self, newcomer: Newcomer) -> tuple[Newcomer, Objection | None]:
        """Find out whom `newcomer`, a proxy's connection, stands for.

        Returns it under that address, with what was read behind the header; and why it is refused
        if the proxy has not said so. Raises OSError if the connection breaks.
        """
        data = bytearray()
        try:
            with self._reception.among_strangers(), self._among_unknown():
                return self._identify(newcomer, data), None
        except (Malformed, NotForwarded) as why:
            objection = Objection(REQUIRED.format(host=newcomer.host, why=why), "proxy")
        except TurnedAway as turned_away:
            objection = turned_away.objection
        return replace(newcomer, begun=bytes(data)), objection

    def _identify(self, newcomer: Newcomer, data: bytearray) -> Newcomer:
        """Read the PROXY header; `data` gets all that is read. Raises as `introduce`, Malformed,
        NotForwarded, and TurnedAway if others come meanwhile.
        """
        deadline = monotonic() + HEADER_TIME
        try:
            while not (header := read_header(bytes(data))):
                more = receive(newcomer.connection, deadline)
                if more is None:
                    raise Malformed(f"no whole header came within {HEADER_TIME:.0f} seconds")
                if not more and not data:  # a check whether the port is open
                    raise ConnectionAbortedError
                if not more:
                    raise Malformed("the connection ended without one")
                data += more
        except NoHeader:
            return self._identify_request(newcomer, data)
        return _named(newcomer, header.source, bytes(data[header.size :]))

    def _identify_request(self, newcomer: Newcomer, data: bytearray) -> Newcomer:
        """Read the headers of what may be a request. As `_identify`."""
        connection, deadline = newcomer.connection, monotonic() + REQUEST_TIME
        greeting = greet(connection, bytes(data))
        data[:] = greeting.data
        if greeting.protocol != Protocol.HTTP:
            raise Malformed("there is none")
        while HEAD_END not in data and len(data) < MOST_HEAD:
            more = receive(connection, deadline)
            if not more:
                raise NotForwarded("the request's headers did not come whole")
            data += more
        head = bytes(data.partition(HEAD_END)[0]) + HEAD_END
        if is_health_check(head):
            return replace(newcomer, begun=bytes(data))
        port = newcomer.port
        return _named(newcomer, (forwarded_for(head, self._proxies), port), bytes(data))

    @contextmanager
    def _among_unknown(self) -> Iterator[None]:
        """Count this greenlet within as one that does not know yet. It may be ended: TurnedAway."""
        if len(self._unknown) >= MOST_UNKNOWN:
            self._unknown.popleft()(TurnedAway(TOO_MANY))
        with Interruptible() as interrupt:
            self._unknown.append(interrupt)
            try:
                yield
            finally:
                with suppress(ValueError):  # it is ended
                    self._unknown.remove(interrupt)


def _named(newcomer: Newcomer, source: tuple[str, int] | None, begun: bytes) -> Newcomer:
    """The newcomer under the address `source`, or under its own if there is none."""
    if source is None:
        return replace(newcomer, begun=begun, is_introduced=True)
    return replace(
        newcomer,
        address=show_address(source),
        network=network_of(source[0]),
        begun=begun,
        is_introduced=True,
    )
