"""Terminal bells: a client with its bell on hears it when its name is mentioned."""

import re
import time
from collections.abc import Callable, Iterable
from unicodedata import normalize

from gchat.hub.client import Client
from gchat.hub.names import Names
from gchat.model.message import Utterance
from gchat.model.room_log import RoomLog

BELL = b"\a"

BELL_PAUSE = 5.0
"""Seconds between two rings of one client's bell."""

MAX_SEARCHED = 2048
"""Characters of a batch of lines that are searched for names: a mention stands near the beginning,
or in a line that somebody reads. (Normalising may cost the square of them: half a millisecond.)"""

_WORD = re.compile(
    r"[^\s!-,/:-@\[-^`{-~\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u3011\u3014-\u301f]+"
)
"""A word between blanks and punctuation; - . _ belong to it, since a name may have them."""


class Bells:
    """Ring the bells of clients, each at most once every BELL_PAUSE seconds."""

    def __init__(self, names: Names, enqueue: Callable[[Client, bytes], None]) -> None:
        """`enqueue` sends data to one client alone, as Hub.enqueue does."""
        self._on: set[int] = set()
        """The numbers of present clients with their bell on. If there are none, mentions are not
        searched for."""
        self._names = names
        self._enqueue = enqueue

    def turn_on(self, client: Client) -> None:
        """Turn the bell of `client` on."""
        client.rings = client.rings or 0.0
        self._on.add(client.number)

    def turn_off(self, client: Client) -> None:
        """Turn the bell of `client` off."""
        client.rings = None
        self._on.discard(client.number)

    def forget(self, client: Client) -> None:
        """Ring no more for a client that leaves. `client.rings` stays, to be saved with it."""
        self._on.discard(client.number)

    def ring(self, client: Client) -> None:
        """Ring the bell of `client` if it is on, has not rung just now, and can be heard."""
        now = time.monotonic()
        if client.display.json or client.rings is None:
            return
        if client.rings <= now and client.takes_more:
            client.rings = now + BELL_PAUSE
            self._enqueue(client, BELL)

    def ring_for_mentioned(self, log: RoomLog, said: Utterance) -> None:
        """Ring for the clients in the room of `log` that are mentioned in what was `said` there."""
        if not self._on:
            return
        for key in mentioned(said.texts):
            client = self._names.holder_of_key(key)
            if (
                client is not None
                and client.number != said.sender
                and client.log is log
                and not client.ignores.hides(said.sender, said.name)
            ):
                self.ring(client)


def mentioned(texts: Iterable[str]) -> set[str]:
    """Return the words in `texts` that may be names, as keys (text.naming.name_key)."""
    text = normalize("NFKC", "\n".join(texts)[:MAX_SEARCHED])
    words = set(_WORD.findall(normalize("NFKC", text.casefold())))
    return words | {word.strip(".-_") for word in words}
