"""hub.fair_queue: the turns of senders when more is sent than can be delivered."""

from collections import Counter
from typing import Any

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.hub import fair_queue
from gchat.hub.fair_queue import LEAST_OF_A_ROOM, MIN_TURN, REMEMBERED, FairQueue
from gchat.hub.pace import FEW_SENDERS, FIRST_BYTES, MAX_UNSENT, MIN_UNSENT, ROUND_TIME


class Clock:
    """Tells a time that is later by `step` each time that it is asked."""

    def __init__(self) -> None:
        self.step = ROUND_TIME
        self._now = 0.0

    def __call__(self) -> float:
        self._now += self.step
        return self._now


NAME = 10
"""Bytes of everybody's name."""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Rounds take as long as they may, unless a test wants something else."""
    clock = Clock()
    monkeypatch.setattr(fair_queue, "perf_counter", clock)
    return clock


@pytest.fixture
def tiny_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside many rooms, as little may be added as the test says."""
    monkeypatch.setattr(fair_queue, "LEAST_OF_A_ROOM", 1)


class Flooded:
    """A room in which more was said than is sent in a round; who speaks waits."""

    def __init__(self) -> None:
        self.queue = FairQueue()
        self.queue.unsent = MAX_UNSENT + 1
        self.order: list[int] = []
        """The numbers of those whose turn came."""
        self.greenlets: list[Any] = []

    def wait(self, speaker: int, *lines: bytes) -> Any:
        """Have somebody wait with `lines`; the greenlet's value is how many they may say."""

        def speak() -> int:
            number = self.queue.wait(speaker, NAME, lines)
            self.order.append(speaker)
            return number

        self.greenlets.append(gevent.spawn(speak))
        gevent.idle()
        return self.greenlets[-1]

    def begin_round(self, listeners: int = 1, rooms: int = 1) -> list[int]:
        """The numbers of those whose turn has come with it."""
        before = len(self.order)
        self.queue.begin_round(listeners, rooms)
        gevent.idle()
        return self.order[before:]


def test_as_long_as_the_broadcaster_keeps_up_nobody_waits() -> None:
    queue = FairQueue()
    for _ in range(3):
        assert queue.wait(1, NAME, [b"x" * 1000] * 50) == 50
    queue.unsent = MAX_UNSENT
    assert queue.wait(1, NAME, [b"x" * 1000] * 50) == 50
    assert not queue.are_awaited


def test_when_it_does_not_those_who_speak_wait_for_its_next_round() -> None:
    room = Flooded()
    talker = room.wait(1, b"hello")
    assert room.queue.are_awaited
    assert not talker.ready()
    assert room.begin_round() == [1]
    assert talker.get() == 1
    assert room.queue.unsent == 0
    assert not room.queue.are_awaited


def test_who_comes_while_others_wait_does_not_go_before_them() -> None:
    room = Flooded()
    for speaker in (1, 2, 3):
        room.wait(speaker, b"x" * 100_000)
    assert room.begin_round() == [1, 2]
    assert not room.wait(4, b"x" * 100_000).ready()  # though nothing has been said yet
    assert room.begin_round() == [3, 4]


