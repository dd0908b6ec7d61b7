"""The stay of one client, whichever door it came in by: it comes, stays, leaves, gets the rest."""

import logging
import time
from math import inf

from gchat.hub import membership
from gchat.hub.checkpoint import leave
from gchat.hub.client import Client, Dismissed, Expelled
from gchat.hub.hub import Hub
from gchat.runtime.loop import give_way

PATIENCE = 60.0
"""Seconds that one who has left may take none of what it is owed, before that is given up."""

SEND_OFF = 3.0
"""Seconds that one who is expelled gets at the most, however much it takes meanwhile."""

LINGER = 1.0
"""Seconds that the other side gets to end the connection after us: closing it while there
is input unread would reset it, and take away what is still on its way there."""

log = logging.getLogger(__name__)


class Visit:
    """The life of `client` in the greenlet that reads from it; what it does there is `stay`."""

    __slots__ = ("_client", "_deadline", "_ended", "_hub")

    def __init__(self, hub: Hub, client: Client) -> None:
        self._hub = hub
        self._client = client
        self._ended = False
        """The client's input has ended."""
        self._deadline = inf
        """When it must be gone."""

    def run(self) -> None:
        """Returns when everything is over and the client's descriptor is given back."""
        hub, client = self._hub, self._client
        membership.enter(hub, client)
        try:
            reason = "cut off"
            try:
                reason = self._converse()
                self._wait_to_leave()
            finally:
                membership.part(hub, client, reason, is_expelled=self._deadline < inf)
            self._settle()
        finally:
            self._remember()
            membership.remove(hub, client)
            client.connection.close()

    def stay(self) -> None:
        """Do what the client is here for; returns when it leaves by itself.

        Raises Dismissed if it is made to leave, and OSError if its connection breaks.
        """
        raise NotImplementedError

    def _converse(self) -> str:
        """Have the client stay until it leaves; returns how it did."""
        try:
            self.stay()
            return self._client.lost or "end of input"
        except Dismissed as dismissed:
            self._is_dismissed(dismissed)
            return str(dismissed)
        except OSError as error:
            self._client.lose(error.strerror or str(error))
            return self._client.lost

    def _remember(self) -> None:
        try:
            leave(self._hub, self._client)
        except Exception:  # a mistake of ours: the rest must be done all the same
            self._hub.faults.report("cannot remember %s", self._client)

    def _wait_to_leave(self) -> None:
        if not self._hub.shutdown.closing:
            try:
                self._hub.arrival_gate.pass_through(self._client.owner)
            except Dismissed as dismissed:  # it is leaving already
                self._is_dismissed(dismissed)

    def _is_dismissed(self, dismissed: Dismissed) -> None:
        if isinstance(dismissed, Expelled):
            self._deadline = min(self._deadline, time.monotonic() + SEND_OFF)

    def _settle(self) -> None:
        """Wait until the client has what it is owed, then end the connection politely."""
        client = self._client
        try:
            if not self._wait_until_settled():
                return
            if last := self._last_words():  # behind what it is owed in all of its rooms
                while client.number in self._hub.resumed:  # what it is owed is about to be dropped
                    give_way()
                self._hub.owe(client, last)
                if not self._wait_until_settled():
                    return
            client.connection.finish()
            if not self._ended:
                client.connection.discard_input(LINGER)
        except (Dismissed, OSError):
            return

    def _wait_until_settled(self) -> bool:
        """Wait until the client has what it is owed; False if it will never have that."""
        client, connection = self._client, self._client.connection
        while not (client.settled or client.lost):
            left = self._deadline - time.monotonic()
            if left <= 0:
                return False
            if connection.pending and not connection.blocked:
                connection.block(self._hub.go_on, client)
            before = connection.unacknowledged
            try:
                if client.wait_for_progress(min(PATIENCE, left)):
                    continue
            except Dismissed as dismissed:  # it is leaving already
                self._is_dismissed(dismissed)
                continue
            # It may be reading, and its socket still be too full to be written to.
            if connection.unacknowledged >= before:
                log.info("give up %s: it does not take what it is owed", client)
                return False
        return not client.lost

    def _last_words(self) -> bytes:
        """What ends the stream, in a protocol that has something for that."""
        return b""
