"""runtime.alarms: those who wait for a socket no longer than to a deadline."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

import gevent
import pytest

from gchat.runtime import alarms as alarms_module
from gchat.runtime.alarms import AT_A_TIME, Alarms
from gchat.runtime.loop import READABLE, give_way
from tests.unit.peers import within_deadline

SOON, NEVER = 0.02, 3600.0
"""Seconds from now on."""


class Waiting:
    """Greenlets that wait for a socket, each for its own; and what has become of them."""

    def __init__(self) -> None:
        self.alarms = Alarms()
        self.late: list[int] = []
        self.read: list[int] = []
        self._closed: list[Any] = []
        self.others: list[socket.socket] = []
        self.greenlets: list[gevent.Greenlet[..., None]] = []

    def wait(self, deadline: float) -> None:
        """One more waits, until `deadline`."""
        ours, theirs = socket.socketpair()
        watcher = gevent.get_hub().loop.io(ours.fileno(), READABLE)
        self._closed += [watcher, ours, theirs]
        number = len(self.others)
        self.others.append(theirs)

        def wait() -> None:
            try:
                self.alarms.wait_for(watcher, deadline)
            except TimeoutError:
                assert monotonic() >= deadline
                self.late.append(number)
            else:
                self.read.append(number)

        self.greenlets.append(gevent.spawn(wait))

    def join(self, *numbers: int) -> None:
        with within_deadline("they do not wait any more"):
            gevent.joinall([self.greenlets[number] for number in numbers], raise_error=True)

    def close(self) -> None:
        gevent.killall(self.greenlets)
        for each in self._closed:
            each.close()


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    waiting = Waiting()
    yield waiting
    waiting.close()


def test_who_waits_goes_on_when_there_is_something_to_read_or_when_its_time_is_over(
    waiting: Waiting,
) -> None:
    now = monotonic()
    for seconds in (NEVER, 3 * SOON, SOON, NEVER):
        waiting.wait(now + seconds)
    give_way()
    waiting.others[3].send(b"x")
    waiting.join(1, 2, 3)
    assert (waiting.late, waiting.read) == ([2, 1], [3])
    waiting.others[0].send(b"x")
    waiting.join(0)
    assert waiting.read == [3, 0]


def test_of_hundreds_whose_time_is_over_at_once_some_are_woken_in_a_pass_in_their_order(
    waiting: Waiting,
) -> None:
    deadline, count = monotonic() - SOON, 5 * AT_A_TIME
    for number in range(count):
        waiting.wait(deadline + number * 1e-6)
    seen = list[int]()
    with within_deadline("all are woken"):
        while len(waiting.late) < count:
            give_way()
            seen.append(len(waiting.late))
    steps = [after - before for before, after in zip([0, *seen], seen, strict=False)]
    assert max(steps) == AT_A_TIME
    assert waiting.late == sorted(waiting.late)


def test_who_is_ended_while_it_waits_is_not_woken_and_delays_nobody(waiting: Waiting) -> None:
    now = monotonic()
    waiting.wait(now + SOON)
    waiting.wait(now + 2 * SOON)
    give_way()
    waiting.greenlets[0].kill()
    waiting.join(1)
    assert (waiting.late, waiting.read) == ([1], [])


def test_one_whose_next_step_fails_takes_nobody_along(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As bare greenlets fail: into the loop's own greenlet, which had woken them."""
    ours, theirs = socket.socketpair()
    watcher = gevent.get_hub().loop.io(ours.fileno(), READABLE)
    errors: list[Any] = []
    monkeypatch.setattr(gevent.get_hub(), "handle_error", lambda *error: errors.append(error[1]))

    def fail() -> None:
        with suppress(TimeoutError):
            waiting.alarms.wait_for(watcher, monotonic())
        raise SystemError

    with ours, theirs:
        gevent.spawn_raw(fail)
        waiting.wait(monotonic() + SOON)
        waiting.join(0)
        watcher.close()
    assert waiting.late == [0]
    assert errors == [SystemError]


def test_alarms_that_nobody_needs_any_more_are_forgotten(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms_module, "REMEMBERED", 8)
    waiting.alarms = Alarms()
    for number in range(100):
        waiting.wait(monotonic() + NEVER)
        give_way()
        waiting.others[number].send(b"x")
        waiting.join(number)
        assert len(waiting.alarms._alarms) <= 8 + 2 * 1 + 1
    assert waiting.read == list(range(100))
