"""delivery.senders: the same bytes to many, a result for each, however they are sent."""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from socket import socketpair
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.delivery.senders import ring as ring_module
from gchat.delivery.senders.choice import NoSender, Sender, choose_sender
from gchat.delivery.senders.crew import LEAST, MOST
from gchat.delivery.senders.loop import FULL, LoopSender
from gchat.delivery.senders.ring import Ring
from gchat.delivery.senders.uring import FEW, UringSender, try_uring
from gchat.hub.connection import Connection
from tests.unit.senders import SENDERS, no_failure, send_all
from tests.unit.sides import Sides

BATCH = b"somebody: hello\n"
LONG = b"x" * 1_000_000
"""More than a socket takes at once."""


class Other(Connection):
    """A connection of another kind, which makes bytes of its own."""

    __slots__ = ()

    def send(self, data: bytes | memoryview) -> int:
        return super().send(bytes(data).upper())


@pytest.fixture
def sides() -> Iterator[Sides]:
    sides = Sides()
    yield sides
    sides.close()


@pytest.fixture(params=SENDERS)
def sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    with closing(SENDERS[request.param]()) as sender:
        yield sender


@pytest.mark.parametrize("count", [1, FEW, LEAST, 2 * LEAST, MOST, MOST + 1])
def test_each_is_sent_all_of_it_once(sender: Sender, sides: Sides, count: int) -> None:
    sides.add(count)
    for number in range(5):
        data = b"%d %s" % (number, BATCH)
        assert send_all(sender, data, sides.ours) == [len(data)] * count
        assert sides.heard() == [data] * count


def test_each_has_its_result_in_their_order_whatever_happens_to_one(
    sender: Sender, sides: Sides
) -> None:
    sides.add(2 * FEW)
    sides.ours[1].send(LONG)  # its socket is full now
    sides.theirs[3].close()
    sides.ours[5].abort()
    results = sender.send(BATCH, sides.ours)
    expected = [len(BATCH)] * 2 * FEW
    expected[1], expected[3], expected[5] = FULL, -errno.EPIPE, -errno.EPIPE
    assert results == expected


def test_who_has_room_for_a_part_is_sent_that_part(sender: Sender, sides: Sides) -> None:
    sides.add(FEW)
    results = sender.send(LONG, sides.ours)
    assert all(0 < result < len(LONG) for result in results)
    assert sides.heard() == [LONG[:result] for result in results]


def test_who_gets_the_descriptor_of_a_closed_connection_is_sent_nothing_for_it(
    sender: Sender, sides: Sides
) -> None:
    sides.add(FEW)
    sides.ours[3].close()
    with ExitStack() as opened:
        newcomers = [opened.enter_context(each) for each in socketpair()]
        results = sender.send(BATCH, sides.ours)
        for each in newcomers:
            each.setblocking(False)
            with pytest.raises(BlockingIOError):
                each.recv(1)
    assert results == [len(BATCH)] * 3 + [-errno.EBADF] + [len(BATCH)] * (FEW - 4)


def test_connections_of_another_kind_make_their_own_bytes(sender: Sender) -> None:
    with closing(Sides(Other)) as sides:
        sides.add(FEW)
        assert sender.send(BATCH, sides.ours) == [len(BATCH)] * FEW
        assert sides.heard() == [BATCH.upper()] * FEW


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, LEAST), st.binary(min_size=1, max_size=50)), max_size=30))
def test_calls_of_any_sizes_follow_one_another(calls: list[tuple[int, bytes]]) -> None:
    """The ring's queues wrap around at any place."""
    with closing(Sides()) as sides, closing(try_uring(no_failure)) as sender:
        sides.add(LEAST)
        for count, data in calls:
            assert sender.send(data, sides.ours[:count]) == [len(data)] * count
            assert sides.heard() == [data] * count + [b""] * (LEAST - count)


# When the kernel does not do as it must


