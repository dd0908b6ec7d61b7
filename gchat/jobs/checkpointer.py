"""Save the clients that can resume, and how far each has read, in the history file."""

import logging
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import gevent

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.resumption import update_identity
from gchat.model.identities import Identity
from gchat.runtime.loop import give_way
from gchat.store.errors import StoreError

INTERVAL = 1.0
"""Seconds between two checkpoints: after the process was killed, a client that resumes may see the
messages of up to this long a second time."""

RETRY = 10.0
"""Seconds until the next attempt, if the file cannot be written."""

EXPIRY = 60.0
"""Seconds between two searches for expired identities."""

IDENTITIES_AT_A_TIME = 200
"""Identities in one transaction."""

Value = TypeVar("Value")

log = logging.getLogger(__name__)


class Checkpointer:
    """Save the identities of a hub in its history file."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._sent = 0
        """Bytes sent to all clients together, as of the last checkpoint."""
        self._in_transit = set[int]()
        """Numbers of the clients that had not acknowledged all of them then."""
        self._next_expiry = 0.0
        self._fails = False

    def run(self) -> None:
        """Update and save the identities, for ever."""
        while True:
            gevent.sleep(RETRY if self._fails else INTERVAL)
            if self._hub.stats.bytes_out != self._sent:
                self._sent = self._hub.stats.bytes_out
                self._in_transit = set()
                self._update(self._hub.each_client())
            elif self._in_transit:
                self._update(self._acknowledged())
            if time.monotonic() >= self._next_expiry:
                self._next_expiry = time.monotonic() + EXPIRY
                hub = self._hub
                hub.identities.expire(time.time(), hub.settings.reserve, hub.clients)
            self.write()

    def write(self) -> None:
        """Write the changes since the last call; if that fails, log it once and keep them."""
        identities = self._hub.identities
        try:
            while identities.changed or identities.moved or identities.forgotten:
                self._write_some()
                give_way()
            for number, identity in list(identities.undelivered.items()):
                if number not in self._hub.clients and number not in self._hub.resumed:
                    self._keep_privates(identity)
                    identities.undelivered.pop(number, None)
            self._fails = False
        except StoreError as error:
            if not self._fails:
                log.error("cannot save resume tokens: %s", error)
            self._fails = True

    def _acknowledged(self) -> Iterator[Client]:
        """Yield the clients of `_in_transit` that have acknowledged everything by now."""
        before, self._in_transit = self._in_transit, set()
        for client in self._hub.each_client():
            if client.number in before:
                if client.connection.unacknowledged:
                    self._in_transit.add(client.number)
                else:
                    yield client

    def _update(self, clients: Iterable[Client]) -> None:
        """Update the identities of those `clients` that can resume."""
        identities, now = self._hub.identities, time.time()
        for client in clients:
            identity = identities.of(client.number)
            if identity is None:
                continue
            place = identity.place
            if _has_changed(client, identity):
                update_identity(identity, client)
                identities.changed[client.number] = identity
            elif client.cursor != place:
                update_identity(identity, client)
                if identity.place != place:
                    identities.moved[client.number] = identity
            if client.cursor != identity.place:
                self._in_transit.add(client.number)
            identity.seen = now

    def _write_some(self) -> None:
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
    """Remove and return up to IDENTITIES_AT_A_TIME entries of `waiting`."""
    taken = dict(islice(waiting.items(), IDENTITIES_AT_A_TIME))
    for number in taken:
        del waiting[number]
    return taken


def _has_changed(client: Client, identity: Identity) -> bool:
    """Whether `client` differs from its saved `identity` in more than the cursor."""
    return (
        client.display is not identity.display
        or client.log.room != identity.room
        or len(client.ignores.names) != len(identity.ignored)
        or client.muted is not identity.muted
        or client.correspondent != identity.correspondent
        or (client.rings is not None) != identity.rings
    )
