"""Identities in Redis, for the day when another server is to have them.

This server's own file has them first. Redis is told a moment later: once a second of all that has
changed, so that a server that is killed leaves behind what its checkpoint had.
"""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from gevent.lock import Semaphore

from gchat.model.identities import Identity
from gchat.model.message import Private
from gchat.model.peers import Peer
from gchat.store.directory import HeldBy, Taken
from gchat.store.errors import StoreError, decoding
from gchat.store.identity_records import identity_from, places_of, record_of
from gchat.store.redis import keys
from gchat.store.redis.identity_scripts import FORGET, FREE, KEEP, LEAVE, LET_GO, TAKE
from gchat.store.redis.link import Command, Link, evaluate
from gchat.text.naming import name_key

AT_ONCE = 50
"""Identities that are written in one step of Redis, and that are read together."""

OWNERS_AT_ONCE = 500
"""Identities of which it is read together who has them."""

SPARE = 120
"""Seconds for which Redis keeps an identity longer than servers do: these write it anew each eighth
of that time, and look for expired ones once a minute."""

MAIL_AT_ONCE = 100
"""Direct messages that are written together."""

MOST_UNTOLD = 20_000
"""Identities whose clients have left untold that are remembered: as many as there can be here."""

What = TypeVar("What")


class SharedIdentities:
    """The identities that this server has, as the others find them; and how it takes theirs."""

    def __init__(self, link: Link, node: str) -> None:
        self._link = link
        self._node = node
        self.reserve = 0.0
        self.lost = set[int]()
        """Numbers of identities that were this server's, and are another's."""
        self._untold: dict[int, str] = {}
        """The digests of the last identities whose clients have left, and nobody need be told yet;
        by number. Some may have come back at another server."""
        self._own: dict[int, str] = {}
        """The digest of each identity that Redis knows, or will, as this server's, by number."""
        self._waiting: dict[int, tuple[Identity, bool]] = {}
        """Those that are to be written, and whether all of each or only how far it has got."""
        self._forgotten: dict[int, str] = {}
        """The digests of those that are to be forgotten, by number."""
        self._mail: dict[int, tuple[int, Private]] = {}
        """Direct messages that are to be written, by their numbers, each with whom it is for."""
        self._arrived: dict[int, int] = {}
        """The numbers of those that are to be deleted, and whom they were for."""
        self._owners: dict[int, int] = {}
        """Whom each message is for that Redis has, or will."""
        self._settling = Semaphore()
        self._fails = False

    # What is told

    def keep(self, changed: Iterable[Identity], moved: Iterable[Identity]) -> None:
        """Learn that all of some identities has changed, and how far others have got."""
        for identity in changed:
            self._note(identity, True)
        for identity in moved:
            self._note(identity, False)

    def forget(self, numbers: Iterable[int]) -> None:
        """Learn that identities are forgotten; those that other servers have stay."""
        for number in numbers:
            self._waiting.pop(number, None)
            if digest := self._own.pop(number, ""):
                self._forgotten[number] = digest

    @property
    def numbers(self) -> list[int]:
        """The numbers of all identities that this server has."""
        return [*self._own]

    def keep_mail(self, kept: Iterable[tuple[int, Private]], gone: Iterable[int] = ()) -> None:
        """Learn of direct messages, each with whom it is for, and of numbers of others that have
        arrived."""
        for owner, private in kept:
            self._mail[private.number] = owner, private
            self._owners[private.number] = owner
        for number in gone:
            self._mail.pop(number, None)
            if owner := self._owners.pop(number, 0):
                self._arrived[number] = owner

    def try_to_settle(self) -> None:
        """Write what is to be written, unless the last attempt has failed."""
        if not self._fails:
            with suppress(StoreError):
                self.settle()

    def settle(self) -> None:
        """Write what is to be written. Raises StoreError; then the rest is written later."""
        with self._settling:
            self._fails = True
            while self._waiting:
                self._write(_first(self._waiting, AT_ONCE))
            while self._forgotten:
                some = _first(self._forgotten, AT_ONCE)
                self._link.call_all([self._forgetting(*each) for each in some.items()])
                _done(self._forgotten, some)
            while self._mail:
                mail = _first(self._mail, MAIL_AT_ONCE)
                self._link.call_all([each for one in mail.values() for each in self._adding(*one)])
                _done(self._mail, mail)
            while self._arrived:
                arrived = _first(self._arrived, MAIL_AT_ONCE)
                self._link.call_all(
                    [("HDEL", keys.mail(owner), number) for number, owner in arrived.items()]
                )
                _done(self._arrived, arrived)
            self._fails = False

    def with_digests(self, peers: Iterable[Peer]) -> list[Peer]:
        """`peers`, each with its digest if nobody need be told yet that it has left."""
        return [each._replace(digest=self._untold.get(each.number, "")) for each in peers]

    # What changes hands

    @decoding()
    def take(self, shown: str) -> Taken | HeldBy | None:
        """As Directory.take."""
        (found,) = self.take_all([shown])
        return found

    @decoding()
    def take_all(self, digests: Sequence[str]) -> list[Taken | HeldBy | None]:
        """Take several, each as `take` does. Raises StoreError."""
        found = self._link.call_all([self._taking(each, self._node) for each in digests])
        taken = [self._taken(each) for each in found]
        for each in taken:
            if isinstance(each, Taken):
                self.lost.discard(each.identity.number)
                self._untold.pop(each.identity.number, None)
                self._own[each.identity.number] = each.identity.digest
        return taken

    @decoding()
    def look_up(self, shown: str) -> Identity | None:
        """As Directory.look_up."""
        found = self._taken(self._link.call(*self._taking(shown, "")))
        return found.identity if isinstance(found, Taken) else None

    def taken(self) -> set[int]:
        """As Directory.taken."""
        own, numbers = list(self._own.items()), {*self.lost}
        for first in range(0, len(own), OWNERS_AT_ONCE):
            some = own[first : first + OWNERS_AT_ONCE]
            owners = self._link.call_all(
                [("HGET", keys.token(digest), "owner") for _, digest in some]
            )
            numbers.update(
                number
                for (number, _), owner in zip(some, owners, strict=True)
                if owner and owner.decode() != self._node
            )
        return numbers

    def let_go(self, identity: Identity, privates: Sequence[Private], untold: float) -> bool:
        """As Directory.let_go."""
        number, milliseconds = identity.number, str(int(untold * 1000)) if untold else ""
        self._waiting.pop(number, None)
        for each in [each for each, owner in self._owners.items() if owner == number]:
            self._mail.pop(each, None)
            del self._owners[each]
        self._arrived = {each: of for each, of in self._arrived.items() if of != number}
        both = keys.token(identity.digest), keys.mail(number)
        mail = [each for private in privates for each in (private.number, _encoded(private))]
        told = _state(identity), _places(identity), identity.seen, milliseconds
        if untold:
            self._note_untold(identity)
        try:
            command = evaluate(LET_GO, both, self._node, self._lasts, *told, *mail)
            is_done = self._link.call(*command)
        except StoreError:  # perhaps it is done: to write it again tells
            self.keep([identity], ())
            self.keep_mail((number, each) for each in privates)
            raise
        self._own.pop(number, None)
        return bool(is_done)

    def free(self, shown: str) -> bool:
        """As Directory.free."""
        return bool(self._link.call(*evaluate(FREE, (keys.token(shown),), self._node)))

    @decoding()
    def mail(self, owner: int) -> list[Private]:
        """The direct messages that Redis has for an identity. Raises StoreError."""
        found = self._link.call("HGETALL", keys.mail(owner))[1::2]
        privates = [Private(*json.loads(each)) for each in found]
        there = [each for each in privates if each.number not in self._arrived]
        self._owners.update((each.number, owner) for each in there)
        return there

    def leave(self, key: str, owner: int, private: Private, most: int) -> bool | None:
        """As Directory.leave_private."""
        all_keys = keys.NAMES, keys.ALIVE, keys.mail(owner)
        bounds = time.time(), most, self._lasts
        told = private.number, _encoded(private)
        command = evaluate(LEAVE, all_keys, key, owner, *bounds, *told)
        return {b"OK": True, b"FULL": False}.get(self._link.call_once(*command))

    @decoding()
    def left(self, owners: Sequence[int]) -> list[tuple[int, Private]]:
        """As Directory.left_privates."""
        found = list[tuple[int, bytes]]()
        for first in range(0, len(owners), OWNERS_AT_ONCE):
            some = owners[first : first + OWNERS_AT_ONCE]
            mail = self._link.call_all([("HVALS", keys.mail(owner)) for owner in some])
            found += [
                (owner, each) for owner, all_of in zip(some, mail, strict=True) for each in all_of
            ]
        there = [(owner, Private(*json.loads(each))) for owner, each in found]
        known = self._owners.keys() | self._arrived.keys()
        left = [(owner, each) for owner, each in there if each.number not in known]
        self._owners.update((each.number, owner) for owner, each in left)
        return sorted(left, key=lambda each: each[1].number)

    # Commands

    @property
    def _lasts(self) -> int:
        return int(self.reserve) + SPARE

    def _note(self, identity: Identity, is_whole: bool) -> None:
        number = identity.number
        self._own[number] = identity.digest
        before = self._waiting.get(number)
        self._waiting[number] = identity, is_whole or bool(before and before[1])

    def _write(self, some: dict[int, tuple[Identity, bool]]) -> None:
        told = [self._told(identity, is_whole) for identity, is_whole in some.values()]
        all_keys = keys.NAMES, *(keys.token(identity.digest) for identity, _ in some.values())
        until = f"{time.time() + self.reserve:.3f}"
        lost, unknown = self._link.call(
            *evaluate(KEEP, all_keys, self._node, self._lasts, until, *_flat(told))
        )
        _done(self._waiting, some)
        self.lost.update(lost)
        for number in lost:
            self._own.pop(number, None)
            self._waiting.pop(number, None)
        for number in unknown:
            if number in self._own:
                self._note(some[number][0], True)

    def _told(self, identity: Identity, is_whole: bool) -> tuple[str | int | float, ...]:
        untold = identity.untold_until - time.monotonic()
        if untold > 0:
            self._note_untold(identity)
        return (
            identity.number,
            _state(identity) if is_whole else "",
            _places(identity),
            identity.seen,
            str(int(untold * 1000)) if untold > 0 else "",
            name_key(identity.name),
        )

    def _note_untold(self, identity: Identity) -> None:
        self._untold.pop(identity.number, None)
        self._untold[identity.number] = identity.digest
        if len(self._untold) > MOST_UNTOLD:
            del self._untold[next(iter(self._untold))]

    @staticmethod
    def _taking(digest: str, node: str) -> Command:
        return evaluate(TAKE, (keys.token(digest), keys.ALIVE), node)

    def _taken(self, found: Sequence[bytes]) -> Taken | HeldBy | None:
        answer, *fields = (each.decode() for each in found)
        if answer == "NONE":
            return None
        if answer == "HELD":
            return HeldBy(fields[0])
        owner, state, places, seen, untold = fields
        identity = identity_from(*[*json.loads(state), json.loads(places)])
        identity.seen = float(seen)
        return Taken(identity, "" if owner == "-" else owner, int(untold) / 1000)

    def _forgetting(self, number: int, digest: str) -> Command:
        return evaluate(FORGET, (keys.token(digest), keys.mail(number)), self._node)

    def _adding(self, owner: int, private: Private) -> list[Command]:
        key = keys.mail(owner)
        return [
            ("HSET", key, private.number, _encoded(private)),
            ("EXPIRE", key, self._lasts),
        ]


def _state(identity: Identity) -> str:
    return json.dumps(record_of(identity), ensure_ascii=False)


def _places(identity: Identity) -> str:
    return json.dumps(places_of(identity))


def _encoded(private: Private) -> str:
    return json.dumps(private, ensure_ascii=False)


def _first(waiting: dict[int, What], most: int) -> dict[int, What]:
    return dict(islice(waiting.items(), most))


def _done(waiting: dict[int, What], some: dict[int, What]) -> None:
    """Take `some` out of what is `waiting`, but for what has changed meanwhile."""
    for key, value in some.items():
        if waiting.get(key) is value:
            del waiting[key]


def _flat(told: Iterable[Iterable[Any]]) -> Iterator[Any]:
    for each in told:
        yield from each
