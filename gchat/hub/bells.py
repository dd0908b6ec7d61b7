"""Bells: who wants to hear one rings when somebody says their name."""

import time
from collections.abc import Callable

from gchat.hub.client import Client
from gchat.hub.mentions import mentioned
from gchat.hub.names import Names
from gchat.model.log import RoomLog

BELL = b"\a"

PAUSE = 5.0
"""Seconds between two rings of one client's bell."""


class Bells:
    """Rings them."""

    def __init__(self, names: Names, owe: Callable[[Client, bytes], None]) -> None:
        """`owe` has something sent to a client."""
        self.wanted: set[int] = set()
        """The numbers of those who want to hear one."""
        self._names = names
        self._owe = owe

    def ring(self, client: Client) -> None:
        """Ring that of `client`, if it wants that, and has not heard it just now."""
        now = time.monotonic()
        if client.look.json or client.rings is None:
            return
        if client.rings <= now and client.takes_more:
            client.rings = now + PAUSE
            self._owe(client, BELL)

    def ring_for_mentioned(self, speaker: Client, log: RoomLog, texts: list[str]) -> None:
        """Ring those of all in the room of `log` whose names `speaker` says in `texts`."""
        if not self.wanted:
            return
        for key in mentioned(texts):
            client = self._names.holder_of_key(key)
            if (
                client is not None
                and client is not speaker
                and client.log is log
                and not client.ignores.hides(speaker.number, speaker.name)
            ):
                self.ring(client)
