"""Ten thousand people who are just there."""

import time

from measuring.crowd import Crowd
from measuring.report import Report
from measuring.server import Server

CLIENTS = 10_000
MOST_BYTES = 12 * 1024
"""Of resident memory for each idle client; the aim is 8 KiB."""

SETTLED = 3.0
"""Seconds without a byte after which nothing is going on any more."""

LINE = b"hello everybody\n"


def idle(core: int) -> int:
    """10,000 clients in one process: time to connect, memory for each, a line to all of them"""
    report = Report(f"idle: {CLIENTS:,} people connect to one process")
    with Server(core) as server:
        crowd = Crowd(server.port)
        before = server.rss()
        begin = time.monotonic()
        members = crowd.join(CLIENTS, speaks_at_once=False)
        report.figure("all are connected in", f"{time.monotonic() - begin:.2f} s")

        kept = [member.keep() for member in members]
        waiting = kept.copy()

        def all_are_welcomed() -> bool:
            waiting[:] = [data for data in waiting if not data.startswith(b" * Welcome")]
            return not waiting

        try:
            crowd.until(all_are_welcomed, "all are welcomed")
        except TimeoutError:
            report.check("not welcomed", f"{len(waiting):,}", False)
        cpu = server.cpu().total
        report.figure(
            "all are welcomed in", f"{time.monotonic() - begin:.2f} s, server CPU {cpu:.2f} s"
        )
        _settle(crowd)
        cpu = server.cpu().total
        idle_bytes = (server.rss() - before) / CLIENTS

        for member in members:
            member.sink = None
        heard = [member.keep() for member in members[1:]]
        waiting = heard.copy()
        end = members[0].name + b": " + LINE

        def all_have_it() -> bool:
            waiting[:] = [data for data in waiting if not data.endswith(end)]
            return not waiting

        begin = time.monotonic()
        crowd.say(members[0], LINE)
        try:
            crowd.until(all_have_it, "the line is delivered")
        finally:
            report.check(
                "a line to all of them",
                f"{len(heard) - len(waiting):,} of {len(heard):,} got it, "
                f"in {time.monotonic() - begin:.2f} s",
                not waiting,
            )
        _settle(crowd)
        used_bytes = (server.rss() - before) / CLIENTS
        report.check(
            "RSS per idle client",
            f"{idle_bytes / 1024:.1f} KiB; after the line {used_bytes / 1024:.1f}; most is 12",
            max(idle_bytes, used_bytes) <= MOST_BYTES,
        )
        report.figure("", f"(server's RSS minus that before they came, over {CLIENTS:,})")
        crowd.leave(members)
    return report.failures


def _settle(crowd: Crowd) -> None:
    """Receive until nothing has come for a while."""
    last, since = crowd.bytes, time.monotonic()
    while time.monotonic() - since < SETTLED:
        crowd.poll(0.1)
        if crowd.bytes != last:
            last, since = crowd.bytes, time.monotonic()
