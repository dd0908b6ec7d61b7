"""delivery.senders with threads: who sends what, and that nothing else happens meanwhile."""

import _thread
import errno
import os
import socket
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import chain
from traceback import walk_stack
from typing import Any

import gevent
import pytest
from gevent import monkey
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.delivery.senders import crew as crew_module
from gchat.delivery.senders import ring as ring_module
from gchat.delivery.senders.choice import choose_sender
from gchat.delivery.senders.crew import LEAST, MOST, Crew
from gchat.delivery.senders.loop import FULL, LoopSender
from gchat.delivery.senders.ring import Ring
from gchat.delivery.senders.uring import UringSender, try_uring
from gchat.hub.connection import Connection
from tests.unit.peers import DEADLINE, wait_until
from tests.unit.senders import no_failure, send_all
from tests.unit.sides import Sides

BATCH = b"somebody: hello\n"
THREADS = 2

block = monkey.get_original("time", "sleep")


@pytest.fixture
def sides() -> Iterator[Sides]:
    with closing(Sides()) as sides:
        yield sides


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread is woken for a few sends, and does no more of them."""
    monkeypatch.setattr(crew_module, "LEAST", 1)
    monkeypatch.setattr(crew_module, "MOST", 8)


@pytest.fixture
def _on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread is so late that others do its work."""
    monkeypatch.setattr(Crew, "_take_back", lambda _, others: others)


class InThreads:
    """`Ring.send` as it is, but for what is done before it in the threads that help."""

    def __init__(self, before: Callable[[Sequence[int]], None]) -> None:
        self._before = before
        self._real = Ring.send
        self._own = _thread.get_ident()

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def send(ring: Ring, data: bytes, descriptors: Sequence[int]) -> list[int]:
            if _thread.get_ident() != self._own:
                self._before(descriptors)
            return self._real(ring, data, descriptors)

        monkeypatch.setattr(Ring, "send", send)


def helping() -> int:
    """How many threads there are to help."""
    running = sys._current_frames().values()
    codes = ({frame.f_code for frame, _ in walk_stack(innermost)} for innermost in running)
    return sum(crew_module._Helper._run.__code__ in each for each in codes)


# Who sends what


@pytest.mark.usefixtures("_small")
@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.binary(min_size=1, max_size=50)), max_size=30))
def test_each_is_sent_everything_once_and_in_order(calls: list[tuple[int, bytes]]) -> None:
    with closing(Sides()) as sides, closing(try_uring(no_failure, THREADS)) as sender:
        sides.add(40)
        for count, data in calls:
            assert send_all(sender, data, sides.ours[:count]) == [len(data)] * count
            assert sides.heard() == [data] * count + [b""] * (40 - count)


