"""Connections that send rubbish and break off in every way, beside two that talk."""

import random
import re
import socket
import struct
import time
from collections import deque
from heapq import heappop, heappush

from measuring.crowd import Crowd, Member
from measuring.report import Report
from measuring.server import MIB, Server

CONNECTIONS = 1000
"""In each of the waves."""

STAYING = 3
"""The two who talk and listen, and the one who counts heads."""

AT_ONCE = 100
"""Connections that are open at a time."""

LINGER = 0.5
"""Seconds after which those break off that do not do so at once: long enough to be welcomed."""

MOST_GROWTH = 4 * MIB
"""From the end of one wave to that of the next: half of what 1,000 clients take that are idle,
so not many can have been left over."""

PAUSE = 0.005
"""Seconds between two lines of the bystander who talks."""

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of 0: closing resets the connection."""


def vandals(core: int) -> int:
    """1,000 connections that send random bytes and break off in every way: nothing is left over"""
    report = Report(f"vandals: {CONNECTIONS:,} connections send rubbish and break off, twice over")
    with Server(core) as server:
        crowd = Crowd(server.port)
        talker, listener = crowd.join(2)
        crowd.say(talker, b"/nick bystander\n")
        crowd.await_head_count(2)
        heard = listener.keep()
        descriptors, threads = server.descriptors(), server.threads()
        chance = random.Random(1)
        said = _wave(crowd, talker, 0, chance)
        _await_their_end(crowd)
        memory = server.rss()
        said = _wave(crowd, talker, said, chance)
        left = _await_their_end(crowd)

        report.check("left in /who, besides the two", f"{left - 2}", left == 2)
        growth = server.rss() - memory
        report.check(
            "descriptors, threads",
            f"{server.descriptors()}, {server.threads()}; before {descriptors}, {threads}",
            (server.descriptors(), server.threads()) == (descriptors, threads),
        )
        report.check(
            "memory (RSS), second wave",
            f"{memory / MIB:.1f} MiB, grew by {growth / MIB:.1f}; most is {MOST_GROWTH / MIB:.0f}",
            growth <= MOST_GROWTH,
        )
        expected = [b"bystander: line %d" % number for number in range(said)]

        def lines() -> list[bytes]:
            return [one for one in bytes(heard).splitlines() if one.startswith(b"bystander: ")]

        try:
            crowd.until(lambda: len(lines()) >= said, "the bystander is heard", 10)
        finally:
            report.check(
                "the bystander's lines, in order",
                f"{len(lines()):,} of {said:,} heard",
                lines() == expected,
            )
        status = server.stop()
        log = server.output()
        told = re.search(r"stopping: (\d+) clients? connected", log)
        report.check(
            "left in the dict, at the end",
            f"{int(told[1]) - STAYING if told else 'unknown'}, exit status {status}",
            told is not None and int(told[1]) == STAYING and status == 0,
        )
        wrong = [one for one in log.splitlines() if "Traceback" in one or " ERROR " in one]
        joined = len(re.findall(r" INFO join ", log))
        report.check(
            "tracebacks and errors in the log",
            f"{len(wrong)}, of {joined:,} that joined{': ' + wrong[0] if wrong else ''}",
            # Some break off before it is known whether they are people.
            not wrong and CONNECTIONS < joined <= 2 * CONNECTIONS + STAYING,
        )
        crowd.leave([talker, listener])
    return report.failures


def _wave(crowd: Crowd, talker: Member, said: int, chance: random.Random) -> int:
    """All vandals come and break off, while `talker` talks; returns how many lines it has said."""
    to_come = deque(range(CONNECTIONS))
    open_until: list[tuple[float, int, Member]] = []
    next_line = time.monotonic()
    while to_come or open_until:
        now = time.monotonic()
        while to_come and len(open_until) < AT_ONCE:
            (vandal,) = crowd.join(1, reads=chance.random() < 0.5, speaks_at_once=False)
            if chance.random() < 0.7:
                crowd.say(vandal, _rubbish(chance))
            delay = chance.choice((0.0, 0.0, chance.uniform(0, LINGER)))
            heappush(open_until, (now + delay, to_come.popleft(), vandal))
        while open_until and open_until[0][0] <= now:
            _break_off(crowd, heappop(open_until)[2], chance)
        if now >= next_line:
            crowd.say(talker, b"line %d\n" % said)
            said += 1
            next_line = now + PAUSE
        crowd.poll(0.001)
    return said


def _await_their_end(crowd: Crowd) -> int:
    """Wait until nobody is here but the bystanders; returns how many are."""
    try:
        crowd.await_head_count(2, timeout=10)
    except TimeoutError:
        return crowd.head_count()
    return 2


def _rubbish(chance: random.Random) -> bytes:
    """Bytes of any value; the end or the middle of a line, of telnet, of UTF-8, of a command."""
    return chance.choice(
        (
            chance.randbytes(chance.randint(1, 400)),
            chance.randbytes(chance.randint(1, 400)) + b"\n",
            b"in the middle of a li",
            b"\r",
            b"\xff\xfd",
            b"\xff\xfb\x1f\xff\xfa\x1f" + chance.randbytes(20),
            "äöü€".encode()[: chance.randint(1, 8)],
            b"/who\n" * chance.randint(1, 20),
            b"/nick \x1b[31m\n/nick vandal%d\n" % chance.randint(1, 999),
            b"/quit\n",
        )
    )


def _break_off(crowd: Crowd, vandal: Member, chance: random.Random) -> None:
    """Close, reset, half-close and then close or reset, all with unread input or without."""
    try:
        half = chance.choice((None, None, socket.SHUT_WR, socket.SHUT_RD))
        if half is not None:
            vandal.socket.shutdown(half)
        if chance.random() < 0.3:
            crowd.say(vandal, b"and on it goes in the middle of a li")
        if chance.random() < 0.5:
            vandal.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    except OSError:  # the server was faster
        pass
    crowd.leave([vandal])
