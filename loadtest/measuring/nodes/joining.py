"""A server that joins others whose room has a long history: how long until it serves."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from measuring.crowd import Crowd, Member
from measuring.nodes.cluster import cluster
from measuring.report import Report
from measuring.talk import line

MESSAGES = 1_000_000

AT_ONCE = 2000
"""Lines that are on their way at a time."""

KEPT = 100_000
"""Messages of a room that the store keeps at least, or all of them if they are fewer."""

MOST = 15.0
"""Seconds that a service manager may be made to wait."""

FILL_SECONDS = 140.0


def joining(core: int) -> int:
    """1,000,000 messages in a room: how long a new server, and one that was away, take to serve"""
    report = Report(
        f"joining: {MESSAGES:,} messages of 64 bytes in a room; a server joins with an empty file, "
        f"one that was away for the last {MESSAGES // 2:,} of them, and one that has them all"
    )
    with cluster(core, "ab") as nodes:
        here, away = nodes.servers
        crowd = Crowd(here.port)
        talker, listener = crowd.join(2)
        began = time.monotonic()
        _say(crowd, talker, listener, MESSAGES // 2, began)
        nodes.stop(away)
        _say(crowd, talker, listener, MESSAGES, began)
        filled = time.monotonic() - began
        report.figure("to say them", f"{filled:.0f} s, {MESSAGES / filled:,.0f} lines/s")
        in_redis = nodes.redis.client.xlen("gchat:1:{lobby}:log")
        used = nodes.redis.client.info("memory")["used_memory"]
        report.figure("Redis keeps", f"{in_redis:,} of them, {used / 2**20:.0f} MiB in all")
        crowd.leave([talker, listener])
        nodes.stop(here)
        for what, name in (("new", "c"), ("was away", "b"), ("has all", "a")):
            began = time.monotonic()
            server = nodes.start(name)
            took = time.monotonic() - began
            report.check(f"a server that {what}, serves after", f"{took:.1f} s", took <= MOST)
            nodes.stop(server)
            report.figure("  messages in its file", f"{_count(nodes.file(name)):,}")
            for told in _told(server.output()):
                report.figure("  its log", told)
        report.check(
            "a new server has what Redis kept", "", _count(nodes.file("c")) >= min(KEPT, in_redis)
        )
    return report.failures


def _say(crowd: Crowd, talker: Member, listener: Member, until: int, began: float) -> None:
    """Say lines until so many were said in all since `began`."""
    said = listener.lines
    while listener.lines < until:
        if time.monotonic() > began + FILL_SECONDS:
            raise TimeoutError(f"only {listener.lines:,} lines were said")
        while said < until and said - listener.lines < AT_ONCE:
            crowd.say(talker, b"".join([line(0, said + number) for number in range(100)]))
            said += 100
        crowd.poll(0.05)


def _count(file: Path) -> int:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as history:
        return int(history.execute("SELECT count(*) FROM messages").fetchone()[0])


def _told(output: str) -> list[str]:
    return [each for each in output.splitlines() if "not kept" in each]