class Failing:
    """The system calls of a ring, of which one fails in some way."""

    def __init__(self, how: Callable[[int, Sequence[Any]], int]) -> None:
        self._how = how
        self._real = ring_module._call

    def __call__(self, number: int, *arguments: Any) -> int:
        if number == ring_module.ENTER:
            return self._how(number, arguments)
        return self._real(number, *arguments)


def refuses(_number: int, _arguments: Sequence[Any]) -> int:
    return -errno.EPERM


def takes_half(number: int, arguments: Sequence[Any]) -> int:
    descriptor, count, *_ = arguments
    return REAL(number, descriptor, count // 2, count // 2, ring_module.GETEVENTS, None, 0)


def claims_more(number: int, arguments: Sequence[Any]) -> int:
    takes_half(number, arguments)
    return int(arguments[1])


REAL = ring_module._call


@pytest.mark.parametrize(("fails", "unknown"), [(refuses, 0), (takes_half, 0), (claims_more, FEW)])
def test_a_ring_that_fails_is_left_and_nobody_is_sent_anything_twice(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, fails: Any, unknown: int
) -> None:
    failures: list[str] = []
    sender, count = try_uring(failures.append), 2 * FEW
    sides.add(count)
    monkeypatch.setattr(ring_module, "_call", Failing(fails))
    results = sender.send(BATCH, sides.ours)
    known = count - unknown
    assert results == [len(BATCH)] * known + [-errno.EPIPE] * unknown
    assert sides.heard() == [BATCH] * known + [b""] * unknown
    assert len(failures) == 1
    assert sender.send(BATCH, sides.ours[:known]) == [len(BATCH)] * known
    assert sides.heard()[:known] == [BATCH] * known
    assert len(failures) == 1


@pytest.mark.parametrize(("owner", "unknown"), [("_put", 0), ("_take", 2 * FEW)])
def test_a_mistake_of_ours_beside_the_ring_sends_nobody_anything_twice(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, owner: str, unknown: int
) -> None:
    failures: list[str] = []
    sender, count = try_uring(failures.append), 2 * FEW
    sides.add(count)
    monkeypatch.setattr(Ring, owner, lambda *_: 1 // 0)
    results = sender.send(BATCH, sides.ours)
    assert results == [-errno.EPIPE] * unknown + [len(BATCH)] * (count - unknown)
    assert sides.heard() == [BATCH] * count
    assert failures == ["io_uring fails: ZeroDivisionError: integer division or modulo by zero"]


def test_a_signal_meanwhile_changes_nothing(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    signals = iter([True, False])

    def interrupted(number: int, arguments: Sequence[Any]) -> int:
        return -errno.EINTR if next(signals) else REAL(number, *arguments)

    sides.add(FEW)
    with closing(try_uring(no_failure)) as sender:
        monkeypatch.setattr(ring_module, "_call", Failing(interrupted))
        assert sender.send(BATCH, sides.ours) == [len(BATCH)] * FEW
    assert sides.heard() == [BATCH] * FEW


# Which one is used


def test_the_ring_is_used_where_it_works_and_the_loop_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for wanted, kind, shown in (
        ("auto", UringSender, "uring"),
        ("uring", UringSender, "uring"),
        ("loop", LoopSender, "loop"),
    ):
        choice = choose_sender(wanted, 0, no_failure)
        assert (type(choice.sender), choice.shown) == (kind, shown)
        choice.sender.close()
    monkeypatch.setattr(ring_module, "_call", lambda *_: -errno.EPERM)  # as in many containers
    choice = choose_sender("auto", 0, no_failure)
    assert type(choice.sender) is LoopSender
    assert choice.shown == "loop (no io_uring here: Operation not permitted)"
    with pytest.raises(NoSender, match="no io_uring here: Operation not permitted"):
        choose_sender("uring", 0, no_failure)


def test_a_ring_that_does_not_send_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_module, "SEND", 0)  # an operation that does nothing
    choice = choose_sender("auto", 0, no_failure)
    assert type(choice.sender) is LoopSender
    assert "does not send" in choice.shown
