"""runtime.loop: locks by name, giving way, and interrupting."""

import socket
from collections.abc import Callable

import gevent
from gevent.event import Event

from gchat.runtime.loop import READABLE, Interruptible, Locks, give_way, wait_for
from tests.unit.peers import within_deadline


def test_of_those_with_one_name_one_has_its_lock_and_another_name_has_another() -> None:
    locks, holding, most = Locks(), dict[str, int](), dict[str, int]()

    def use(name: str) -> None:
        with locks.hold(name):
            holding[name] = holding.get(name, 0) + 1
            most[name] = max(most.get(name, 0), holding[name])
            most["all"] = max(most.get("all", 0), sum(holding.values()))
            gevent.sleep(0)
            holding[name] -= 1

    users = [gevent.spawn(use, name) for name in "aab"]
    with within_deadline("all are done"):
        gevent.joinall(users, raise_error=True)
    assert most == {"a": 1, "b": 1, "all": 2}
    assert not locks._locks


def test_giving_way_ends_when_those_have_run_whose_sockets_can_be_read() -> None:
    ours, theirs = socket.socketpair()
    order: list[str] = []
    with ours, theirs:
        readable = gevent.get_hub().loop.io(ours.fileno(), READABLE)

        def read() -> None:
            order.append("waits")
            wait_for(readable)
            order.append("reads")

        with within_deadline("it is read"):
            reader = gevent.spawn(read)
            while not order:
                give_way()
            theirs.send(b"x")
            give_way()
            order.append("goes on")
            reader.join()
        readable.close()
    assert order == ["waits", "reads", "goes on"]


def test_an_interruption_ends_a_wait_and_comes_not_behind_it() -> None:
    interrupts: list[Callable[[BaseException], None]] = []
    first, second = Event(), Event()
    told: list[str] = []

    def wait_twice() -> None:
        try:
            with Interruptible() as interrupt:
                interrupts.append(interrupt)
                first.wait()
            told.append("leaves")
            second.wait()
        except KeyError as why:
            told.append(f"is interrupted: {why}")

    with within_deadline("both have ended"):
        waiting, leaving = gevent.spawn(wait_twice), gevent.spawn(wait_twice)
        gevent.sleep(0)
        interrupts[0](KeyError("first"))
        waiting.join()
        first.set()  # it wakes the other one in the pass in which that is to be interrupted
        interrupts[1](KeyError("second"))
        gevent.sleep(0.01)
        second.set()
        leaving.join()
    assert told == ["is interrupted: 'first'", "leaves"]
