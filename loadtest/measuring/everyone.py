"""Everybody talks at the same time: nothing is lost, and all see one order."""

import random
import time
from collections import deque

from measuring.crowd import Crowd, Member
from measuring.report import Report
from measuring.server import Server
from measuring.talk import line

CLIENTS = 200
LINES = 50
DELIVERIES = CLIENTS * LINES * (CLIENTS - 1)


def everyone(core: int) -> int:
    """200 clients say 50 lines each at the same time: all delivered once, in one order"""
    report = Report(f"everyone: {CLIENTS} clients say {LINES} lines each at the same time")
    with Server(core) as server:
        crowd = Crowd(server.port)
        (observer,) = crowd.join(1)  # one more, who says nothing and so sees all there is
        crowd.await_head_count(1)
        overview = observer.keep()
        members = crowd.join(CLIENTS, speaks_at_once=False)
        kept = [member.keep() for member in members]
        crowd.until(
            lambda: all(data.startswith(b" * Welcome") for data in kept), "all are welcomed"
        )
        begin = time.monotonic()
        _say_all(crowd, members)
        try:
            crowd.until(
                lambda: (
                    min(map(_count_said, kept)) >= LINES * (CLIENTS - 1)
                    and _count_said(overview) >= LINES * CLIENTS
                ),
                "all lines are delivered",
            )
        except TimeoutError as error:
            report.check("in time", str(error), False)
        seconds = time.monotonic() - begin
        # Asked last, so whatever is delivered twice has come before the answer.
        crowd.poll(0.2)

    order = _lines_said(overview)
    complete = sorted(order) == sorted(
        said for sender, member in enumerate(members) for said in _lines_of(sender, member)
    )
    report.check("global order", f"{len(order):,} lines, each once", complete)
    received = same = 0
    for member, data in zip(members, kept, strict=True):
        own = member.name + b": "
        lines = _lines_said(data)
        received += len(lines)
        same += lines == [said for said in order if not said.startswith(own)]
    report.check("deliveries", f"{received:,} of {DELIVERIES:,}", received == DELIVERIES)
    report.check("same order, each line once, for", f"{same} of {CLIENTS}", same == CLIENTS)
    report.figure("time", f"{seconds:.2f} s")
    return report.failures


def _say_all(crowd: Crowd, members: list[Member]) -> None:
    """All say their lines, cut anywhere into pieces, now this one's and now that one's."""
    chance = random.Random(1)
    texts = [b"".join(line(sender, n) for n in range(LINES)) for sender in range(len(members))]
    turns = deque(range(len(members)))
    while turns:
        sender = turns.popleft()
        cut = chance.randint(1, 500)
        crowd.say(members[sender], texts[sender][:cut])
        texts[sender] = texts[sender][cut:]
        if texts[sender]:
            turns.insert(chance.randint(0, len(turns)), sender)
        else:
            crowd.poll(0)


def _lines_of(sender: int, member: Member) -> list[bytes]:
    """What the others see of `sender`."""
    return [member.name + b": " + line(sender, number)[:-1] for number in range(LINES)]


def _count_said(data: bytearray) -> int:
    return data.count(b"\n") - data.count(b"\n * ") - data.startswith(b" * ")


def _lines_said(data: bytearray) -> list[bytes]:
    """The lines in `data` that people have said."""
    return [said for said in bytes(data).split(b"\n") if said and not said.startswith(b" * ")]
