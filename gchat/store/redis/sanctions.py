"""Bans and mutes of all servers, in Redis.

A hash has one field for each, such as `ban 10.1.0.0/16`. Beside it stands a version, which grows
with each change: a server that knows an older one reads all of them again. One that knows a newer
one gives back what it knows, as Redis has lost it.
"""

import json
import time
from collections.abc import Mapping

from gchat.model.sanctions import Sanction
from gchat.store.directory import Directory, Sanctions
from gchat.store.errors import StoreError, decoding
from gchat.store.redis import keys
from gchat.store.redis.link import Link, evaluate
from gchat.store.redis.scripts import GIVE_SANCTIONS, IMPOSE, SANCTIONS
from gchat.text.addresses import Network, parse_network

KINDS = "ban", "mute"

KEYS = keys.SANCTIONS, keys.SANCTIONS_VERSION


class SharedSanctions:
    """What this server knows of the sanctions of all."""

    def __init__(self, link: Link, local: Directory) -> None:
        """`local` has what this server knew when it ended. Raises StoreError."""
        self._link = link
        self._held: Mapping[str, Sanctions] = {kind: local.sanctions(kind) for kind in KINDS}
        self._version = int(any(self._held.values()))
        self.read_new()

    def of(self, kind: str) -> Sanctions:
        """All of one kind, `ban` or `mute`."""
        return self._held[kind]

    def impose(self, kind: str, network: Network, sanction: Sanction | None) -> None:
        """Have all servers learn of a sanction, or that there is none. Raises StoreError."""
        told = json.dumps(sanction) if sanction else ""
        for _ in range(2):
            command = evaluate(IMPOSE, KEYS, self._version, f"{kind} {network}", told)
            if self._link.call(*command):
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
        order = list[tuple[int, str, Network, Sanction]]()
        for field, value in zip(flat[::2], flat[1::2], strict=True):
            kind, _, network = field.decode().partition(" ")
            since, _, told = value.decode().partition(" ")
            order.append((int(since), kind, parse_network(network), Sanction(*json.loads(told))))
        held: dict[str, dict[Network, Sanction]] = {kind: {} for kind in KINDS}
        for _, kind, network, sanction in sorted(order, key=lambda each: each[0]):
            if sanction.holds(time.time()):
                held[kind][network] = sanction
        self._held, self._version = held, int(version)
        return held

    def _give_back(self) -> None:
        known = [
            each
            for kind, held in self._held.items()
            for network, sanction in held.items()
            for each in (f"{kind} {network}", json.dumps(sanction))
        ]
        self._link.call(*evaluate(GIVE_SANCTIONS, KEYS, self._version, *known))
