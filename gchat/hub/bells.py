"""Bells: who wants to hear one rings when somebody says their name."""

import re
import time
from collections.abc import Callable, Iterable
from unicodedata import normalize

from gchat.hub.client import Client
from gchat.hub.names import Names
from gchat.model.room_log import RoomLog

BELL = b"\a"

PAUSE = 5.0
"""Seconds between two rings of one client's bell."""

MAX_CHARACTERS = 2048
"""How much of what is said at a time is looked through: a name stands at the beginning, or in a
line that somebody reads. (Normalising may cost the square of it: half a millisecond.)"""

_WORD = re.compile(
    r"[^\s!-,/:-@\[-^`{-~\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u3011\u3014-\u301f]+"
)
"""What stands between blanks and punctuation, but - . _ which a name may have."""


class Bells:
    """Rings them."""

    def __init__(self, names: Names, enqueue: Callable[[Client, bytes], None]) -> None:
        """`owe` has something sent to a client."""
        self.wanted: set[int] = set()
        """The numbers of those who want to hear one."""
        self._names = names
        self._enqueue = enqueue

    def ring(self, client: Client) -> None:
        """Ring that of `client`, if it wants that, and has not heard it just now."""
        now = time.monotonic()
        if client.display.json or client.rings is None:
            return
        if client.rings <= now and client.takes_more:
            client.rings = now + PAUSE
            self._enqueue(client, BELL)

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


def mentioned(texts: Iterable[str]) -> set[str]:
    """The words in `texts` that may be names, by their key (text.name_key)."""
    text = normalize("NFKC", "\n".join(texts)[:MAX_CHARACTERS])
    words = set(_WORD.findall(normalize("NFKC", text.casefold())))
    return words | {word.strip(".-_") for word in words}
