"""runtime.gate: one at a time, and who has taken the least comes first."""

from typing import Any

import gevent
import pytest

from gchat.runtime import gate as gate_module
from gchat.runtime.gate import REMEMBERED, FairGate, Owner
from gchat.runtime.loop import give_way
from gchat.runtime.waited import count_wait
from tests.unit.peers import within_deadline

HERE, THERE = "10.0.0.1", "10.0.0.2"


def owner(client: int, network: str = HERE) -> Owner:
    return Owner(network, client)


def order_of(gate: FairGate, *owners: Owner, first: Owner | None = None) -> list[Owner]:
    """Have `owners` come to the gate in this order, while it is taken; returns in which they are
    let through."""
    through = list[Owner]()

    def pass_through(each: Owner) -> None:
        gate.pass_through(each, first=each == first)
        through.append(each)

    with gate.hold(owner(0, "elsewhere")):
        coming = [gevent.spawn(pass_through, each) for each in owners]
        gevent.sleep(0)
        assert not through
    with within_deadline("all are through"):
        gevent.joinall(coming, raise_error=True)
    return through


def test_one_goes_through_in_each_pass_of_the_loop_in_the_order_in_which_they_come() -> None:
    gate, passes, turns = FairGate(), dict[int, int](), 0

    def pass_through(number: int) -> None:
        gate.pass_through(owner(number))
        passes[number] = turns

    coming = [gevent.spawn(pass_through, number) for number in range(10)]
    with within_deadline("all are through"):
        while len(passes) < 10:
            give_way()
            turns += 1
    gevent.joinall(coming, raise_error=True)
    assert [*passes] == [*range(10)]
    assert len({*passes.values()}) == 10


def test_the_loop_looks_at_its_sockets_before_anybody_is_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[bool] = []
    monkeypatch.setattr(gate_module, "give_way", lambda: given.append(True))
    FairGate().pass_through(owner(1))
    assert given == [True]


def test_one_that_comes_back_at_once_does_not_come_before_those_that_wait() -> None:
    gate, through = FairGate(), list[int]()

    def repeat(number: int, times: int) -> None:
        for _ in range(times):
            gate.pass_through(owner(number))
            through.append(number)

    coming = [gevent.spawn(repeat, 1, 50), gevent.spawn(repeat, 2, 3)]
    with within_deadline("all are through"):
        gevent.joinall(coming, raise_error=True)
    assert through.index(2) <= 2
    assert [*reversed(through)].index(2) >= 40


def test_of_one_network_the_client_that_has_taken_the_least_comes_first() -> None:
    gate = FairGate()
    gate.charge(owner(1), 0.02)
    gate.charge(owner(2), 0.01)
    assert order_of(gate, owner(1), owner(2), owner(3)) == [owner(3), owner(2), owner(1)]


def test_the_network_that_has_taken_the_least_comes_first_whatever_its_clients_have() -> None:
    gate = FairGate()
    for number in range(10):
        gate.charge(owner(number), 0.01)
    gate.charge(owner(99, THERE), 0.05)
    waiting = [owner(number, HERE) for number in range(20, 25)]
    assert order_of(gate, *waiting, owner(99, THERE))[0] == owner(99, THERE)


def test_networks_that_have_taken_as_much_take_turns() -> None:
    gate = FairGate()
    for network in (HERE, THERE):
        gate.charge(owner(0, network), 1000.0)
    waiting = [*(owner(number, HERE) for number in (1, 2, 3)), owner(4, THERE), owner(5, THERE)]
    networks = [each.network for each in order_of(gate, *waiting)]
    assert networks[:4] in ([HERE, THERE, HERE, THERE], [THERE, HERE, THERE, HERE])


def test_all_that_have_taken_very_much_are_equals_and_come_in_their_order() -> None:
    gate = FairGate()
    for number, seconds in ((1, 5000.0), (2, 1000.0), (3, 100.0)):
        gate.charge(owner(number), seconds)
    assert order_of(gate, owner(1), owner(2), owner(3))[0] == owner(1)


def test_what_was_taken_is_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(gate_module, "perf_counter", lambda: now)
    gate = FairGate()
    gate.charge(owner(1), 0.001)
    now += gate_module.MEMORY * 0.001 + 0.5
    assert order_of(gate, owner(1), owner(2)) == [owner(1), owner(2)]
    gate.charge(owner(1), 1e9)
    now += gate_module.LONGEST_MEMORY + 0.5
    assert order_of(gate, owner(1), owner(2)) == [owner(1), owner(2)]


def test_one_that_goes_first_comes_before_all_others() -> None:
    gate, operator = FairGate(), owner(9)
    gate.charge(operator, 1.0)
    waiting = [owner(1, THERE), owner(2), operator]
    assert order_of(gate, *waiting, first=operator)[0] == operator


def test_what_is_measured_is_charged_but_for_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    now, gate = 0.0, FairGate()
    monkeypatch.setattr(gate_module, "perf_counter", lambda: now)
    charged = list[float]()
    monkeypatch.setattr(gate, "charge", lambda _, seconds: charged.append(seconds))
    with gate.measured(owner(1)):
        now += 1.0
        with gate.paused(owner(1)):
            now += 10.0
        now += 2.0
    with gate.paused(owner(1)):
        now += 5.0
    assert charged == [1.0, 2.0]


def test_what_is_counted_as_waited_meanwhile_is_not_charged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, gate = 0.0, FairGate()
    monkeypatch.setattr(gate_module, "perf_counter", lambda: now)
    charged = list[float]()
    monkeypatch.setattr(gate, "charge", lambda _, seconds: charged.append(seconds))
    gevent.spawn(count_wait, 100.0).join()  # another greenlet's
    count_wait(10.0)
    with gate.measured(owner(1)):
        now += 5.0
        count_wait(4.0)
        with gate.paused(owner(1)):
            now += 20.0
            count_wait(20.0)
        now += 3.0
        count_wait(1.0)
        gevent.spawn(count_wait, 100.0).join()
    assert charged == [1.0, 2.0]


def test_who_is_ended_at_a_gate_stands_in_nobodys_way() -> None:
    gate = FairGate()
    waiting: list[Any] = [gevent.spawn(gate.pass_through, owner(number)) for number in range(3)]
    gevent.sleep(0)
    for greenlet in reversed(waiting):
        greenlet.kill()
    with within_deadline("another one is through"):
        gate.pass_through(owner(4))
    assert not gate._is_taken


def test_who_is_ended_when_its_turn_has_come_gives_it_on() -> None:
    gate = FairGate()
    with gate.hold(owner(1)):
        waiting = gevent.spawn(gate.pass_through, owner(2))
        gevent.sleep(0)
        waiting.kill(block=False)  # it learns of that after its turn has come
    with within_deadline("another one is through"):
        gate.pass_through(owner(3))


def test_owners_that_owe_nothing_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(gate_module, "perf_counter", lambda: now)
    gate = FairGate()
    for number in range(5 * REMEMBERED):
        now += 1.0
        gate.charge(Owner(number, number), 0.001)
    assert len(gate._client_debts._until) <= 2 * REMEMBERED
    assert len(gate._network_debts._until) <= 2 * REMEMBERED
