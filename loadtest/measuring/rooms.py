"""A quiet room beside others in which as much is said as the server can deliver."""

import os
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median

from measuring.crowd import Crowd, Member
from measuring.report import Report, percentile, spread
from measuring.server import Server
from measuring.talk import LINE, Talk, line

CROWD = 100
TALKERS = 10
IN_FLIGHT = 1000
ROUNDS = 5
SECONDS = 2.0
MANY = 50
"""Rooms that are flooded at the same time, by one for another one."""

PAUSE = 0.005
"""Seconds between two lines in the quiet room."""

NOTICED = 0.016
"""Seconds that a line of the quiet room may take as a rule: a screen shows a picture as often."""

NOTICED_BESIDE_MANY = 0.100
"""The same beside many that are flooded, which share one core: what people take for at once."""

FLOOD = b"".join(line(0, number) for number in range(200))


def rooms(core: int) -> int:
    """A quiet room while another one floods, or fifty do: how long its lines take"""
    report = Report(
        f"rooms: 2 talk in one, {CROWD} in another, where {TALKERS} flood it with {LINE}-byte "
        f"lines, {ROUNDS} rounds of each kind"
    )
    with Server(core) as server:
        context = get_context("fork")
        orders, theirs = context.Pipe()
        child = context.Process(target=_flood, args=(server, theirs), daemon=True)
        child.start()
        _expect(orders, "the crowd is in its room")
        crowd = Crowd(server.port)
        talker, listener = crowd.join(2)
        crowd.await_head_count(2)
        found: dict[str, list[list[float]]] = {"alone": [], "one": [], "many": []}
        rates: dict[str, list[float]] = {"one": [], "many": []}
        exact = True
        for _ in range(ROUNDS):
            found["alone"].append(_latencies(crowd, talker, listener, SECONDS))
            for flood in ("one", "many"):
                orders.send(flood)
                found[flood].append(_latencies(crowd, talker, listener, SECONDS))
                rate, complete = _expect(orders, "the flood is over")
                rates[flood].append(rate)
                exact = exact and complete
        orders.send("")
        child.join()
        crowd.leave([talker, listener])
    report.check("the flood in one", f"{spread(rates['one'], ',.0f')} deliveries/s", exact)
    report.figure(f"the flood in {MANY}", f"{spread(rates['many'], ',.0f')} deliveries/s")
    names = {"alone": "alone", "one": "beside one", "many": f"beside {MANY}"}
    for what, rounds in found.items():
        for percent in (50, 99):
            times = [percentile(one, percent) * 1e3 for one in rounds]
            report.figure(f"quiet room {names[what]}, p{percent}", f"{spread(times, '.2f')} ms")
    for what, most in (("one", NOTICED), ("many", NOTICED_BESIDE_MANY)):
        p99 = median(percentile(one, 99) for one in found[what])
        limit = f"p99 under {most * 1e3:.0f} ms"
        report.check(f"it does not notice, {names[what]}", limit, p99 < most)
    return report.failures


def _latencies(crowd: Crowd, talker: Member, listener: Member, seconds: float) -> list[float]:
    """`talker` says a line now and then: the seconds until `listener` has it."""
    found: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        expected = listener.lines + 1
        begin = time.monotonic()
        crowd.say(talker, line(0, len(found)))
        while listener.lines < expected:
            crowd.poll(0.05)
        found.append(time.monotonic() - begin)
        time.sleep(PAUSE)
    return found


def _flood(server: Server, orders: Connection) -> None:
    """Be the crowds of the other rooms: talk in `one` or in `many`, as each order says.

    In a process of its own, which makes room for the one that measures.
    """
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    crowd = Crowd(server.port)
    members = crowd.join(CROWD)
    for member in members:
        crowd.say(member, b"/join flood\n")
    crowd.await_head_count(CROWD, "flood")
    talk = Talk(server, crowd, members, TALKERS, IN_FLIGHT)
    pairs = Crowd(server.port)
    talkers, listeners = pairs.join(MANY), pairs.join(MANY)
    for room, pair in enumerate(zip(talkers, listeners, strict=True)):
        for member in pair:
            pairs.say(member, b"/join flood%d\n" % room)
    for room in range(MANY):
        pairs.await_head_count(2, f"flood{room}")
    orders.send(None)
    while order := orders.recv():
        if order == "one":
            one = talk.run(seconds=SECONDS)
            orders.send((one.rate, one.exact))
        else:
            orders.send((_flood_many(pairs, talkers), True))
    crowd.leave(members)
    pairs.leave([*talkers, *listeners])


def _flood_many(crowd: Crowd, talkers: list[Member]) -> float:
    """Each talker says as much as the server takes; returns deliveries per second."""
    before, said = crowd.lines, 0
    begin = time.monotonic()
    while time.monotonic() < begin + SECONDS:
        for talker in talkers:
            if not talker.unsent:
                crowd.say(talker, FLOOD)
                said += FLOOD.count(b"\n")
        crowd.poll(0.01)
    crowd.until(lambda: crowd.lines - before >= said, "all lines of the flood are delivered")
    return said / (time.monotonic() - begin)


def _expect(child: Connection, what: str) -> tuple[float, bool]:
    """What the child sends. Raises TimeoutError if that takes too long."""
    if not child.poll(30):
        raise TimeoutError(f"in 30 s it did not come to this: {what}")
    answer: tuple[float, bool] = child.recv()
    return answer
