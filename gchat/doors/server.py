"""The listening server: accepts connections, and gives each a greenlet of its own."""

import errno
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import gevent
from gevent.server import StreamServer

from gchat.doors.admission import OUT_OF_DESCRIPTORS, Admission
from gchat.doors.listener import accept, join_command, show_address
from gchat.doors.login import Login, TurnedAway
from gchat.doors.opening import Opening, OtherProtocol, open_connection
from gchat.doors.session import Session
from gchat.hub.client import Client
from gchat.hub.connection import Connection
from gchat.hub.hub import Hub
from gchat.protocol.framing import LineFramer
from gchat.protocol.other_protocols import answer
from gchat.runtime.loop import give_way
from gchat.text.addresses import Network, host_of, network_of

GRACE = 3.0
"""Seconds that clients get, when the server ends, to take what they are owed."""

LET_IN = 4
"""Newcomers let in in a turn of the loop, half a millisecond's work: those who talk feel more."""

MOST_WAITING = 4096
"""Newcomers that wait to be let in, at the most: as many again as wait in the kernel."""


class ChatServer(StreamServer):
    """Accepts clients; each of them lives in a greenlet of its own, in `handle`.

    They are accepted faster than they are let in, and wait meanwhile: whoever finds the kernel's
    queue full (see listener.BACKLOG) tries again a second later.

    It may listen at several addresses: everything but the listening sockets is one.
    """

    max_accept = 20
    """Connections in a turn of the loop, which is half a millisecond's work as well."""

    def __init__(self, listeners: Sequence[Any], hub: Hub, admission: Admission) -> None:
        super().__init__(listeners[0])
        self.others = [FurtherListener(listener, self) for listener in listeners[1:]]
        self.hub = hub
        self.admission = admission
        self.numbers = count(hub.directory.first_number)
        self.waiting = deque[tuple[Any, Any]]()
        """Connections that have no greenlet yet, with their addresses."""
        self.letting_in = False
        self.starting = deque[tuple[Any, Any]]()
        """Those whose greenlets have not begun yet, in the order of these."""
        self.strangers = set[Any]()
        """The greenlets of connections that are not clients yet: it is open who they are, or they
        have been asked for the password."""

    def start(self) -> None:
        """Start to accept connections, at all addresses."""
        super().start()
        for other in self.others:
            other.start()

    def stop(self, timeout: float | None = None) -> None:
        """Accept no more connections, and close the listening sockets."""
        super().stop(timeout)
        for other in self.others:
            other.stop(timeout)

    def do_handle(self, connection: Any, address: Any) -> None:
        """A new connection: it waits until it is its turn to be let in."""
        self.waiting.append((connection, address))
        if not self.letting_in:
            gevent.spawn_raw(self.let_in)
            self.letting_in = True

    def let_in(self) -> None:
        """Give those who wait their greenlets: bare ones, of two thirds the usual size."""
        try:
            while self.waiting:
                for _ in range(min(LET_IN, len(self.waiting))):
                    gevent.spawn_raw(self.handle)
                    self.starting.append(self.waiting.popleft())
                give_way()
        finally:
            self.letting_in = False

    def handle(self, *_: Any) -> None:
        """The connection whose turn it is, from its first byte to its last.

        It is not an argument: a greenlet holds on to those as long as it runs.
        """
        accepted, address = self.starting.popleft()
        connection = Connection(accepted)
        shown = show_address(address)
        host = host_of(shown)
        if objection := self.admission.objection(host):
            self.admission.turn_away(connection, shown, objection)
            return
        network = network_of(host)
        self.admission.enter(network)
        try:
            if session := self.admit(connection, shown, network):
                # What is kept here is kept for each client, as long as it is there.
                del accepted, connection, address, shown, host
                session.run()
        finally:
            self.admission.leave(network)

    def admit(self, connection: Connection, address: str, network: Network) -> Session | None:
        """Let in a newcomer, who is a client then; or tell it why not, and return None."""
        framer = LineFramer(self.hub.settings.max_line)
        reply = b""
        try:
            opening = self.ask(connection, address, network, framer)
            client = Client(next(self.numbers), connection, address, self.hub.lobby.log)
            return Session(self.hub, client, framer, opening)
        except TurnedAway as turned_away:
            why = str(turned_away)
        except OtherProtocol as other:
            why = str(other)
            reply = answer(other.protocol, other.data, join_command(connection.local_address))
        except OSError:
            connection.close()
            return None
        self.admission.turn_away(connection, address, why, reply)
        return None

    def ask(
        self, connection: Connection, address: str, network: Network, framer: LineFramer
    ) -> Opening:
        """Find out who a newcomer is, and ask for the password if there is one.

        Returns what it opens with. Raises TurnedAway, OtherProtocol and OSError.
        """
        hub, stranger = self.hub, gevent.getcurrent()
        self.strangers.add(stranger)
        try:
            opening = open_connection(connection, framer)
            if password := hub.settings.password:
                opening = Login(connection, network, password, hub.password_attempts).run(
                    framer, opening
                )
        finally:
            self.strangers.discard(stranger)
        if objection := self.admission.bar(host_of(address)):  # it may have taken a minute
            raise TurnedAway(objection)
        return opening

    def turn_away_strangers(self) -> None:
        """Tell those who are not clients yet that the server ends."""
        for stranger in self.strangers:
            gevent.kill(stranger, TurnedAway(self.hub.shutdown.goodbye))
        give_way()

    def let_all_in(self) -> None:
        """Wait until nobody waits any more, GRACE seconds at the most."""
        with suppress(gevent.Timeout), gevent.Timeout(GRACE):
            while self.waiting or self.starting:
                give_way()

    def do_read(self) -> Any:
        """Accept a connection at the first address."""
        return self.accept_at(self.socket)

    def accept_at(self, listener: Any) -> Any:
        """Accept a connection, unless as many wait already as the server has places for.

        gevent's own way, when descriptors are out, is to wait in silence.
        """
        places = self.hub.settings.limits.max_clients - self.hub.slots.total - len(self.starting)
        # Where there is none, they come one at a time, to be told so.
        if len(self.waiting) >= max(1, min(places, MOST_WAITING)):
            return None
        try:
            return accept(listener)
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                self.admission.turn_away_without_descriptor(partial(accept, listener))
            elif error.errno != errno.ECONNABORTED:  # it has changed its mind
                raise
            return None


class FurtherListener(StreamServer):
    """One more address that a ChatServer listens at; what is accepted there is the server's."""

    max_accept = ChatServer.max_accept

    def __init__(self, listener: Any, server: ChatServer) -> None:
        self.server = server
        super().__init__(listener, server.handle)

    def do_read(self) -> Any:
        """Accept a connection here."""
        return self.server.accept_at(self.socket)

    def do_handle(self, connection: Any, address: Any) -> None:
        """A new connection: it waits with all others."""
        self.server.do_handle(connection, address)
