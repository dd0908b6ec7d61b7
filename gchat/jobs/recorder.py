"""Have the store place messages before anybody is shown them.

One greenlet takes the pending messages of all rooms to the store in one call, which is one
transaction where there is a history file; messages that come meanwhile wait for the next one.
"""

from time import monotonic

import gevent

from gchat.hub.hub import Hub
from gchat.hub.placing import insert
from gchat.runtime.loop import give_way
from gchat.store.base import Batch
from gchat.store.errors import StoreError

RETRY = 0.1
"""Seconds until the next attempt to reach a store that could not be reached."""

PASSES = 2
"""Passes of the event loop that a transaction waits for clients that are about to speak."""

LONGEST_WAIT = 0.005
"""Seconds that a message waits for others of the same transaction."""

FOLLOWED = 1.0
"""Seconds that messages may take to come back from a store that several servers share, before it is
asked again whether it has them."""


class Recorder:
    """Take the pending messages of a hub to its store, and show them when they have places."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def run(self) -> None:
        """Record messages for ever."""
        while True:
            self._hub.pending_writes.wait()
            self._wait_for_more()
            try:
                self._record()
            except StoreError:  # one that several servers share is away: nothing has a place
                gevent.sleep(RETRY)

    def _wait_for_more(self) -> None:
        """Wait for clients that are about to speak, and for the round that is under way to end.

        Messages written earlier would be sent only after that round anyway, and in two rounds.
        Lines that come while others are read are there in the second pass of the loop: with the
        first alone, a transaction had two thirds as many messages where 100 clients talk (measured
        when a pass ended before it had read all that could be read).
        """
        for _ in range(PASSES):
            give_way()
        deadline = monotonic() + LONGEST_WAIT
        while self._hub.ready_rooms and monotonic() < deadline:
            give_way()

    def _record(self) -> None:
        hub = self._hub
        taken = {room: tuple(room.pending) for room in hub.pending_writes.rooms}
        placed = hub.store.append(
            [
                Batch(
                    room.name,
                    room.log.epoch,
                    room.log.end,
                    room.log.latest,
                    [each.utterance for each in pending],
                )
                for room, pending in taken.items()
            ]
        )
        if hub.store.is_shared:  # the places come by the follower
            firsts = [pending[0] for pending in taken.values()]
            hub.pending_writes.wait_for_first(firsts, FOLLOWED)
            return
        for room, places in zip(taken, placed, strict=True):
            insert(hub, room, places)
        hub.pending_writes.tell_placed()
