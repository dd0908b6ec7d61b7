"""Gates: one greenlet at a time, fair to networks, to clients of a network, and to latecomers.

Who has taken little time lately comes first; a turn costs the time that it took. So a client that
asks for something now and then does not wait for hundreds that ask without a pause, and one that
comes back at once does not come before those that wait.
"""

from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from time import perf_counter
from typing import NamedTuple

from gevent.event import Event

from gchat.runtime.loop import give_way
from gchat.runtime.waited import seconds_waited

MEMORY = 1000
"""Seconds for which a turn of a second counts: one of a millisecond is forgotten in a second. A
crowd of some hundreds, which shares each second, is then remembered longer than it lasts."""

LONGEST_MEMORY = 60.0
"""Seconds after which everything is forgotten. Those that have taken so much are equals, and have
their turns in the order in which they come."""

LEAST = 50e-6
"""Seconds that a turn counts at least: a switch of greenlets and a poll of the sockets."""

REMEMBERED = 1024
"""Owners that are remembered before it is first checked which of them can be forgotten."""


class Owner(NamedTuple):
    """Who has a turn: a client, and the network that it comes from."""

    network: Hashable
    client: int


class _Waiting:
    """A greenlet that waits for its turn."""

    __slots__ = ("comes", "has_left")

    def __init__(self) -> None:
        self.comes = Event()
        self.has_left = False


class _Debts:
    """Until when what each owner has taken counts."""

    def __init__(self) -> None:
        self._until: dict[Hashable, float] = {}
        self._remembered = REMEMBERED

    def until(self, owner: Hashable) -> float:
        """When what `owner` has taken is forgotten, or was."""
        return self._until.get(owner, 0.0)

    def add(self, owner: Hashable, seconds: float, now: float) -> None:
        """Note that `owner` has taken `seconds`."""
        until = max(now, self.until(owner)) + seconds * MEMORY
        self._until[owner] = min(until, now + LONGEST_MEMORY)
        if len(self._until) > self._remembered:
            self._until = {each: until for each, until in self._until.items() if until > now}
            self._remembered = REMEMBERED + 2 * len(self._until)


class FairGate:
    """Lets one greenlet through in each pass of the loop.

    For work that is not cheap, such as commands: however many greenlets have some, those that only
    talk get their turn in between.
    """

    def __init__(self) -> None:
        self._is_taken = False
        self._first = deque[_Waiting]()
        """Those that go before all others."""
        self._lines: dict[Hashable, list[tuple[float, int, _Waiting]]] = {}
        """By network, a heap of its clients that wait, by when their debts are forgotten."""
        self._networks: list[tuple[float, int, Hashable]] = []
        """A heap of the networks in `_lines`, each once, by when their debts are forgotten."""
        self._client_debts, self._network_debts = _Debts(), _Debts()
        self._numbers = count()
        self._measured: dict[Owner, float] = {}

    def pass_through(self, owner: Owner, *, first: bool = False) -> None:
        """Wait for a turn, and at least until the loop has polled its sockets."""
        with self.hold(owner, first=first):
            give_way()

    @contextmanager
    def hold(self, owner: Owner, *, first: bool = False) -> Iterator[None]:
        """Wait for a turn, and have it within: nobody else has one then."""
        if self._is_taken:
            self._wait(owner, first)
        self._is_taken = True
        self.charge(owner, LEAST)
        try:
            yield
        finally:
            self._hand_over()

    def charge(self, owner: Owner, seconds: float) -> None:
        """Count `seconds` as taken by `owner`."""
        now = perf_counter()
        self._client_debts.add(owner, seconds, now)
        self._network_debts.add(owner.network, seconds, now)

    @contextmanager
    def measured(self, owner: Owner) -> Iterator[None]:
        """Charge `owner` the time that is spent within, but for what is within `paused` or counted
        as waited (runtime.waited).
        """
        self._measured[owner] = _worked()
        try:
            yield
        finally:
            self.charge(owner, _worked() - self._measured.pop(owner))

    @contextmanager
    def paused(self, owner: Owner) -> Iterator[None]:
        """Stop to measure within, where `owner` waits for others."""
        began = self._measured.get(owner)
        if began is not None:
            self.charge(owner, _worked() - began)
        try:
            yield
        finally:
            if began is not None:
                self._measured[owner] = _worked()

    def _wait(self, owner: Owner, first: bool) -> None:
        waiting = _Waiting()
        self._enter(owner, waiting, first)
        try:
            waiting.comes.wait()
        except BaseException:
            if waiting.comes.is_set():  # it was its turn
                self._hand_over()
            waiting.has_left = True
            raise

    def _enter(self, owner: Owner, waiting: _Waiting, first: bool) -> None:
        number, now = next(self._numbers), perf_counter()
        if first:
            self._first.append(waiting)
            return
        line = self._lines.get(owner.network)
        if line is None:
            line = self._lines[owner.network] = []
            self._enter_network(owner.network, now)
        heappush(line, (max(now, self._client_debts.until(owner)), number, waiting))

    def _enter_network(self, network: Hashable, now: float) -> None:
        moment = max(now, self._network_debts.until(network))
        heappush(self._networks, (moment, next(self._numbers), network))

    def _hand_over(self) -> None:
        """Give the turn to the next one that waits, if any."""
        while waiting := self._next():
            if not waiting.has_left:
                waiting.comes.set()
                return
        self._is_taken = False

    def _next(self) -> _Waiting | None:
        if self._first:
            return self._first.popleft()
        while self._networks:
            moment, _, network = heappop(self._networks)
            if moment < self._network_debts.until(network):  # it has taken more meanwhile
                self._enter_network(network, moment)
                continue
            line = self._lines[network]
            _, _, waiting = heappop(line)
            if line:
                self._enter_network(network, perf_counter())
            else:
                del self._lines[network]
            return waiting
        return None


def _worked() -> float:
    """A clock that stands still while the current greenlet waits, if that is counted."""
    return perf_counter() - seconds_waited()
