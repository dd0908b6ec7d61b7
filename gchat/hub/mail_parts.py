"""What each sender may still send to one who does not read, when others have filled the place."""

import time

from gchat.hub.owed import OWED_BYTES, PRIVATE_BYTES
from gchat.model.buckets import Buckets, TokenBucket
from gchat.runtime.gate import Owner

AN_HOUR = 3600.0

PART = TokenBucket(rate=4096 / AN_HOUR, burst=4096)
"""Bytes of memory for what one client sends to another in an hour: some ten short messages."""

PART_OF_NETWORK = TokenBucket(rate=8 * PART.rate, burst=8 * PART.burst)
"""Bytes for the parts of all clients of a network: somebody who connects again and again could have
any number of parts."""


class MailParts:
    """How much of its part each sender has used up, for each recipient.

    A message counts whether it needs the part or not: who has filled the place has none left. One
    that does not fit into what is left of its sender's part takes nothing of the network's, so
    that who has filled the place takes nothing from others of the same network.
    """

    def __init__(self) -> None:
        self._clients, self._networks = Buckets(), Buckets()

    def have_room(self, to: int, sender: Owner, text: str) -> bool:
        """Whether `sender` may send `text` to the client `to` out of its part."""
        size, now = _size(text), time.monotonic()
        return size <= PART.burst and not (
            self._clients.wait(PART, (to, sender.client), now, size)
            or self._networks.wait(PART_OF_NETWORK, (to, sender.network), now, size)
        )

    def use(self, to: int, sender: Owner, text: str) -> None:
        """Count `text`, which `sender` has sent to the client `to`."""
        size, now = _size(text), time.monotonic()
        if self.have_room(to, sender, text):
            self._networks.take(PART_OF_NETWORK, (to, sender.network), now, size)
        self._clients.take(PART, (to, sender.client), now, size)


def _size(text: str) -> int:
    return OWED_BYTES + PRIVATE_BYTES + len(text.encode())