@pytest.mark.usefixtures("_on_time")
def test_all_threads_send_at_the_same_time(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits until the others have begun."""
    begun, real = list[int](), Ring.send

    def send(ring: Ring, data: bytes, descriptors: Sequence[int]) -> list[int]:
        begun.append(_thread.get_ident())
        for _ in range(int(DEADLINE * 1000)):
            if len(begun) > THREADS:
                break
            block(0.001)
        return real(ring, data, descriptors)

    with closing(try_uring(no_failure, THREADS)) as sender:
        monkeypatch.setattr(Ring, "send", send)
        sides.add(3 * LEAST)
        assert sender.send(BATCH, sides.ours) == [len(BATCH)] * 3 * LEAST
    assert len(set(begun)) == 1 + THREADS
    assert _thread.get_ident() in begun


def test_no_thread_is_woken_for_a_few(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    sides.add(2 * LEAST - 1)
    with closing(try_uring(no_failure, THREADS)) as sender, monkeypatch.context() as strict:
        strict.setattr(crew_module._Helper, "wake", None)
        assert sender.send(BATCH, sides.ours) == [len(BATCH)] * (2 * LEAST - 1)


def test_what_a_late_thread_has_not_begun_is_left_for_the_next_call(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(try_uring(no_failure, 1)) as sender:
        with monkeypatch.context() as late:
            late.setattr(crew_module._Helper, "wake", lambda _: None)
            sides.add(2 * LEAST)
            assert sender.send(BATCH, sides.ours) == [len(BATCH)] * LEAST
        assert sides.heard() == [BATCH] * LEAST + [b""] * LEAST
        assert send_all(sender, BATCH, sides.ours[LEAST:]) == [len(BATCH)] * LEAST
        assert sides.heard() == [b""] * LEAST + [BATCH] * LEAST


def test_a_call_carries_no_more_than_what_is_sent_before_the_clock_is_looked_at() -> None:
    with closing(try_uring(no_failure)) as one, closing(try_uring(no_failure, THREADS)) as three:
        assert one.at_a_time == LoopSender().at_a_time
        assert three.at_a_time == 3 * MOST


# Nothing else happens meanwhile


@pytest.mark.usefixtures("_on_time")
def test_no_newcomer_gets_the_descriptor_of_a_connection_that_is_being_sent_to(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody wants to close a connection, and a newcomer is about to come, while a thread is
    about to send to it."""
    newcomers = list[tuple[socket.socket, socket.socket]]()
    sides.add(2 * LEAST)
    leaves = sides.ours[-1]
    number = leaves.descriptor

    def replace() -> None:
        leaves.close()
        while all(number not in map(socket.socket.fileno, pair) for pair in newcomers):
            newcomers.append(socket.socketpair())

    with closing(try_uring(no_failure, 1)) as sender:
        InThreads(lambda _: block(0.05)).patch(monkeypatch)
        gevent.spawn(replace)
        results = sender.send(BATCH, sides.ours)
    assert results == [len(BATCH)] * 2 * LEAST
    assert not newcomers
    wait_until(lambda: newcomers, "somebody else comes")
    assert sides.heard() == [BATCH] * 2 * LEAST
    with ExitStack() as opened:
        for each in chain.from_iterable(newcomers):
            opened.enter_context(each).setblocking(False)
        for each in chain.from_iterable(newcomers):
            with pytest.raises(BlockingIOError):
                each.recv(1)


@pytest.mark.usefixtures("_on_time")
def test_what_is_sent_lives_until_the_last_thread_has_sent_it(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that nobody else holds on to, and others where they might have been."""
    sides.add(2 * LEAST)
    others = list[bytes]()
    with closing(try_uring(no_failure, 1)) as sender:
        InThreads(lambda _: block(0.01)).patch(monkeypatch)
        for number in range(20):
            sender.send(b"%4d" % number * 1000, sides.ours)
            others.append(b"%4d" % (number + 100) * 1000)
            assert sides.heard() == [b"%4d" % number * 1000] * 2 * LEAST


# When something fails


@pytest.mark.usefixtures("_small", "_on_time")
def test_each_has_its_result_whatever_happens_to_one_in_the_middle(sides: Sides) -> None:
    with closing(try_uring(no_failure, THREADS)) as sender:
        sides.add(24)
        for full in (3, 11, 20):
            sides.ours[full].send(b"x" * 1_000_000)
        for gone in (5, 13, 22):
            sides.theirs[gone].close()
        results = sender.send(BATCH, sides.ours)
    expected = [len(BATCH)] * 24
    for full, gone in ((3, 5), (11, 13), (20, 22)):
        expected[full], expected[gone] = FULL, -errno.EPIPE
    assert results == expected


def _fail_in_threads(monkeypatch: pytest.MonkeyPatch, how: Callable[..., int]) -> None:
    """Have a system call fail in the threads that help."""
    own, real = _thread.get_ident(), ring_module._call

    def call(number: int, *arguments: Any) -> int:
        if _thread.get_ident() == own:
            return real(number, *arguments)
        return how(real, number, *arguments)

    monkeypatch.setattr(ring_module, "_call", call)


def refuse(_real: Callable[..., int], _number: int, *_arguments: Any) -> int:
    return -errno.EPERM


def claim_more(real: Callable[..., int], number: int, *arguments: Any) -> int:
    """Do half of it, and say that it is done."""
    ring, count, *_ = arguments
    real(number, ring, count // 2, count // 2, ring_module.GETEVENTS, None, 0)
    return int(count)


@pytest.mark.usefixtures("_small", "_on_time")
@pytest.mark.parametrize(("how", "unknown"), [(refuse, 0), (claim_more, 4)])
def test_a_ring_that_fails_in_a_thread_is_the_end_of_all_and_nobody_is_sent_anything_twice(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, how: Callable[..., int], unknown: int
) -> None:
    failures, own = list[tuple[str, int]](), _thread.get_ident()
    sender = try_uring(lambda why: failures.append((why, _thread.get_ident())), THREADS)
    sides.add(24)
    _fail_in_threads(monkeypatch, how)
    results = sender.send(BATCH, sides.ours)
    known = [len(BATCH)] * (8 - unknown) + [-errno.EPIPE] * unknown
    assert results == [len(BATCH)] * 8 + known * 2
    assert [heard in (BATCH, b"") for heard in sides.heard()] == [True] * 24
    ((why, thread),) = failures  # once, in the thread that may tell others of it
    assert why.startswith("io_uring fails: ")
    assert thread == own
    alive = [ours for ours, result in zip(sides.ours, results, strict=True) if result > 0]
    assert send_all(sender, BATCH, alive) == [len(BATCH)] * len(alive)
    assert sender.at_a_time == LoopSender().at_a_time


@pytest.mark.usefixtures("_small", "_on_time")
def test_a_thread_that_dies_leaves_nobody_waiting_and_nobody_is_sent_anything_twice(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = list[str]()
    sender = try_uring(failures.append, 1)
    sides.add(16)

    def die(_descriptors: Sequence[int]) -> None:
        raise SystemExit

    InThreads(die).patch(monkeypatch)
    assert sender.send(BATCH, sides.ours) == [len(BATCH)] * 8 + [-errno.EPIPE] * 8
    assert failures == ["io_uring fails: a send thread has ended"]


def test_without_threads_there_is_still_a_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    choice = choose_sender("auto", 2, no_failure)
    assert choice[1:] == ("uring, 2 send threads", 2)
    choice.sender.close()
    choice = choose_sender("auto", 1, no_failure)
    assert choice[1:] == ("uring, 1 send thread", 1)
    choice.sender.close()
    assert choose_sender("loop", 2, no_failure)[1:] == ("loop", 0)
    with monkeypatch.context() as forbidden:
        _fail_in_threads(forbidden, refuse)
        choice = choose_sender("uring", 2, no_failure)
        assert choice[1:] == ("uring (no send threads here: Operation not permitted)", 0)
        choice.sender.close()

    def start(*_: object) -> int:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(crew_module, "start_new_thread", start)
    choice = choose_sender("auto", 2, no_failure)
    assert choice[1:] == ("uring (no send threads here: can't start new thread)", 0)
    choice.sender.close()
    wait_until(lambda: not helping(), "all threads have ended")


def test_threads_end_with_their_sender() -> None:
    wait_until(lambda: not helping(), "those of other tests have ended")
    sender = try_uring(no_failure, THREADS)
    assert helping() == THREADS
    sender.close()
    wait_until(lambda: not helping(), "the threads end")


# A process that is forked


def test_a_forked_process_has_no_ring_and_does_not_disturb_that_of_its_parent(
    sides: Sides,
) -> None:
    sides.add(2 * LEAST)
    fork, wait = (monkey.get_original("os", name) for name in ("fork", "waitpid"))
    with closing(try_uring(no_failure, 1)) as sender:
        child = fork()
        if not child:
            try:
                os._exit(_send_in_child(sender, sides.ours[0]))
            finally:
                os._exit(99)
        assert os.waitstatus_to_exitcode(wait(child, 0)[1]) == 0
        assert send_all(sender, BATCH, sides.ours) == [len(BATCH)] * 2 * LEAST
    assert sides.heard() == [BATCH] * 2 * LEAST


def _send_in_child(sender: UringSender, connection: Connection) -> int:
    """What the ring has sent in the child: nothing."""
    assert sender._crew is not None
    ring = sender._crew._own
    tail = ring._words[ring._tail]
    try:
        ring.send(BATCH, array("i", [connection.descriptor]))
    except ring_module.RingFailed as failed:
        return failed.taken + (ring._words[ring._tail] - tail)
    return 98


def test_completions_of_an_earlier_call_are_not_taken_for_those_of_this_one(sides: Sides) -> None:
    """A completion queue that is full: three times as much was sent as was looked at."""
    sides.add(8)
    ring = Ring(4)
    descriptors = [ours.descriptor for ours in sides.ours]
    ring.send(BATCH, descriptors[:4])
    for _ in range(3):
        ring._put(4)
        ring_module._enter(ring._file.fileno(), 4)
    with pytest.raises(ring_module.RingFailed) as failed:
        ring.send(BATCH, descriptors[4:])
    assert failed.value.results == {}
    assert failed.value.taken == 4
    ring.close()
