"""A quiet room beside one in which as much is said as the server can deliver."""

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
PAUSE = 0.005
"""Seconds between two lines in the quiet room."""

NOTICED = 0.016
"""Seconds that a line of the quiet room may take as a rule: a screen shows a picture as often."""


def rooms(core: int) -> int:
    """A quiet room while another one floods: how long its lines take"""
    report = Report(
        f"rooms: 2 talk in one, {CROWD} in another, where {TALKERS} flood it with {LINE}-byte "
        f"lines, {ROUNDS} rounds of each kind"
    )
    with Server(core) as server:
        context = get_context("fork")
        ours, theirs = context.Pipe()
        child = context.Process(target=_flood, args=(server, theirs), daemon=True)
        child.start()
        _expect(ours, "the crowd is in its room")
        crowd = Crowd(server.port)
        talker, listener = crowd.join(2)
        crowd.await_head_count(talker, 2)
        calm: list[list[float]] = []
        beside: list[list[float]] = []
        rates: list[float] = []
        exact = True
        for _ in range(ROUNDS):
            calm.append(_latencies(crowd, talker, listener, SECONDS))
            ours.send(SECONDS)
            beside.append(_latencies(crowd, talker, listener, SECONDS))
            rate, complete = _expect(ours, "the flood is over")
            rates.append(rate)
            exact = exact and complete
        ours.send(0.0)
        child.join()
        crowd.leave([talker, listener])
    report.check("the flood", f"{spread(rates, ',.0f')} deliveries/s", exact)
    for what, found in (("alone", calm), ("beside the flood", beside)):
        for percent in (50, 99):
            times = [percentile(one, percent) * 1e3 for one in found]
            report.figure(f"quiet room {what}, p{percent}", f"{spread(times, '.2f')} ms")
    p99 = median(percentile(one, 99) for one in beside)
    report.check(
        "the quiet room does not notice", f"p99 under {NOTICED * 1e3:.0f} ms", p99 < NOTICED
    )
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
    """Be the crowd of the other room: talk for as many seconds as each order says; 0 ends it.

    In a process of its own, which makes room for the one that measures.
    """
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    crowd = Crowd(server.port)
    members = crowd.join(CROWD)
    for member in members:
        crowd.say(member, b"/join flood\n")
    crowd.await_head_count(members[0], CROWD)
    talk = Talk(server, crowd, members, TALKERS, IN_FLIGHT)
    orders.send(None)
    while seconds := orders.recv():
        one = talk.run(seconds=seconds)
        orders.send((one.rate, one.exact))
    crowd.leave(members)


def _expect(child: Connection, what: str) -> tuple[float, bool]:
    """What the child sends. Raises TimeoutError if that takes too long."""
    if not child.poll(30):
        raise TimeoutError(f"in 30 s it did not come to this: {what}")
    answer: tuple[float, bool] = child.recv()
    return answer
