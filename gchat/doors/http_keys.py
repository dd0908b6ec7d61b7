"""Idempotency keys: a request that is made again gets the answer of the first one."""

from hashlib import sha256
from typing import NamedTuple

from gchat.protocol.http_answers import Problem
from gchat.text.addresses import Network

MOST_OF_A_NETWORK = 200
"""Keys that are known of one network, the last ones, so that none makes the server forget those of
others."""

MOST_NETWORKS = 1000
"""Networks of which keys are known; of more, the one that has used none for longest is
forgotten."""

MOST_KEPT = 16 * 1024
"""Bytes of an answer that is kept: that to 2,000 lines. A request with a longer one has no key."""

MOST_ANSWERS = 16 * 1024 * 1024
"""Bytes of all answers: the longest ones of five networks. Of more, as of more networks."""

MAX_KEY = 90
"""Characters of a key: with the number of a line behind it, it is a ref."""


class Key(NamedTuple):
    """What makes two requests of a network the same one."""

    speaker: str
    room: str
    key: str


class _Known(NamedTuple):
    digest: bytes
    """Of the body."""
    answer: bytes
    """Empty as long as the request is being carried out."""


class Keys:
    """The keys of all networks. They take 200 bytes each, and what their answers take."""

    def __init__(self) -> None:
        self._of: dict[Network, dict[Key, _Known]] = {}
        """In the order in which they have used one last."""
        self._size = 0
        """Bytes of all answers."""

    def find(self, network: Network, key: Key, body: bytes) -> bytes:
        """The answer to the same request; empty if there was none. Raises Problem if it was not
        quite the same, or has no answer yet.
        """
        known = self._of.get(network, {}).get(key)
        if known is None:
            return b""
        if known.digest != sha256(body).digest():
            why = "That Idempotency-Key was used for another text"
            raise Problem(422, why, "key used before")
        if not known.answer:
            why = "The request with that Idempotency-Key is being carried out; try again"
            raise Problem(409, why, "still under way", {"Retry-After": "1"})
        return known.answer

    def note(self, network: Network, key: Key, body: bytes, answer: bytes = b"") -> None:
        """A request is being carried out, or has this `answer` now."""
        known = self._of.pop(network, {})
        self._drop(known, key)
        if len(answer) <= MOST_KEPT:
            known[key] = _Known(sha256(body).digest(), answer)
            self._size += len(answer)
        if len(known) > MOST_OF_A_NETWORK:
            self._drop(known, next(iter(known)))
        if known:
            self._of[network] = known
        while len(self._of) > MOST_NETWORKS or self._size > MOST_ANSWERS:
            oldest = self._of.pop(next(iter(self._of)))
            self._size -= sum(len(each.answer) for each in oldest.values())

    def forget(self, network: Network, key: Key) -> None:
        """The request was refused: it may be made again."""
        known = self._of.get(network, {})
        self._drop(known, key)
        if not known:
            self._of.pop(network, None)

    def _drop(self, known: dict[Key, _Known], key: Key) -> None:
        """Take `key` away from those `known` of a network, if it is among them."""
        if dropped := known.pop(key, None):
            self._size -= len(dropped.answer)
