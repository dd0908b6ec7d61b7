# ruff: noqa: D102 - base.py says what each method does
"""Topics, names and sanctions in Redis, all else of who there is in this server's history file."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from gchat.model.identities import Identity
from gchat.model.message import Private, Topic
from gchat.model.sanctions import Sanction
from gchat.store.directory import Directory, Holder, Sanctions
from gchat.store.errors import decoding
from gchat.store.redis import keys
from gchat.store.redis.claims import Claims
from gchat.store.redis.link import Link
from gchat.store.redis.sanctions import SharedSanctions
from gchat.text.addresses import Network


class RedisDirectory(Directory):
    """What all servers know: topics, names, sanctions. Identities are each server's own."""

    def __init__(self, link: Link, local: Directory, claims: Claims, first_number: int) -> None:
        """`local` is that of the history file. Raises StoreError."""
        self._link = link
        self._local = local
        self._claims = claims
        self._sanctions = SharedSanctions(link, local)
        self.first_number = first_number
        self.first_private = local.first_private

    @decoding()
    def topic(self, room: str) -> Topic | None:
        found = self._link.call("GET", keys.topic(room))
        return Topic(*json.loads(found)) if found else None

    def write_topic(self, room: str, topic: Topic | None) -> None:
        if topic is None:
            self._link.call("DEL", keys.topic(room))
        else:
            self._link.call("SET", keys.topic(room), json.dumps(topic))

    def claim(self, key: str, number: int, name: str) -> str:
        return self._claims.claim(self._link, key, number, name)

    @decoding()
    def holder(self, key: str) -> Holder | None:
        return self._claims.holder(self._link, key)

    def release(self, key: str, number: int, until: float = 0.0) -> None:
        self._claims.release(key, number, until)

    def sanctions(self, kind: str) -> Sanctions:
        return self._sanctions.of(kind)

    def impose(self, kind: str, network: Network, sanction: Sanction | None) -> None:
        self._sanctions.impose(kind, network, sanction)

    def new_sanctions(self) -> Mapping[str, Sanctions] | None:
        return self._sanctions.read_new()

    def write_sanctions(self, held: Mapping[str, Sanctions]) -> None:
        self._local.write_sanctions(held)

    def identities(self) -> list[Identity]:
        return self._local.identities()

    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        self._local.write_identities(changed, moved, forgotten)

    def keep_identities(self, known: Callable[[], Collection[int]]) -> None:
        self._local.keep_identities(known)

    def keep_private(self, owner: int, private: Private, most: int) -> bool:
        return self._local.keep_private(owner, private, most)

    def write_privates(self, kept: Sequence[tuple[int, Private]], gone: Sequence[int]) -> None:
        self._local.write_privates(kept, gone)

    def privates(self, owner: int) -> list[Private]:
        return self._local.privates(owner)
