"""Who is connected to which server: each tells the others, once a second, if that has changed."""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from gchat.model.peers import Others, Peer
from gchat.store.errors import NotAgreed, StoreError, decoding
from gchat.store.redis import keys
from gchat.store.redis.link import Link, evaluate
from gchat.store.redis.scripts import LEASE

LASTS = 5000
"""Milliseconds after which a server that has not renewed its lease has ended."""

NOBODY_RENEWS = 2500
"""Milliseconds without any renewal after which it was Redis that was away."""

FAREWELL_LASTS = 120
"""Seconds for which others can learn who was at a server when it was stopped."""


class Roster:
    """The lease of this server, and the clients of all servers."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._told: Sequence[Peer] | None = None
        """What the others were told last of the clients of this one."""
        self._version = 0
        self._lease = ""
        self._versions: dict[str, str] = {}
        self._present: dict[str, Sequence[Peer]] = {}
        self._leases: dict[str, str] = {}
        """When the leases of the servers began that were there last."""

    @property
    def lease(self) -> str:
        """The lease that this server has, another one than before if that had ended.

        Empty if it never had one.
        """
        return self._lease

    @property
    def servers(self) -> list[str]:
        """The other servers that are there."""
        return [*self._present]

    @decoding()
    def renew(self, link: Link, peers: Sequence[Peer]) -> Others:
        """Renew the lease, and exchange who is there.

        Raises StoreError; NotAgreed, as long as the servers have not agreed how rooms go on: then
        leases do not count, as Redis may have lost some.
        """
        is_new = peers != self._told
        told = json.dumps(peers, ensure_ascii=False) if is_new else ""
        version = self._version + is_new
        all_keys = (*(keys.GATE, keys.ALIVE, keys.LEASED, keys.PEOPLE, keys.VERSIONS, keys.LEASES),)
        state, *found = link.call(
            *evaluate(LEASE, all_keys, self._node, LASTS, NOBODY_RENEWS, version, told, self._lease)
        )
        if state != b"OK":
            raise NotAgreed
        lease, alive, versions, leases = found
        was_given_up = bool(self._lease) and self._lease != lease.decode()
        self._lease = lease.decode()
        # If it was given up, the others have forgotten what it told.
        self._told, self._version = None if was_given_up else peers, version
        servers = {each.decode() for each in alive} - {self._node}
        known = _pairs(versions)
        ended = self._take_ended(link, {*self._present} - servers)
        endings = {each: f"left-{each}-{self._leases.get(each, '')}" for each in ended}
        self._leases = _pairs(leases)
        # One that has told nothing since Redis lost it will do so: until then it is as it was.
        told_of = servers & known.keys()
        changed = [each for each in told_of if self._versions.get(each) != known[each]]
        self._present |= dict.fromkeys(servers - self._present.keys(), ())
        if changed:
            found = link.call("HMGET", keys.PEOPLE, *changed)
            for server, people in zip(changed, found, strict=True):
                self._present[server] = _peers(server, people or b"[]")
        self._versions = {server: known[server] for server in told_of}
        return Others(dict(self._present), ended, endings, was_given_up)

    def say_goodbye(self, link: Link, peers: Sequence[Peer]) -> None:
        """Tell who was here, as this server is stopped. Raises StoreError."""
        told = json.dumps(peers, ensure_ascii=False)
        link.call("SET", keys.farewell(self._node), told, "EX", FAREWELL_LASTS)

    def _take_ended(self, link: Link, servers: AbstractSet[str]) -> dict[str, Sequence[Peer]]:
        """The clients of `servers`, which have ended: as these told last, if they were stopped."""
        if not servers:
            return {}
        names = sorted(servers)
        try:
            told = link.call("MGET", *map(keys.farewell, names))
        except StoreError:  # as if they had not been stopped
            told = [None] * len(names)
        known = {server: self._present.pop(server) for server in names}
        return known | {
            server: _peers(server, last)
            for server, last in zip(names, told, strict=True)
            if last is not None
        }

    def tell_all_again(self) -> None:
        """Have the others be told of all clients with the next lease: Redis may have lost that."""
        self._told, self._versions = None, {}


def end_lease(link: Link, node: str) -> None:
    """Have the server with the number `node` be known as ended. Raises StoreError."""
    link.call_all(
        [
            ("ZREM", keys.ALIVE, node),
            ("HDEL", keys.PEOPLE, node),
            ("HDEL", keys.VERSIONS, node),
            ("HDEL", keys.LEASES, node),
            ("DEL", keys.inbox(node)),
        ]
    )


def _peers(server: str, told: bytes) -> list[Peer]:
    return [Peer(*each)._replace(server=server) for each in json.loads(told)]


def _pairs(flat: Sequence[bytes]) -> dict[str, str]:
    pairs = zip(flat[::2], flat[1::2], strict=True)
    return {name.decode(): value.decode() for name, value in pairs}