@pytest.mark.usefixtures("tiny_rounds")
def test_one_who_says_little_comes_next_however_many_flood_the_room() -> None:
    room = Flooded()
    for speaker in range(100):
        room.wait(speaker, *[b"x" * 50] * 40)
    for _ in range(20):
        said = room.begin_round(1, MAX_UNSENT // 2000)  # there is room for 2,000 bytes
        assert said
        for speaker in said:
            if speaker != 1000:
                room.wait(speaker, *[b"x" * 50] * 40)
        room.wait(1000, b"hi")
        assert 1000 in room.begin_round(1, MAX_UNSENT // 2000)


@pytest.mark.usefixtures("tiny_rounds")
def test_those_who_flood_share_what_there_is_whatever_the_length_of_their_lines() -> None:
    room, said = Flooded(), Counter[int]()
    lines = {speaker: b"x" * (speaker * 300) for speaker in range(1, 8)}
    for speaker, line in lines.items():
        room.wait(speaker, line)
    for _ in range(500):
        for speaker in room.begin_round(1, MAX_UNSENT // 300):
            said[speaker] += NAME + len(lines[speaker])
            room.wait(speaker, lines[speaker])
    assert max(said.values()) - min(said.values()) <= 2 * len(lines[7])


def test_a_turn_is_of_whole_lines_one_at_least_and_smaller_the_more_are_waiting() -> None:
    room = Flooded()
    assert room.wait(0, b"x" * 2 * MAX_UNSENT, b"y")
    counts = [room.wait(speaker, *[b"x" * 54] * 4000) for speaker in range(1, 800)]
    while room.queue.are_awaited:
        room.begin_round()
    numbers = [greenlet.get() for greenlet in counts]
    assert room.greenlets[0].get() == 1
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] == MAX_UNSENT // 2 // 64
    assert numbers[-1] == MIN_TURN // 64


def limit_of(queue: FairQueue) -> int:
    """How many bytes may be added to it before senders wait, as they find out themselves."""
    before = queue.unsent
    low, high = 0, 2 * MAX_UNSENT
    while low < high:
        queue.unsent = (low + high + 1) // 2
        is_free = queue.unsent <= queue._limit
        low, high = (queue.unsent, high) if is_free else (low, queue.unsent - 1)
    queue.unsent = before
    return low


@pytest.mark.parametrize(
    ("rooms", "limit"), [(20, MAX_UNSENT // 20), (50, LEAST_OF_A_ROOM), (1000, LEAST_OF_A_ROOM)]
)
def test_beside_other_rooms_less_is_said_for_a_round(rooms: int, limit: int) -> None:
    queue = FairQueue()
    queue.begin_round(1, rooms)
    assert limit_of(queue) == limit


def flood(room: Flooded, rounds: int, listeners: int = 10, senders: int = 2) -> None:
    """Have so many rounds to so many `listeners`, with so many `senders` that wait for each."""
    for number in range(rounds):
        for _ in range(senders - len(room.queue._waiting)):
            room.wait(number, b"x" * 2 * MAX_UNSENT)
        room.begin_round(listeners)


def test_rounds_that_take_too_long_carry_less_and_in_the_end_more_again(clock: Clock) -> None:
    room = Flooded()
    flood(room, 5)
    assert limit_of(room.queue) == pytest.approx(MAX_UNSENT, rel=0.01)
    clock.step = 1.25 * ROUND_TIME
    flood(room, 3)
    assert MIN_UNSENT < limit_of(room.queue) < MAX_UNSENT * 0.75
    flood(room, 100)
    assert limit_of(room.queue) == MIN_UNSENT
    clock.step = 0.5 * ROUND_TIME
    flood(room, 10)
    assert limit_of(room.queue) == pytest.approx(MAX_UNSENT, rel=0.01)


def test_one_round_that_took_very_long_changes_little(clock: Clock) -> None:
    room = Flooded()
    clock.step = 1000 * ROUND_TIME
    flood(room, 1)
    assert limit_of(room.queue) == pytest.approx(MAX_UNSENT // 2, rel=0.01)


def test_rounds_that_nobody_waited_for_may_be_far_apart(clock: Clock) -> None:
    queue = FairQueue()
    clock.step = 1000 * ROUND_TIME
    for _ in range(10):
        queue.begin_round(10, 1)
    assert limit_of(queue) == MAX_UNSENT


def test_the_first_rounds_carry_less_for_more_listeners() -> None:
    for listeners, limit in ((200, FIRST_BYTES // 200), (9999, MIN_UNSENT)):
        queue = FairQueue()
        queue.begin_round(listeners, 1)
        assert limit_of(queue) == limit


def test_for_more_listeners_than_before_a_round_carries_so_much_less(clock: Clock) -> None:
    room = Flooded()
    clock.step = ROUND_TIME / 2
    flood(room, 20, listeners=1000)
    assert limit_of(room.queue) == pytest.approx(MAX_UNSENT, rel=0.01)
    clock.step = ROUND_TIME
    flood(room, 1, listeners=4000)
    assert limit_of(room.queue) == pytest.approx(MAX_UNSENT // 4, rel=0.01)
    flood(room, 1, listeners=1000)
    assert limit_of(room.queue) == pytest.approx(MAX_UNSENT // 4, rel=0.01)


def test_when_many_more_wait_than_before_a_round_carries_so_much_less() -> None:
    room = Flooded()
    flood(room, 1, senders=FEW_SENDERS)
    assert limit_of(room.queue) == pytest.approx(MAX_UNSENT, rel=0.01)
    flood(room, 1, senders=4 * FEW_SENDERS)
    assert limit_of(room.queue) == pytest.approx(MAX_UNSENT // 4, rel=0.01)
    flood(room, 3, senders=4 * FEW_SENDERS)
    assert limit_of(room.queue) == pytest.approx(MAX_UNSENT // 4, rel=0.01)


@pytest.mark.parametrize("listeners", [10**6, 10**9])
def test_a_round_always_gives_somebody_their_turn(listeners: int) -> None:
    room = Flooded()
    for speaker in (1, 2):
        room.wait(speaker, b"x" * MAX_UNSENT)
    assert room.begin_round(listeners) == [1]
    assert room.begin_round(listeners) == [2]


def test_one_who_leaves_while_waiting_takes_nobodys_place() -> None:
    room = Flooded()
    gone = room.wait(1, b"x" * MAX_UNSENT)
    room.wait(2, b"x" * MAX_UNSENT)
    gone.kill()
    assert room.begin_round() == [2]
    assert not room.queue.are_awaited


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 2000)), min_size=1, max_size=60))
def test_everybody_has_their_turn_in_the_end_and_nothing_is_kept_then(
    lines: list[tuple[int, int]],
) -> None:
    room = Flooded()
    for number, (_, size) in enumerate(lines):
        room.wait(number, b"x" * size)
    for _ in lines:
        room.begin_round(1, MAX_UNSENT // 100)
    assert sorted(room.order) == list(range(len(lines)))
    assert not room.queue.are_awaited
    assert not room.queue._ends


@pytest.mark.usefixtures("tiny_rounds")
def test_a_long_line_has_its_turn_however_many_newcomers_have_short_ones() -> None:
    room = Flooded()
    room.wait(0, b"x" * 6000)
    number = 0
    while 0 not in room.order:
        for _ in range(10):
            number += 1
            assert number < 1000
            room.wait(number, b"x" * 100)
        room.begin_round(1, MAX_UNSENT // 1000)  # there is room for 1,000 bytes


@pytest.mark.usefixtures("tiny_rounds")
def test_who_comes_and_goes_while_others_wait_is_not_remembered() -> None:
    room = Flooded()
    for number in range(10 * REMEMBERED):
        room.wait(number, b"x" * (MIN_TURN - NAME))
        if number % 10 == 4 and number > 10:  # there is room for ten
            room.begin_round(1, MAX_UNSENT // (19 * MIN_TURN // 2))
            assert len(room.queue._waiting) == 5
    assert len(room.queue._ends) <= 2 * REMEMBERED
