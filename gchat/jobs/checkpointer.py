"""Writing to the history file who can come back, and how far they have got."""

import logging
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import gevent

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.resumption import note
from gchat.model.identities import Identity
from gchat.runtime.loop import give_way
from gchat.store.errors import StoreError

INTERVAL = 1.0
"""Seconds between two times. After the process was killed, who comes back may see again what was
said in so long."""

RETRY = 10.0
"""Seconds until it is tried again, if the file cannot be written to."""

EXPIRY = 60.0
"""Seconds between two looks for those who will not come back any more."""

PORTION = 200
"""Identities that are written at a time."""

Value = TypeVar("Value")

log = logging.getLogger(__name__)


class Checkpointer:
    """Keeps the identities of a hub in its history file."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._sent = 0
        """What all clients together had been sent when it was last noted how far they are."""
        self._on_the_way = set[int]()
        """The numbers of those to whom some of that was still on its way then."""
        self._next_expiry = 0.0
        self._fails = False

    def run(self) -> None:
        """Note, and write, for ever."""
        while True:
            gevent.sleep(RETRY if self._fails else INTERVAL)
            if self._hub.stats.bytes_out != self._sent:
                self._sent = self._hub.stats.bytes_out
                self._on_the_way = set()
                self._note(self._hub.each_client())
            elif self._on_the_way:
                self._note(self._arrived())
            if time.monotonic() >= self._next_expiry:
                self._next_expiry = time.monotonic() + EXPIRY
                hub = self._hub
                hub.identities.expire(time.time(), hub.settings.reserve, hub.clients)
            self.write()

    def write(self) -> None:
        """Write what has changed, as far as that is possible."""
        identities = self._hub.identities
        try:
            while identities.changed or identities.moved or identities.forgotten:
                self._write_portion()
                give_way()
            for number, identity in list(identities.undelivered.items()):
                if number not in self._hub.clients and number not in self._hub.resumed:
                    self._keep_privates(identity)
                    identities.undelivered.pop(number, None)
            self._fails = False
        except StoreError as error:
            if not self._fails:
                log.error("who can come back is not in the history: %s", error)
            self._fails = True

    def _arrived(self) -> Iterator[Client]:
        """Those to whom nothing is on its way any more."""
        before, self._on_the_way = self._on_the_way, set()
        for client in self._hub.each_client():
            if client.number in before:
                if client.connection.unacknowledged:
                    self._on_the_way.add(client.number)
                else:
                    yield client

    def _note(self, clients: Iterable[Client]) -> None:
        """Note how far those of `clients` have got who can come back."""
        identities, now = self._hub.identities, time.time()
        for client in clients:
            identity = identities.of(client.number)
            if identity is None:
                continue
            place = identity.place
            if _has_changed(client, identity):
                note(client, identity)
                identities.changed[client.number] = identity
            elif client.cursor != place:
                note(client, identity)
                if identity.place != place:
                    identities.moved[client.number] = identity
            if client.cursor != identity.place:
                self._on_the_way.add(client.number)
            identity.seen = now

    def _write_portion(self) -> None:
        identities = self._hub.identities
        changed, moved = _take(identities.changed), _take(identities.moved)
        forgotten = _take(identities.forgotten)
        try:
            self._hub.directory.write_identities(changed.values(), moved.values(), [*forgotten])
        except StoreError:
            for taken, there in ((changed, identities.changed), (moved, identities.moved)):
                there.update(
                    (number, identity)
                    for number, identity in taken.items()
                    if identities.of(number)
                )
            identities.forgotten.update(forgotten)
            raise

    def _keep_privates(self, identity: Identity) -> None:
        privates, identity.privates = identity.privates, []
        try:
            self._hub.directory.keep_privates(identity.number, privates)
        except StoreError:
            identity.privates = privates + identity.privates
            raise


def _take(waiting: dict[int, Value]) -> dict[int, Value]:
    """Take a portion out of what waits to be written."""
    taken = dict(islice(waiting.items(), PORTION))
    for number in taken:
        del waiting[number]
    return taken


def _has_changed(client: Client, identity: Identity) -> bool:
    """Whether more has than the place."""
    return (
        client.display is not identity.display
        or client.log.room != identity.room
        or len(client.ignores.names) != len(identity.ignored)
        or client.muted is not identity.muted
        or client.correspondent != identity.correspondent
        or (client.rings is not None) != identity.rings
    )
