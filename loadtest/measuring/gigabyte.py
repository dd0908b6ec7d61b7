"""A client that sends a gigabyte without a line end, beside two that talk."""

import time
from collections.abc import Callable
from contextlib import suppress

from measuring.crowd import Crowd, Member
from measuring.report import Report, percentile
from measuring.server import MIB, Server
from measuring.talk import Talk, line

SIZE = 10**9
PIECE = b"a word, but never a line end; " * 2_000

MOST_GROWTH = 2_000_000

CALM = 6.0
"""Seconds of talk before it begins, to compare with; and so that the log, when memory is
looked at, holds what the two say, which takes more than the same lines said in a bunch."""

LOG_FULL = 120_000
"""Lines after which the room's log is as large as it gets: what is said later takes no more."""

NOTICED = 0.010
"""Seconds from which on a delay is taken to be noticed; a screen shows a picture every 0.016."""


def gigabyte(core: int) -> int:
    """A client that sends 1 GB without a newline: memory, and what two others notice"""
    report = Report(f"gigabyte: {SIZE / 1e9:.0f} GB without a newline, while two others talk")
    with Server(core) as server:
        crowd = Crowd(server.port)
        talker, listener = crowd.join(2)
        crowd.await_head_count(2)
        Talk(server, crowd, [talker, listener], 1, 1000).run(lines=LOG_FULL)

        end = time.monotonic() + CALM
        calm = _latencies(crowd, talker, listener, lambda: time.monotonic() < end)

        (flooder,) = crowd.join(1)
        crowd.await_head_count(3)
        answer = flooder.keep()
        before = server.rss()
        server.forget_peak()
        begin, cpu = time.monotonic(), server.cpu().total
        flood = _Flood(flooder)
        during = _latencies(crowd, talker, listener, flood.go_on)
        seconds, cpu = time.monotonic() - begin, server.cpu().total - cpu
        growth = server.peak() - before
        report.figure("sent", f"{flood.sent:,} bytes in {seconds:.2f} s, server CPU {cpu:.2f} s")
        report.check(
            "memory",
            f"{before / MIB:.0f} MiB, grew by {growth / 1e6:.2f} MB at its peak; under 2",
            growth < MOST_GROWTH and flood.sent >= SIZE,
        )
        _show_latencies(report, "before", calm)
        _show_latencies(report, "during", during)
        report.figure(
            "during / before",
            f"median {percentile(during, 50) / percentile(calm, 50):.1f}, "
            f"p99 {percentile(during, 99) / percentile(calm, 99):.1f}",
        )
        report.check(
            "the others do not notice",
            f"p99 during is under {NOTICED * 1e3:.0f} ms",
            percentile(during, 99) < NOTICED,
        )

        heard = listener.keep()
        crowd.say(flooder, b"\nback again\n")
        try:
            crowd.until(lambda: heard.endswith(b": back again\n"), "its next line is heard")
        finally:
            notices = [one for one in answer.splitlines() if one.startswith(b" * ")]
            report.check(
                "its line is refused, its next heard",
                " / ".join(one.decode(errors="replace")[:50] + "…" for one in notices),
                len(notices) == 1 and bytes(heard) == flooder.name + b": back again\n",
            )
        crowd.leave([talker, listener, flooder])
    return report.failures


class _Flood:
    """Sends SIZE bytes for `member`, as fast as the server takes them."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self.sent = 0

    def go_on(self) -> bool:
        """Send a piece, if the socket takes one; False if all is sent, or the connection broken."""
        with suppress(BlockingIOError):
            if self.sent < SIZE:
                self.sent += self._member.socket.send(PIECE)
        return self.sent < SIZE and not self._member.ended


def _latencies(
    crowd: Crowd, talker: Member, listener: Member, go_on: Callable[[], bool]
) -> list[float]:
    """`talker` says a line, `listener` gets it, and so on: the seconds that each line took."""
    found: list[float] = []
    deadline = time.monotonic() + 60
    going_on = True
    while going_on:
        expected = listener.lines + 1
        begin = time.monotonic()
        crowd.say(talker, line(0, len(found)))
        while listener.lines < expected:
            crowd.poll(0)
            going_on = go_on()
            if time.monotonic() > deadline:
                raise TimeoutError("a line was not delivered, or it all took over 60 s")
        found.append(time.monotonic() - begin)
    return found


def _show_latencies(report: Report, when: str, seconds: list[float]) -> None:
    report.figure(
        f"delivery {when}",
        f"median {percentile(seconds, 50) * 1e3:.3f} ms, p99 {percentile(seconds, 99) * 1e3:.3f}, "
        f"longest {max(seconds) * 1e3:.3f}, of {len(seconds):,}",
    )
