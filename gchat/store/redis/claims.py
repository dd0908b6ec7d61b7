"""Names, which one client has in all servers: claimed in Redis before it is called so.

A claim holds as long as the lease of the server, so that nothing has to be renewed; behind that,
until a time that may be set when the client leaves. Of each name, Redis has

    server, number of the client, until when, name

with blanks between them.
"""

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gchat.store.directory import Holder
from gchat.store.errors import NotAgreed
from gchat.store.redis import keys
from gchat.store.redis.link import Command, Link, evaluate
from gchat.store.redis.scripts import CLAIM, RELEASE, SWEEP

KEYS = keys.GATE, keys.NAMES, keys.ALIVE

LOOKS_LAST = 10_000
"""Milliseconds for which Redis knows what a name looks like that was taken: then all servers do."""

AT_ONCE = 500
"""Names that are claimed, or looked at, in one step."""


class Claim(NamedTuple):
    """A name that a client of this server has."""

    number: int
    name: str


class Claims:
    """The names of the clients of this server."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._held: dict[str, Claim] = {}
        self.must_claim_again = False
        """Whether others may have taken some of them."""
        self._lost = list[int]()
        self._swept = 0
        """Where Redis goes on to look for names that nobody has any more."""
        self._released: dict[str, tuple[int, float]] = {}
        """Names that are to be given back, each with the number of the client, and until when it
        stays reserved for that."""

    def claim(self, link: Link, key: str, number: int, name: str, looks: Iterable[str] = ()) -> str:
        """Claim the name with this `key`; returns who has it, and is somebody else; or nobody.

        Or who has just taken one with one of `looks` in common. Raises StoreError.
        """
        commands = list[Command]()
        if key in self._released:  # somebody here has just left who was called so
            commands.append(self._giving_back(key, *self._released[key]))
        commands.append(self._claiming(key, number, name, looks))
        try:
            holder = _answer(link.call_all(commands)[-1])
        except BaseException:  # also a greenlet that is ended: it may have been claimed
            if self._held.get(key) != Claim(number, name):
                self._released.setdefault(key, (number, 0.0))
            raise
        if not holder:
            self._held[key] = Claim(number, name)
            self._released.pop(key, None)
        return holder

    def holder(self, link: Link, key: str) -> Holder | None:
        """Who has the name with this `key`; None if nobody has. Raises StoreError."""
        found, alive = link.call_all(
            [("HGET", keys.NAMES, key), ("ZRANGE", keys.ALIVE, 0, -1)],
        )
        if not found:
            return None
        server, number, until, name = found.decode().split(" ", 3)
        if server.encode() in alive:
            return Holder(server, int(number), name)
        return Holder("", int(number), name) if float(until) > time.time() else None

    def release(self, key: str, number: int, until: float) -> None:
        """Give the name with this `key` back, soon; it stays reserved for the client `until` then.

        If it stayed reserved, it does no longer. Does not wait.
        """
        held = self._held.get(key)
        if held and held.number == number:
            del self._held[key]
        elif until or self._released.get(key, (number, 0.0))[0] != number:
            return
        self._released[key] = number, until

    def settle(self, link: Link) -> None:
        """Give back what is to be given back. Raises StoreError."""
        while self._released:
            some = dict(list(self._released.items())[:100])
            link.call_all(
                [self._giving_back(key, number, until) for key, (number, until) in some.items()]
            )
            for key, released in some.items():
                if self._released.get(key) == released:
                    del self._released[key]

    def give_back(self, link: Link) -> None:
        """Claim all names in a Redis that has perhaps lost them, before it is used.

        Raises StoreError.
        """
        commands: list[Command] = [
            ("HSETNX", keys.NAMES, key, f"{self._node} {number} 0 {name}")
            for key, (number, name) in self._held.items()
        ]
        for first in range(0, len(commands), AT_ONCE):
            link.call_all(commands[first : first + AT_ONCE])

    def again(self, link: Link) -> None:
        """Claim all names again, as others may have taken this server for ended, or not waited.

        Raises StoreError.
        """
        held = list(self._held.items())
        for first in range(0, len(held), AT_ONCE):
            some = held[first : first + AT_ONCE]
            answers = link.call_all(
                [self._claiming(key, *claim, again=True) for key, claim in some]
            )
            for (key, claim), answer in zip(some, answers, strict=True):
                if _answer(answer) and self._held.get(key) == claim:
                    del self._held[key]
                    self._lost.append(claim.number)
        self.must_claim_again = False

    def take_lost(self) -> list[int]:
        """The clients whose names others have taken, since that was asked last, by their numbers.

        They have no names in Redis.
        """
        lost, self._lost = self._lost, []
        return lost

    def sweep(self, link: Link) -> None:
        """Have Redis forget some of the names that nobody has any more. Raises StoreError."""
        command = evaluate(SWEEP, KEYS, self._swept, AT_ONCE, time.time())
        self._swept = int(_answer(link.call(*command)))

    def _claiming(
        self,
        key: str,
        number: int,
        name: str,
        looks: Iterable[str] = (),
        *,
        again: bool = False,
    ) -> Command:
        all_keys = *KEYS, *map(keys.look, looks)
        told = number, time.time(), key, name, int(again), LOOKS_LAST
        return evaluate(CLAIM, all_keys, self._node, *told)

    def _giving_back(self, key: str, number: int, until: float) -> Command:
        """The command that does so, unless the client has its name at another server by now."""
        return evaluate(RELEASE, (keys.NAMES,), key, number, until, self._node)


def _answer(answer: Sequence[bytes]) -> str:
    if answer[0] != b"OK":
        raise NotAgreed
    return answer[1].decode()
