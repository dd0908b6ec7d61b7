"""Save the clients that can resume, and how far each has read, in the history file."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import gevent

from gchat.hub.checkpoint import update_identity, update_places
from gchat.hub.client import Client
from gchat.hub.hub import AT_ONCE, Hub
from gchat.model.identities import Identity
from gchat.model.room_log import Cursor
from gchat.runtime.loop import give_way
from gchat.store.errors import StoreError

INTERVAL = 1.0
"""Seconds between two checkpoints. After the process was killed, a client that resumes may see what
arrived in the last so many seconds a second time; a direct message that was sent in these and had
not arrived is lost."""

RETRY = 10.0
"""Seconds until the next attempt, if the file cannot be written."""

EXPIRY = 60.0
"""Seconds between two searches for expired identities."""

PLACES_AT_A_TIME = 200
"""Places of identities in one transaction, which takes 0.7 ms (measured): what is said meanwhile
waits for it. An identity has one in each of its rooms."""

PRIVATES_AT_A_TIME = 100
"""Direct messages, or KiB of them, that are written in one transaction, and messages that are
deleted in it."""

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
                clock, reserve = hub.clock, hub.settings.reserve
                hub.identities.expire(clock.trusted(), clock.past(reserve), hub.clients)
            self.write()

    def write(self) -> None:
        """Write the changes since the last call; if that fails, log it once and keep them."""
        identities = self._hub.identities
        try:
            if identities.forgot_many:
                self._delete_forgotten()
            while identities.changed or identities.moved or identities.forgotten:
                self._write_some()
                give_way()
            while self._write_some_mail():
                give_way()
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
        sent_to, looked_at = self._sent_to(), 0
        for number in sent_to | self._in_flight.keys():
            looked_at += self._look_at(number, is_sent_to=number in sent_to)
            if looked_at >= AT_ONCE:
                looked_at = 0
                give_way()

    def _look_at(self, number: int, *, is_sent_to: bool) -> int:
        """Update the identity of one client, if that has changed; returns how many seats it has."""
        before = self._in_flight.pop(number, None)
        client, identity = self._hub.clients.get(number), self._hub.identities.of(number)
        if client is None or identity is None:
            return 1
        arrived = client.received_bytes
        client.forget_arrived(arrived)
        if is_sent_to or arrived != before:
            self._update(client, identity)
        cursors = [place.cursor for place in identity.places]
        if client.in_flight or client.remainders or _cursors(client) != cursors:
            self._in_flight[number] = arrived
        return len(client.seats)

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
        identities, places, left = self._hub.identities, identity.places, identity.left
        if _has_changed(client, identity):
            update_identity(identity, client)
            identities.changed[client.number] = identity
            return
        update_places(identity, client)
        if identity.left != left:
            identities.changed[client.number] = identity
        elif identity.places != places:
            identities.moved[client.number] = identity

    def _write_some(self) -> None:
        identities = self._hub.identities
        changed, moved = _take(identities.changed, _places), _take(identities.moved, _places)
        forgotten = _take(identities.forgotten, lambda _: 1)
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

    def _delete_forgotten(self) -> None:
        identities = self._hub.identities
        identities.forgot_many = False
        try:
            self._hub.directory.keep_identities(identities.numbers)
        except StoreError:
            identities.forgot_many = True
            raise

    def _write_some_mail(self) -> bool:
        """Write direct messages that have not arrived, and delete some that have.

        False if there were none.
        """
        mail, identities = self._hub.mail, self._hub.identities
        unwritten = mail.take_unwritten(
            PRIVATES_AT_A_TIME, lambda owner: identities.of(owner) is not None
        )
        arrived = mail.take_arrived(PRIVATES_AT_A_TIME)
        if unwritten or arrived:
            with mail.being_written(unwritten, arrived):
                self._hub.directory.write_privates(unwritten, arrived)
        return bool(unwritten or arrived)


def _take(waiting: dict[int, Value], size: Callable[[Value], int]) -> dict[int, Value]:
    """Remove and return the first entries of `waiting` whose sizes reach PLACES_AT_A_TIME."""
    taken, total = dict[int, Value](), 0
    for number, value in waiting.items():
        if total >= PLACES_AT_A_TIME:
            break
        taken[number] = value
        total += size(value)
    for number in taken:
        del waiting[number]
    return taken


def _places(identity: Identity) -> int:
    return len(identity.places)


def _cursors(client: Client) -> list[Cursor]:
    """How far `client` was sent what its rooms hold."""
    return [seat.cursor for seat in client.seats]


def _has_changed(client: Client, identity: Identity) -> bool:
    """Whether `client` differs from its saved `identity` in more than the cursors."""
    return (
        client.display is not identity.display
        or [seat.log.room for seat in client.seats] != [place.room for place in identity.places]
        or len(client.ignores.names) != len(identity.ignored)
        or client.muted is not identity.muted
        or client.correspondent != identity.correspondent
        or (client.rings is not None) != identity.rings
    )
