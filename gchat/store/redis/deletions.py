"""What Redis remembers of deleted messages, so that each server deletes them from its file as well.

A server learns of a deletion by the stream of news. One that was away reads all of them, however
long that was: Redis has a bit for each message of a room in which something was deleted. Of the
last ones it also has what is left of them, so that they keep their places.
"""

from collections.abc import Iterable, Iterator

from gchat.store.redis import keys
from gchat.store.redis.link import Command, Link, evaluate
from gchat.store.redis.scripts import DELETE

MOST_LEFT = 10_000
"""Deleted messages of a room of which Redis keeps what is left of them, some 200 bytes each. Of
older ones, a server that does not know them yet takes the ids for ones that are not kept."""

BYTES_AT_ONCE = 1024
"""Bytes of bits that are read at a time: 8,192 messages."""


def deleting(room: str, ids: Iterable[int]) -> Command:
    """The command that deletes messages of `room`; its answer are the ids of those with a text."""
    all_keys = keys.log(room), keys.gone(room), keys.deleted(room), keys.DELETED
    return evaluate(DELETE, all_keys, room, MOST_LEFT, *ids)


def all_deleted(link: Link) -> Iterator[tuple[str, list[int]]]:
    """Yield rooms with ids of messages that were deleted there, some at a time.

    Raises StoreError.
    """
    for name in link.call("SMEMBERS", keys.DELETED):
        room = name.decode()
        for first in range(0, link.call("STRLEN", keys.deleted(room)), BYTES_AT_ONCE):
            last = first + BYTES_AT_ONCE - 1
            bits = link.call("GETRANGE", keys.deleted(room), first, last)
            ones = ((at, nth) for at, byte in enumerate(bits, first) for nth in _ONES[byte])
            if ids := [8 * at + nth for at, nth in ones]:
                yield room, ids


_ONES = [[nth for nth in range(8) if byte << nth & 0x80] for byte in range(256)]
"""Which bits of each byte are 1, the highest first, as Redis counts them."""
