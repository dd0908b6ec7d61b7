"""Bans and mutes of all servers, in Redis.

A hash has one field for each, such as `ban 10.1.0.0/16`. Beside it stands a version, which grows
with each change: a server that knows an older one reads all of them again. One that knows a newer
one gives back what it knows, as Redis has lost it. A sorted set tells which of them expire, and
when: they go with the next change.
"""

import json
import time
from collections.abc import Mapping
from operator import itemgetter

from gchat.model.sanctions import MOST, Sanction
from gchat.store.directory import Directory, Sanctions
from gchat.store.errors import StoreError, decoding
from gchat.store.redis import keys
from gchat.store.redis.link import Link, evaluate
from gchat.store.redis.sanction_scripts import GIVE_SANCTIONS, IMPOSE, SANCTIONS
from gchat.text.addresses import Network, parse_network

KINDS = "ban", "mute"

KEYS = keys.SANCTIONS, keys.SANCTIONS_VERSION, keys.SANCTIONS_ENDS

LIMIT = MOST * len(KINDS)
"""Sanctions that Redis keeps: each server refuses MOST of a kind, of those that it knows."""


Decoded = tuple[int, str, Network, Sanction]
"""In which version a sanction was imposed, its kind, and itself."""


class SharedSanctions:
    """What this server knows of the sanctions of all."""

    def __init__(self, link: Link, local: Directory) -> None:
        """`local` has what this server knew when it ended. Raises StoreError."""
        self._link = link
        self._held: Mapping[str, Sanctions] = {kind: local.sanctions(kind) for kind in KINDS}
        self._version = int(any(self._held.values()))
        self._decoded: dict[tuple[bytes, bytes], Decoded] = {}
        """Those that were read last: to decode 10,000 of them anew takes 0.14 s."""
        self.read_new()

    def of(self, kind: str) -> Sanctions:
        """All of one kind, `ban` or `mute`."""
        return self._held[kind]

    def impose(self, kind: str, network: Network, sanction: Sanction | None) -> None:
        """Have all servers learn of a sanction, or that there is none. Raises StoreError."""
        told = (json.dumps(sanction), _end(sanction)) if sanction else ("", "")
        for _ in range(2):
            command = evaluate(IMPOSE, KEYS, self._version, f"{kind} {network}", *told, LIMIT)
            version = int(self._link.call(*command))
            if version < 0:
                raise StoreError(f"it keeps no more than {LIMIT} bans and mutes")
            if version:
                return
            self._give_back()
        raise StoreError("it has lost what it knew")

    def read_new(self) -> Mapping[str, Sanctions] | None:
        """All sanctions, if they are not those that were known before. Raises StoreError."""
        version = int(self._link.call("GET", keys.SANCTIONS_VERSION) or 0)
        if version < self._version:
            self._give_back()
        elif version == self._version:
            return None
        return self._read()

    @decoding()
    def _read(self) -> Mapping[str, Sanctions]:
        version, flat = self._link.call(*evaluate(SANCTIONS, KEYS))
        before = self._decoded
        self._decoded = {
            each: before.get(each) or _decode(*each)
            for each in zip(flat[::2], flat[1::2], strict=True)
        }
        held: dict[str, dict[Network, Sanction]] = {kind: {} for kind in KINDS}
        for _, kind, network, sanction in sorted(self._decoded.values(), key=itemgetter(0)):
            if sanction.holds(time.time()):
                held[kind][network] = sanction
        self._held, self._version = held, int(version)
        return held

    def _give_back(self) -> None:
        known = [
            each
            for kind, held in self._held.items()
            for network, sanction in held.items()
            for each in (f"{kind} {network}", json.dumps(sanction), _end(sanction))
        ]
        self._link.call(*evaluate(GIVE_SANCTIONS, KEYS, self._version, *known))


def _end(sanction: Sanction) -> float | str:
    """When `sanction` expires; empty if never."""
    return "" if sanction.until is None else sanction.until


def _decode(field: bytes, value: bytes) -> Decoded:
    kind, _, network = field.decode().partition(" ")
    since, _, told = value.decode().partition(" ")
    return int(since), kind, parse_network(network), Sanction(*json.loads(told))
