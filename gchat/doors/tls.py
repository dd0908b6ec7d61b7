"""TLS: the handshakes of those that begin one, at a bounded cost.

Behind its handshake, a connection is greeted again, and may speak whatever there is a door for:
plain lines, HTTP.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, thread_time

import gevent

from gchat.config.settings import Settings
from gchat.doors.certificate import Certificate
from gchat.doors.newcomer import Newcomer
from gchat.doors.opening import RECEIVE
from gchat.doors.reception import TurnedAway
from gchat.doors.tls_connection import TlsConnection, TlsFailed
from gchat.hub.connection import Connection
from gchat.protocol.other_protocols import ALERT
from gchat.runtime.gate import FairGate, Owner
from gchat.runtime.loop import give_way, wait_for

HANDSHAKE_TIME = 10.0
"""Seconds for a whole handshake, with the wait for others'."""

REFUSED_TIME = 1.0
"""Seconds for the whole handshake of a client that is only to be told why it is refused."""

SHARE = 0.2
"""Part of the time that handshakes may take all together. One takes 0.35 ms of a core in its two
steps (measured: 0.27 and 0.08), so there are some 570 a second: half a large school."""

SLACK = 0.004
"""Seconds by which handshakes may be ahead of their share, or fall behind and make up for it. A
pause of less would be about as long as the loop is late with it: with one behind each step of a
handshake, there were 150 handshakes a second."""

STEP = 0.0003
"""Seconds of the longest step of a handshake, in which the server signs: when they have taken so
many in a turn of the loop, the next one waits for the next turn."""

TOO_SLOW = "TLS handshake not over in time"


class Handshakes:
    """Opens TLS on connections, each in its greenlet; about one handshake in a turn of the loop."""

    def __init__(self, certificate: Certificate, settings: Settings) -> None:
        self._certificate = certificate
        self._settings = settings
        self._gate = FairGate()
        self._paid_until = 0.0
        """When others will have had their share for what handshakes have taken."""
        self._taken = 0.0
        """Seconds that they have taken since the last turn of the loop that was waited for."""
        self._tell_fingerprint()

    @property
    def path(self) -> str:
        """The file with the certificate."""
        return self._certificate.path

    def reload(self) -> bool:
        """Use the certificate that is in the files now; returns whether that is another one.

        Connections that there are go on with the old one. Raises ValueError; then it stays.
        """
        is_another = self._certificate.reload()
        self._tell_fingerprint()
        return is_another

    def _tell_fingerprint(self) -> None:
        own = self._certificate
        self._settings.fingerprint = own.fingerprint if own.is_own else ""

    def open(self, newcomer: Newcomer, hello: bytes, *, is_patient: bool) -> TlsConnection:
        """The connection inside TLS of `newcomer`, which has begun it with `hello`.

        Raises TurnedAway if there is no handshake, and OSError if the connection breaks.
        """
        connection = TlsConnection(newcomer.connection, self._certificate.context_for(hello))
        seconds = HANDSHAKE_TIME if is_patient else REFUSED_TIME
        try:
            with gevent.Timeout(seconds, TurnedAway(TOO_SLOW)):
                self._shake_hands(newcomer, connection, hello)
        except BaseException as error:
            connection.abandon()
            if isinstance(error, TlsFailed):
                raise TurnedAway(f"TLS handshake failed: {error.why}", error.alert) from error
            if isinstance(error, TurnedAway):  # also if the server ends meanwhile
                raise TurnedAway(error.why, error.reply or ALERT) from error
            raise
        return connection

    def _shake_hands(self, newcomer: Newcomer, connection: TlsConnection, data: bytes) -> None:
        owner = Owner(newcomer.network, 0)
        while True:
            with self._turn(owner):
                if connection.shake_hands(data):
                    return
            data = _receive(newcomer.connection)

    @contextmanager
    def _turn(self, owner: Owner) -> Iterator[None]:
        """Wait for a turn, and have it within, as soon as SHARE allows it."""
        with self._gate.hold(owner):
            self._wait()
            earliest, began = perf_counter() - SLACK, thread_time()
            try:
                yield
            finally:
                took = thread_time() - began  # not what the machine was busy with meanwhile
                self._gate.charge(owner, took)
                self._paid_until = max(self._paid_until, earliest) + took / SHARE
                self._taken += took

    def _wait(self) -> None:
        """Wait until handshakes may take time: in this turn of the loop, or in a later one."""
        rest = self._paid_until - perf_counter()
        if rest > SLACK:
            gevent.sleep(rest)
        elif self._taken >= STEP:
            give_way()
        else:
            return
        self._taken = 0.0


def _receive(connection: Connection) -> bytes:
    """Wait for some bytes. Raises OSError if none come any more."""
    while True:
        wait_for(connection.readable)
        try:
            data = connection.recv(RECEIVE)
        except BlockingIOError:
            continue
        if not data:
            raise ConnectionAbortedError
        return data
