"""How long nobody is heard when Redis ends, and Sentinels put its replica in its place."""

import re
import time

from measuring.crowd import Crowd
from measuring.nodes.three_nodes import three_nodes
from measuring.report import Report, spread

RUNS = 3

RATE = 50
"""Lines a second."""

BEFORE = 2.0
"""Seconds of talk before Redis ends,"""

AFTER = 15.0
"""and behind that, at the most."""

MOST = 4.0
"""The bar: seconds until talk goes on. One of them is what the Sentinels wait before they believe
it (down-after-milliseconds)."""


def failover(core: int) -> int:
    """The Redis of three servers is killed, Sentinels replace it: how long until talk goes on"""
    report = Report(
        f"failover: {RATE} lines a second at one server, heard at another one; the Redis is "
        f"killed, {RUNS} runs"
    )
    runs = [_run() for _ in range(RUNS)]
    took, bad = zip(*runs, strict=True)
    shown = f"{spread(took, '.1f')} s, at most {MOST:.0f}"
    report.check("until talk goes on", shown, max(took) <= MOST)
    wrong = f"{sum(bad)} of {RUNS}"
    report.check("runs in which a line was lost, twice, or late", wrong, not any(bad))
    return report.failures


def _run() -> tuple[float, bool]:
    """Returns how long it was silent, and whether the lines were not each heard once, in order."""
    with three_nodes() as nodes:
        crowd = Crowd(nodes.port)
        talker, listener = crowd.join(2)  # each at the server with the fewest
        crowd.await_head_count(2)
        heard = listener.keep()
        begin, said, killed, silent = time.monotonic(), 0, 0.0, 0.0
        awaited = b""
        while True:
            now = time.monotonic()
            if now > begin + BEFORE + AFTER:
                raise TimeoutError("talk does not go on")
            if not killed and now > begin + BEFORE:
                nodes.kill("redis1")
                killed, awaited = now, b"line %d\n" % (said + RATE // 2)  # said when it is gone
            if killed and awaited in heard:
                silent = time.monotonic() - killed
                break
            if begin + said / RATE <= now:
                crowd.say(talker, b"line %d\n" % said)
                said += 1
            crowd.poll(0.005)
        last = b"line %d\n" % (said - 1)
        crowd.until(lambda: last in heard, "all lines have arrived")
        numbers = [int(each) for each in re.findall(rb"line (\d+)\n", heard)]
        crowd.leave([talker, listener])
    return silent, numbers != list(range(said))
