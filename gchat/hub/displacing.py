"""Ending the connection that has an identity, since another one shows its token."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

from gevent.event import Event

from gchat.hub.checkpoint import leave
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.buckets import TokenBucket
from gchat.model.identities import Identity
from gchat.runtime.tcp_info import has_vanished

DISPLACED = "Disconnected: your token was used on another connection"

LEAVING_PATIENCE = 5.0
"""Seconds that the connection which had the token may take to leave its room, behind others that
leave: after that the one that resumes is told to try again, and no longer keeps the token busy."""

DISPLACEMENTS = TokenBucket(rate=1 / 600, burst=5)
"""Five times a connection is ended by another with its token, then once in ten minutes: a client
that loses its connection again and again can come back, and two that resume by themselves do not
end each other for ever. Vanished connections are found in two minutes."""

VANISHED = 3.0
"""Seconds without an acknowledgement of what is sent again and again, after which a connection is
ended without being counted: a phone on a train would soon be kept out."""

_numbers = count(-1, -1)
"""Numbers for clients whose own number another connection has taken over."""


class BeingResumed(Exception):
    """Raised if another connection is just resuming the same identity."""


class DisplacedTooOften(Exception):
    """Raised if connections with the same token end each other; `wait` is in seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.wait = wait


@contextmanager
def reserved(hub: Hub, identity: Identity, *, is_elsewhere: bool = False) -> Iterator[None]:
    """Nobody else can resume `identity` within, nor end its connection for that.

    Raises BeingResumed, and DisplacedTooOften if a connection has it and may not be ended: it may
    be if the identity `is_elsewhere` by now.
    """
    if identity.number in hub.resumed:
        raise BeingResumed
    other = hub.clients.get(identity.number)
    if other is not None and not is_elsewhere and not _has_vanished(other):
        now = time.monotonic()
        if wait := hub.displacements.wait(DISPLACEMENTS, identity.number, now):
            raise DisplacedTooOften(wait)
        hub.displacements.take(DISPLACEMENTS, identity.number, now)
    hub.resumed[identity.number] = Event()
    try:
        yield
    finally:
        del hub.resumed[identity.number]


def displace(hub: Hub, identity: Identity) -> bool:
    """End the connection that has `identity`, if there is one, and save its state.

    `identity` is `reserved`. True if it ends for that reason only: it is then not announced as
    left. Raises BeingResumed if that takes over LEAVING_PATIENCE.
    """
    client = hub.clients.get(identity.number)
    if client is None:
        return False
    person, is_here = client.person, client.number in hub.room_of(client).clients
    if is_here:
        hub.tell(client, DISPLACED)
        client.person = False
        client.expel("resumed on another connection")
        if not hub.resumed[client.number].wait(LEAVING_PATIENCE):
            client.person = person
            raise BeingResumed
    if hub.clients.get(identity.number) is client:  # its connection is not closed yet
        is_told = not any(seat.owed for seat in client.seats)
        for seat in client.seats:
            seat.stop_at(seat.cursor)  # the other connection gets what follows
        leave(hub, client)
        with hub.lock:
            del hub.clients[client.number]
            for seat in client.seats:
                hub.room_of(seat).visits.pop(client.number, None)
            client.number = client.former = next(_numbers)  # what it said is the other one's
            hub.clients[client.number] = client
        if not is_told:
            hub.tell(client, DISPLACED)
        for seat in client.seats:
            hub.visit(seat)
    identity.person = person
    return is_here


def _has_vanished(client: Client) -> bool:
    """Whether nobody is there any more on the connection of `client`, as far as that is known."""
    with suppress(OSError):
        info = client.connection.tcp_info
        return bool(info) and has_vanished(info, VANISHED)
    return False
