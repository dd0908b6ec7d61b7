"""The same wire with TLS on it: what the other side has is what it can decrypt."""

import ssl
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gchat.doors.certificate import Certificate
from gchat.doors.tls_connection import TlsConnection
from gchat.hub.connection import Connection
from gchat.runtime.self_signed import make_certificate
from tests.unit.doors.tls_peer import Client
from tests.unit.resuming.user import Wire


@cache
def server_context() -> ssl.SSLContext:
    """What connections are made with, in all examples."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "own.pem"
        make_certificate(path)
        return Certificate(str(path)).context_for(Client().shake_hands())


class TlsWire(Wire):
    """A wire of which `taken` is what its client has decrypted, and that is `acknowledged`."""

    def __init__(self, accepted: Any) -> None:
        super().__init__(accepted)
        self._client = Client()
        self._records = Wire(accepted)

    def inside(self, plain: Connection) -> TlsConnection:
        """The connection inside TLS on this wire, behind the handshake."""
        connection = TlsConnection(plain, server_context())
        self._records.room = 2**20
        is_over, answered = False, b""
        while not is_over:
            sent = len(self._records.taken)
            is_over = connection.shake_hands(self._client.shake_hands(answered))
            answered = self._records.taken[sent:]
        self._records.acknowledged = len(self._records.taken)
        self._client.decrypt(answered)  # a ticket
        return connection

    def send(self, data: bytes | memoryview) -> int:
        self._records.broken, self._records.room = self.broken, self.room
        try:
            return self._records.send(data)
        finally:
            self.room = self._records.room

    def acknowledge(self, size: int) -> None:
        if not self.broken:
            before = self._records.acknowledged
            self._records.acknowledge(size)
            arrived = self._records.taken[before : self._records.acknowledged]
            self.taken += self._client.decrypt(arrived)
            self.acknowledged = len(self.taken)

    @property
    def unacknowledged(self) -> int:
        return self._records.unacknowledged
