"""A newcomer: a connection of which it is open who that is."""

from dataclasses import dataclass

from gchat.hub.connection import Connection
from gchat.text.addresses import Network, host_of


@dataclass(slots=True)
class Newcomer:
    """A connection that is no client yet, and may become none."""

    connection: Connection
    """Replaced when it goes on inside TLS."""
    address: str
    """As people see it: `127.0.0.1:53412`, `[::1]:53412`."""
    network: Network
    begun: bytes = b""
    """What has been read of its input already, behind a proxy's header."""
    is_introduced: bool = False
    """A proxy, which is known, has said for whom it has connected."""

    @property
    def host(self) -> str:
        """Its address without the port."""
        return host_of(self.address)

    @property
    def port(self) -> int:
        """The port of its address."""
        return int(self.address.rpartition(":")[2])
