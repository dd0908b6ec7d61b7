"""What a server does first with a Redis: learn that it may be used, and take a number there."""

import logging
from contextlib import suppress
from random import SystemRandom
from time import monotonic

import gevent

from gchat.store.errors import StoreError
from gchat.store.redis import keys
from gchat.store.redis.follower import JOIN_PAUSE
from gchat.store.redis.joining import join
from gchat.store.redis.link import Link, evaluate
from gchat.store.redis.roster import end_lease
from gchat.store.redis.scripts import NUMBER
from gchat.store.shared import RecordingStore

START_PATIENCE = 15.0
"""Seconds in which a server that starts waits for the others to agree with a restarted Redis."""

CLIENTS_OF_A_NODE = 2**32
"""How many numbers for clients a server has."""

log = logging.getLogger(__name__)


def take_number(link: Link, local: RecordingStore, deadline: float) -> str:
    """Take a number that no other server has, nor this one had before: `local` knows that.

    Waits, until `deadline` by the monotonic clock, for the other servers to have given back what
    Redis has lost, such as their numbers. Raises StoreError.

    If the server that used `local` before has a lease still, it was killed, as two cannot use the
    same file: that lease is ended.
    """
    if before := local.noted_number() // CLIENTS_OF_A_NODE:
        end_lease(link, str(before))
    own = local.directory.first_number // CLIENTS_OF_A_NODE
    base = SystemRandom().randrange(1, 2**16)
    command = evaluate(NUMBER, (keys.GATE, keys.NODES), base, own)
    while (answer := link.call(*command))[0] != b"OK":
        link.connect()
        while not join(link, "", (), was_here=False):
            gevent.sleep(JOIN_PAUSE)
            raise_if_late(deadline)
    number = int(answer[1])
    local.note_number(number * CLIENTS_OF_A_NODE)
    return str(number)


def raise_if_late(deadline: float) -> None:
    """Raise StoreError if it is later than `deadline`."""
    if monotonic() > deadline:
        raise StoreError("the other servers have not agreed how rooms go on")


def first_number(node: str) -> int:
    """The lowest number for a client of the server with the number `node`."""
    return int(node) * CLIENTS_OF_A_NODE


def look_at_settings(link: Link) -> None:
    """Warn of a Redis that evicts rooms, or keeps nothing; where that may be asked."""
    with suppress(StoreError):
        _, policy = link.call("CONFIG", "GET", "maxmemory-policy")
        if policy != b"noeviction":
            log.warning(
                "the store may evict rooms: set maxmemory-policy to noeviction, it is %s",
                policy.decode(),
            )
        _, is_kept = link.call("CONFIG", "GET", "appendonly")
        log.info(
            "the store keeps %s over a crash",
            "what was said" if is_kept == b"yes" else "less than was said",
        )
