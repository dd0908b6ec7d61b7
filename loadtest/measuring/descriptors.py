"""A server that runs out of descriptors."""

import time
from collections.abc import Callable

from measuring.crowd import Crowd, Member
from measuring.report import Report
from measuring.server import Server

LIMIT = 64
SECONDS = 2.0
"""For which they are out, while newcomers keep coming."""

NEWCOMERS = 100
MOST_LOAD = 0.25
"""Of a core. A loop that wakes again and again for a connection that it cannot accept uses 1."""

MOST_LOG_LINES = 3
FREED = 10
PAUSE = SECONDS / NEWCOMERS


def descriptors(core: int) -> int:
    """Descriptors run out: newcomers are told, nothing spins, and it goes on when some are free"""
    report = Report(f"descriptors: a server with {LIMIT} of them, and more clients than that")
    with Server(core, "--max-clients", "1000", descriptors=LIMIT) as server:
        crowd = Crowd(server.port)
        talker, listener = crowd.join(2)
        crowd.await_head_count(2)
        seated = _fill(crowd)
        report.figure("clients until they are out", f"{len(seated) + 2}")

        said = 0
        heard = listener.keep()
        begin, cpu = time.monotonic(), server.cpu().total
        newcomers: list[Member] = []
        answers: list[bytearray] = []
        for number in range(NEWCOMERS):
            (newcomer,) = crowd.join(1, speaks_at_once=number % 2 == 0)
            newcomers.append(newcomer)
            answers.append(newcomer.keep())
            crowd.say(talker, b"line %d\n" % said)
            said += 1
            _listen_until(crowd, begin + (number + 1) * PAUSE)
        seconds, cpu = time.monotonic() - begin, server.cpu().total - cpu
        told = sum(
            newcomer.ended and b"out of file descriptors" in answer
            for newcomer, answer in zip(newcomers, answers, strict=True)
        )
        report.check("newcomers that are told", f"{told} of {NEWCOMERS}", told == NEWCOMERS)
        report.check(
            "server CPU meanwhile",
            f"{cpu:.2f} s of {seconds:.2f} ({cpu / seconds:.0%}), at most {MOST_LOAD:.0%}",
            cpu / seconds <= MOST_LOAD,
        )
        crowd.leave(newcomers)

        begin, cpu = time.monotonic(), server.cpu().total
        _listen_until(crowd, begin + SECONDS)
        cpu = server.cpu().total - cpu
        report.check(
            "server CPU when none comes",
            f"{cpu:.2f} s of {SECONDS:.2f}, at most {MOST_LOAD:.0%}",
            cpu / SECONDS <= MOST_LOAD,
        )
        lines = server.output().count("out of file descriptors")
        report.check(
            "lines of its log that say so",
            f"{lines}, at least 1 and at most {MOST_LOG_LINES}",
            1 <= lines <= MOST_LOG_LINES,
        )

        crowd.leave(seated[:FREED])
        crowd.await_head_count(2 + len(seated) - FREED)
        (late,) = crowd.join(1, speaks_at_once=False)
        welcome = late.keep()
        report.check(
            "a newcomer, when some are free",
            "is welcomed",
            _comes_true(crowd, lambda: welcome.startswith(b" * Welcome")),
        )
        crowd.say(late, b"hello\n")
        end = late.name + b": hello"
        arrives = _comes_true(crowd, lambda: end in heard.splitlines())
        report.check("its line", "is heard", arrives)
        lines_heard = [one for one in heard.splitlines() if one.startswith(talker.name)]
        expected = [talker.name + b": line %d" % number for number in range(said)]
        report.check(
            "lines of the others, in order",
            f"{len(lines_heard)} of {said}",
            lines_heard == expected,
        )
        crowd.leave([talker, listener, late, *seated[FREED:]])
    return report.failures


def _fill(crowd: Crowd) -> list[Member]:
    """Connect clients one by one until one is turned away; returns those that were let in."""
    seated: list[Member] = []
    for _ in range(2 * LIMIT):
        (member,) = crowd.join(1, speaks_at_once=False)
        answer = member.keep()
        if not _is_welcomed(crowd, answer):
            crowd.leave([member])
            return seated
        seated.append(member)
    raise RuntimeError(f"{len(seated)} clients had room in {LIMIT} descriptors")


def _is_welcomed(crowd: Crowd, answer: bytearray) -> bool:
    """Whether a newcomer is; one that gets no answer at all is not."""
    return _comes_true(crowd, lambda: b"\n" in answer) and answer.startswith(b" * Welcome")


def _listen_until(crowd: Crowd, end: float) -> None:
    while (left := end - time.monotonic()) > 0:
        crowd.poll(left)


def _comes_true(crowd: Crowd, condition: Callable[[], bool]) -> bool:
    try:
        crowd.until(condition, "", timeout=5)
    except TimeoutError:
        return False
    return True
