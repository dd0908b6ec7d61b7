"""Who is connected to which server: each tells the others, once a second, if that has changed."""

import json
from collections.abc import Sequence

from gchat.model.peers import Others, Peer
from gchat.store.errors import decoding
from gchat.store.redis import keys
from gchat.store.redis.link import Link, evaluate
from gchat.store.redis.scripts import LEASE

LASTS = 5000
"""Milliseconds after which a server that has not renewed its lease has ended."""

NOBODY_RENEWS = 2500
"""Milliseconds without any renewal after which it was Redis that was away."""


class Roster:
    """The lease of this server, and the clients of all servers."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._told: Sequence[Peer] | None = None
        """What the others were told last of the clients of this one."""
        self._version = 0
        self._versions: dict[str, str] = {}
        self._present: dict[str, Sequence[Peer]] = {}

    @property
    def servers(self) -> list[str]:
        """The other servers that are there."""
        return [*self._present]

    @decoding()
    def renew(self, link: Link, peers: Sequence[Peer]) -> Others:
        """Renew the lease, and exchange who is there. Raises StoreError."""
        is_new = peers != self._told
        told = json.dumps(peers, ensure_ascii=False) if is_new else ""
        version = self._version + is_new
        all_keys = keys.ALIVE, keys.LEASED, keys.PEOPLE, keys.VERSIONS
        was_in, alive, versions = link.call(
            *evaluate(LEASE, all_keys, self._node, LASTS, NOBODY_RENEWS, version, told)
        )
        self._told, self._version = peers, version
        servers = {each.decode() for each in alive} - {self._node}
        known = {name.decode(): value.decode() for name, value in _pairs(versions)}
        ended = {each: self._present.pop(each) for each in {*self._present} - servers}
        changed = [each for each in servers if self._versions.get(each) != known.get(each, "")]
        if changed:
            found = link.call("HMGET", keys.PEOPLE, *changed)
            for server, people in zip(changed, found, strict=True):
                self._present[server] = _peers(server, people or b"[]")
        self._versions = {server: known.get(server, "") for server in servers}
        return Others(dict(self._present), ended, was_given_up=not was_in)

    def tell_all_again(self) -> None:
        """Have the others be told of all clients with the next lease: Redis may have lost that."""
        self._told, self._versions = None, {}


def _peers(server: str, told: bytes) -> list[Peer]:
    return [Peer(*each)._replace(server=server) for each in json.loads(told)]


def _pairs(flat: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[::2], flat[1::2], strict=True))
