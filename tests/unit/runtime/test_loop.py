"""runtime.loop: giving way to others, and the gate that lets one through at a time."""

from typing import Any

import gevent
import pytest
from gevent.event import Event

from gchat.runtime import loop
from gchat.runtime.loop import Gate, give_way
from tests.unit.peers import within_deadline


def all_through(gate: Gate, count: int) -> list[int]:
    """Have so many come to the gate at once; returns after how many turns of a bystander, who
    always gives way, each of them was through, in the order in which they came."""
    turns, through = 0, dict[int, int]()

    def pass_through(number: int) -> None:
        gate.pass_through()
        through[number] = turns

    coming = [gevent.spawn(pass_through, number) for number in range(count)]
    with within_deadline("all are through"):
        while len(through) < count:
            give_way()
            turns += 1
    gevent.joinall(coming, raise_error=True)
    return [through[number] for number in range(count)]


def test_at_a_gate_one_goes_through_at_a_time_who_came_first_first() -> None:
    passes = all_through(Gate(), 10)
    assert passes == sorted(set(passes))


def test_who_comes_back_at_once_waits_for_those_who_have_waited() -> None:
    gate, through = Gate(), list[str]()

    def pass_through(name: str, times: int) -> None:
        for _ in range(times):
            gate.pass_through()
            through.append(name)

    coming = [gevent.spawn(pass_through, name, times) for name, times in (("a", 9), ("b", 3))]
    with within_deadline("all are through"):
        gevent.joinall(coming, raise_error=True)
    assert "".join(through) == "abababaaaaaa"


def test_who_is_ended_at_the_moment_of_their_turn_hands_it_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, leave = Gate(), Event()

    def go_through_and_end_the_second() -> None:
        leave.wait()
        monkeypatch.setattr(loop, "give_way", give_way)
        gevent.get_hub().loop.run_callback(second.throw, gevent.GreenletExit)

    monkeypatch.setattr(loop, "give_way", go_through_and_end_the_second)
    first, second, third = (gevent.spawn(gate.pass_through) for _ in range(3))
    gevent.sleep(0)
    leave.set()
    with within_deadline("the third is through"):
        third.get()
    assert (first.ready(), second.ready(), gate._is_taken) == (True, True, False)


def test_who_goes_through_lets_the_loop_look_at_its_sockets_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[bool] = []
    gate = Gate()
    monkeypatch.setattr(loop, "give_way", lambda: given.append(True))
    gate.pass_through()
    assert given == [True]


def test_who_is_ended_at_a_gate_stands_in_nobodys_way() -> None:
    gate = Gate()
    waiting: list[Any] = [gevent.spawn(gate.pass_through) for _ in range(3)]
    gevent.sleep(0)
    for greenlet in waiting:
        greenlet.kill()
    with within_deadline("another one is through"):
        gate.pass_through()
