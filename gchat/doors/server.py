"""The listening server: accepts connections, and gives each a greenlet of its own."""

import errno
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import gevent
from gevent.server import StreamServer

from gchat.doors.activation import Early
from gchat.doors.admission import OUT_OF_DESCRIPTORS, Objection
from gchat.doors.introduction import Introductions
from gchat.doors.listener import accept, show_address
from gchat.doors.newcomer import Newcomer
from gchat.doors.opening import Greeting, OtherProtocol, greet
from gchat.doors.reception import Door, Reception, Tls, TurnedAway
from gchat.doors.table import hint
from gchat.doors.visit import Visit
from gchat.hub.connection import Connection
from gchat.protocol.first_bytes import Protocol
from gchat.protocol.other_protocols import answer
from gchat.runtime.loop import give_way
from gchat.text.addresses import host_of, network_of

GRACE = 3.0
"""Seconds that clients get, when the server ends, to take what they are owed."""

LET_IN = 6
"""Newcomers let in in a turn of the loop, half a millisecond's work: those who talk feel more."""

MOST_WAITING = 4096
"""Newcomers that wait to be let in, at the most: as many again as wait in the kernel."""


TOO_LATE = Objection("A request has to come at once: by now you count as a person", "other")

NO_LINES = "This server does not take plain lines. To join: "

ONLY_TLS = "This server takes TLS only. To join: "


class ChatServer(StreamServer):
    """Accepts clients; each of them lives in a greenlet of its own, in `handle`.

    They are accepted faster than they are let in, and wait meanwhile: whoever finds the kernel's
    queue full (see listener.BACKLOG) tries again a second later.

    It may listen at several addresses: everything but the listening sockets is one.
    """

    max_accept = 20
    """Connections in a turn of the loop, which is half a millisecond's work as well."""

    def __init__(
        self,
        listeners: Sequence[Any],
        reception: Reception,
        doors: Mapping[Protocol, Door],
        early: Early,
        tls: Tls | None = None,
    ) -> None:
        """`tls` opens TLS, behind which are the same `doors`; None if there is none."""
        super().__init__(listeners[0])
        self.others = [FurtherListener(listener, self) for listener in listeners[1:]]
        self.reception = reception
        self.doors = doors
        self.early = early
        self.introductions = Introductions(reception)
        self.tls = tls
        self.hub = reception.hub
        self.admission = reception.admission
        self.waiting = deque[tuple[Any, Any]]()
        """Connections that have no greenlet yet, with their addresses."""
        self.letting_in = False
        self.starting = deque[tuple[Any, Any]]()
        """Those whose greenlets have not begun yet, in the order of these."""

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
        newcomer = self.receive(newcomer_from(accepted, address))
        if newcomer is None:
            return
        network = newcomer.network
        self.admission.enter(network)
        try:
            if visit := self.admit(newcomer):
                # What is kept here is kept for each client, as long as it is there.
                del accepted, address, newcomer
                visit.run()
        finally:
            self.admission.leave(network)

    def receive(self, newcomer: Newcomer) -> Newcomer | None:
        """Find out whom a connection stands for if a proxy has made it, and whether it may come in.

        If not, it is told why, and None is returned.
        """
        objection = None
        if self.introductions.are_due(newcomer):
            try:
                newcomer, objection = self.introductions.introduce(newcomer)
            except OSError:
                newcomer.connection.close()
                return None
        objection = objection or self.admission.objection(newcomer.host)
        if objection is None:
            return newcomer
        say_no = partial(self.refusal_of, newcomer, objection)
        self.admission.turn_away(newcomer, objection, say_no)
        return None

    def admit(self, newcomer: Newcomer) -> Visit | None:
        """Let in a newcomer by its door; or tell it why not, and return None."""
        reply = b""
        try:
            return self.show_door(newcomer)
        except TurnedAway as turned_away:
            why, reply = turned_away.why, turned_away.reply
        except OtherProtocol as other:  # it comes late: a browser that was asked for a password
            why, reply = str(other), self.refusal_of_late(newcomer, other)
        except OSError:
            newcomer.connection.close()
            return None
        self.admission.turn_away(newcomer, why, reply)
        return None

    def show_door(self, newcomer: Newcomer) -> Visit | None:
        """Find out what a newcomer speaks, and let it in by the door for that.

        Raises TurnedAway if that is shut, and as Door.admit.
        """
        with self.reception.among_strangers():
            greeting = self.greet(newcomer)
        if door := self.doors.get(greeting.protocol):
            if self.hub.settings.tls_only and not newcomer.connection.is_secure:
                objection = Objection(f"{ONLY_TLS}{self.way_to_join(newcomer)}", "no TLS")
                raise TurnedAway(objection, door.refusal(greeting, objection))
            return door.admit(newcomer, greeting)
        if greeting.protocol == Protocol.CHAT:
            raise TurnedAway(f"{NO_LINES}{self.way_to_join(newcomer)}")
        protocol, data, _ = greeting
        raise TurnedAway(str(OtherProtocol(protocol, data)), self.refusal(protocol, data, newcomer))

    def greet(self, newcomer: Newcomer, *, is_patient: bool = True) -> Greeting:
        """Find out what a newcomer speaks; if that is TLS, then what it speaks inside.

        Raises TurnedAway and OSError.
        """
        greeting = greet(newcomer.connection, newcomer.begun, is_patient=is_patient)
        if greeting.protocol == Protocol.TLS and self.tls:
            newcomer.connection = self.tls.open(newcomer, greeting.data, is_patient=is_patient)
            greeting = greet(newcomer.connection, is_patient=is_patient)
        return greeting

    def refusal_of(self, newcomer: Newcomer, objection: Objection) -> bytes:
        """What a newcomer is told that may not come in, in its language; empty if that is a line.

        Waits for its first bytes, unless the server ends: then there is no time. Raises OSError.
        """
        if self.hub.shutdown.closing:
            return b""
        try:
            greeting = self.greet(newcomer, is_patient=False)
        except TurnedAway as turned_away:  # it has not got as far as to speak
            return turned_away.reply
        if door := self.doors.get(greeting.protocol):
            return door.refusal(greeting, objection)
        return self.refusal(greeting.protocol, greeting.data, newcomer)

    def refusal_of_late(self, newcomer: Newcomer, other: OtherProtocol) -> bytes:
        """What is told, in its language, to one that speaks it when it was taken for a person."""
        if door := self.doors.get(other.protocol):
            return door.refusal(Greeting(other.protocol, other.data, 0.0), TOO_LATE)
        return self.refusal(other.protocol, other.data, newcomer)

    def refusal(self, protocol: Protocol, data: bytes, newcomer: Newcomer) -> bytes:
        """Tell a newcomer in its `protocol` that the door for that is shut; `data` is its input."""
        return answer(protocol, data, self.way_to_join(newcomer), hint(protocol))

    def way_to_join(self, newcomer: Newcomer) -> str:
        """What a newcomer can type to join where it has connected to."""
        host, port = newcomer.connection.local_address[:2]
        return self.hub.settings.ways_to_join(host.removeprefix("::ffff:"), port)[0]

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
            accepted = accept(listener)
            if self.early and accepted:
                self.early.equip(listener, accepted[0])
            return accepted
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                self.admission.turn_away_without_descriptor(partial(accept, listener))
            elif error.errno != errno.ECONNABORTED:  # it has changed its mind
                raise
            return None


def newcomer_from(accepted: Any, address: Any) -> Newcomer:
    """The newcomer on a connection that was accepted from `address`."""
    shown = show_address(address)
    return Newcomer(Connection(accepted), shown, network_of(host_of(shown)))


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
