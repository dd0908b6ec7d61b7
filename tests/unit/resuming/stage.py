"""A server of a model: on a Disk, served a slice at a time, and started again and again."""

from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event

from gchat.delivery.broadcaster import Broadcaster
from gchat.hub import membership
from gchat.hub.checkpoint import leave
from gchat.hub.client import Client, Dismissed
from gchat.hub.connection import Connection
from gchat.hub.hub import Hub
from gchat.jobs.checkpointer import Checkpointer
from gchat.model.display import Display
from gchat.runtime.loop import give_way
from tests.unit.peers import Company, connect, within_deadline
from tests.unit.resuming.disk import Disk, DiskStore
from tests.unit.resuming.tls_wire import TlsWire
from tests.unit.resuming.user import PLENTY, Wire


class Stage:
    """A server that does nothing by itself: an example says when it serves a room."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.hub: Hub
        self.checkpointer: Checkpointer
        self._company: Company
        self._broadcaster: Broadcaster
        self.start()

    def start(self) -> None:
        """Start it on what the disk holds."""
        self._company = Company(store=DiskStore(self.disk), broadcasting=False)
        self.hub = self._company.hub
        self._broadcaster = Broadcaster(self.hub)
        self._company.start(self._broadcaster.backfill.run)
        self.checkpointer = Checkpointer(self.hub)

    def end(self) -> None:
        """End it; what is not on the disk by now is lost."""
        self._company.__exit__(None, None, None)

    def connect(self, display: Display, kind: type[Wire] = Wire) -> tuple[Client, Wire]:
        """Make a client that does not listen yet, and its socket, with TLS inside if it is a
        TlsWire."""
        connection, peer = connect()
        self._company.peers.append(peer)
        wire = kind(connection._socket)
        wire.room = PLENTY
        connection._socket = wire
        if isinstance(wire, TlsWire):
            connection = wire.inside(connection)
        ready, made = Event(), list[Client]()
        self._company.start(self._live, connection, made, ready)
        ready.wait()
        peer.client = made[0]
        made[0].display = display
        return made[0], wire

    def _live(self, connection: Connection, made: list[Client], ready: Event) -> None:
        """Do what a session does, but for reading."""
        number = self.disk.number()
        made.append(Client(number, connection, f"127.0.0.1:{40000 + number}", self.hub.lobby.log))
        membership.enter(self.hub, made[0])
        ready.set()
        try:
            Event().wait()
        except Dismissed:
            membership.part(self.hub, made[0], "dismissed", is_expelled=True)

    def remove(self, client: Client) -> None:
        """Do what a session does at its end."""
        if client.number in self.hub.room_of(client).clients:
            membership.part(self.hub, client, "it has left")
        leave(self.hub, client)
        if client.number in self.hub.clients:
            membership.remove(self.hub, client)
        client.connection.lost = client.lost or "closed"

    def take(self, client: Client, wire: Wire, size: int) -> None:
        """Have the socket of `client` take so many bytes more."""
        wire.room += size
        if client.connection.blocked:
            client.connection.blocked = False
            self.hub.go_on(client)

    def wait_for(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call `function`, and do everything that it waits for; returns what it returns."""
        return self.wait_for_greenlet(gevent.spawn(function, *arguments))

    def wait_for_greenlet(self, greenlet: Any) -> Any:
        """Do everything that `greenlet` waits for; returns what it returns."""
        with within_deadline("it is done"):
            while not greenlet.ready():
                self.serve(1)
                gevent.sleep(0)
        return greenlet.get()

    def serve(self, slices: int) -> None:
        """Serve so many slices of the rooms in which there is something to send."""
        for _ in range(slices):
            if self.hub.ready_rooms:
                self._broadcaster._serve(next(iter(self.hub.ready_rooms)))

    def settle(self) -> None:
        """Serve until nothing is left to do."""
        with within_deadline("all is sent"):
            quiet = 0
            while quiet < 10:
                quiet = 0 if self.hub.ready_rooms else quiet + 1
                self.serve(4)
                give_way()  # with a look at the sockets: the rest of a record may go on

    def checkpoint(self) -> None:
        """Save what has changed of those who may come back."""
        self.checkpointer.update()
        self.checkpointer.write()
