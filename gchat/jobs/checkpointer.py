"""Save the clients that can resume, and how far each has read, in the history file."""

import logging
import time
from collections.abc import Collection, Iterator
from itertools import islice
from typing import TypeVar

import gevent

from gchat.hub.client import Client
from gchat.hub.hub import AT_ONCE, Hub
from gchat.hub.resumption import (
    bring_privates,
    deliver_privates,
    update_identity,
    update_place,
)
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
        self._in_flight: dict[int, int] = {}
        """Bytes received by each client that had not received everything, by its number."""
        self._next_expiry = 0.0
        self._fails = False

    def run(self) -> None:
        """Update and save the identities, for ever."""
        while True:
            gevent.sleep(RETRY if self._fails else INTERVAL)
            self.update()
            if time.monotonic() >= self._next_expiry:
                self._next_expiry = time.monotonic() + EXPIRY
                hub = self._hub
                hub.identities.expire(hub.clock.trusted(), hub.settings.reserve, hub.clients)
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
            self._fails = False
        except StoreError as error:
            if not (self._fails or self._hub.store.trouble):  # which operators know already
                log.error("cannot save resume tokens: %s", error)
            self._fails = True

    def update(self) -> None:
        """Update the identities of clients that can resume, where something has changed."""
        hub = self._hub
        if not hub.store.is_kept:
            return
        sent_to = self._sent_to()
        for number in in_portions(sent_to | self._in_flight.keys()):
            before = self._in_flight.pop(number, None)
            client, identity = hub.clients.get(number), hub.identities.of(number)
            if client is None or identity is None:
                continue
            arrived = client.received_bytes
            if number in sent_to or arrived != before:
                self._update(client, identity)
            if client.cursor != identity.place:
                self._in_flight[number] = arrived

    def _sent_to(self) -> set[int]:
        """Return the numbers of the clients that were sent something since the last update."""
        numbers, self._hub.touched = self._hub.touched, set()
        for room in self._hub.rooms.by_name.values():
            for cohort in room.cohorts:
                if cohort.noted != cohort.cursor:
                    cohort.noted = cohort.cursor
                    numbers.update(member.number for member in cohort.members)
        return numbers

    def _update(self, client: Client, identity: Identity) -> None:
        identities, place = self._hub.identities, identity.place
        if _has_changed(client, identity):
            update_identity(identity, client)
            identities.changed[client.number] = identity
            return
        update_place(identity, client)
        if identity.place != place:
            identities.moved[client.number] = identity

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
        hub, identities, number = self._hub, self._hub.identities, identity.number
        privates, identity.privates = identity.privates, []
        identities.undelivered.pop(number, None)
        try:
            hub.directory.keep_privates(number, privates)
        except StoreError:
            identity.privates = privates + identity.privates
            if identities.of(number) is identity:
                identities.undelivered[number] = identity
            deliver_privates(hub, identity)  # if its client has come meanwhile
            raise
        if number in hub.clients:  # it has come, and perhaps looked too early
            bring_privates(hub, identity)


def in_portions(numbers: Collection[int]) -> Iterator[int]:
    """Yield all of `numbers`, and give way to others after each AT_ONCE of them."""
    for index, number in enumerate(numbers, 1):
        yield number
        if index % AT_ONCE == 0:
            give_way()


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
