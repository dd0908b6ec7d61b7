# ruff: noqa: D102 - base.py says what each method does
"""What all servers know of who there is, in Redis; and what this one keeps, in its history file."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from gchat.model.identities import Identity
from gchat.model.message import Private, Topic
from gchat.model.sanctions import Sanction
from gchat.store.directory import Directory, HeldBy, Holder, Sanctions, Taken
from gchat.store.errors import decoding
from gchat.store.redis import keys
from gchat.store.redis.claims import Claims
from gchat.store.redis.identities import AT_ONCE, SharedIdentities
from gchat.store.redis.link import Link
from gchat.store.redis.sanctions import SharedSanctions
from gchat.text.addresses import Network


class RedisDirectory(Directory):
    """Topics, names, sanctions and identities; of these, a server has some in its file as well.

    Each identity is one server's at a time, which tells the others of it.
    """

    def __init__(
        self,
        link: Link,
        local: Directory,
        claims: Claims,
        shared: SharedIdentities,
        first_number: int,
    ) -> None:
        """`local` is that of the history file. Raises StoreError."""
        self._link = link
        self._local = local
        self._claims = claims
        self._shared = shared
        self._sanctions = SharedSanctions(link, local)
        self.first_number = self.first_private = first_number

    @property
    def reserve(self) -> float:
        return self._shared.reserve

    @reserve.setter
    def reserve(self, seconds: float) -> None:
        self._shared.reserve = seconds

    @decoding()
    def topic(self, room: str) -> Topic | None:
        found = self._link.call("GET", keys.topic(room))
        return Topic(*json.loads(found)) if found else None

    def write_topic(self, room: str, topic: Topic | None) -> None:
        if topic is None:
            self._link.call("DEL", keys.topic(room))
        else:
            self._link.call("SET", keys.topic(room), json.dumps(topic))

    def claim(self, key: str, number: int, name: str, looks: Iterable[str] = ()) -> str:
        return self._claims.claim(self._link, key, number, name, looks)

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
        """As Directory.identities: those that no other server has by now.

        This server may have been killed, and Redis know more than its file.
        """
        known, known_here = self._local.identities(), list[Identity]()
        for first in range(0, len(known), AT_ONCE):
            some = known[first : first + AT_ONCE]
            found = self._shared.take_all([identity.digest for identity in some])
            known_here += [one for one, each in zip(some, found, strict=True) if each is None]
            taken = [each.identity for each in found if isinstance(each, Taken)]
            gone = [one.number for one, each in zip(some, found, strict=True) if each is not None]
            self._local.write_identities([], [], gone)
            self._local.write_identities(taken, [], [])
            known_here += taken
        return sorted(known_here, key=lambda identity: identity.seen)

    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        changed, moved = [*changed], [*moved]
        self._shared.keep(changed, moved)
        self._shared.forget(forgotten)
        self._local.write_identities(changed, moved, forgotten)
        self._shared.try_to_settle()

    def keep_identities(self, known: Callable[[], Collection[int]]) -> None:
        self._local.keep_identities(known)
        self._shared.forget({*self._shared.numbers} - {*known()})

    def take(self, shown: str) -> Taken | HeldBy | None:
        return self._shared.take(shown)

    def look_up(self, shown: str) -> Identity | None:
        return self._shared.look_up(shown)

    def let_go(self, identity: Identity, privates: Sequence[Private], untold: float) -> bool:
        return self._shared.let_go(identity, privates, untold)

    def free(self, shown: str) -> bool:
        return self._shared.free(shown)

    def forget_here(self, number: int) -> None:
        self._local.write_identities([], [], [number])

    def lost(self) -> Sequence[int]:
        lost, self._shared.lost = self._shared.lost, set()
        return [*lost]

    def taken(self) -> Collection[int]:
        return self._shared.taken()

    def tell_again(self, identities: Iterable[Identity]) -> None:
        self._shared.keep((), identities)

    def keep_private(self, owner: int, private: Private, most: int) -> bool:
        is_kept = self._local.keep_private(owner, private, most)
        if is_kept:
            self._shared.keep_mail([(owner, private)])
            self._shared.try_to_settle()
        return is_kept

    def leave_private(self, key: str, owner: int, private: Private, most: int) -> bool | None:
        return self._shared.leave(key, owner, private, most)

    def left_privates(self, owners: Sequence[int]) -> list[tuple[int, Private]]:
        return self._shared.left(owners)

    def write_privates(self, kept: Sequence[tuple[int, Private]], gone: Sequence[int]) -> None:
        self._local.write_privates(kept, gone)
        self._shared.keep_mail(kept, gone)
        self._shared.try_to_settle()

    def privates(self, owner: int) -> list[Private]:
        here = {private.number for private in self._local.privates(owner)}
        there = [each for each in self._shared.mail(owner) if each.number not in here]
        if there:  # another server had them
            self._local.write_privates([(owner, each) for each in there], [])
        return self._local.privates(owner)
