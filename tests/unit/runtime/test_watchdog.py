"""runtime.watchdog: what blocks the loop is found and told, by whatever it is blocked."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import pytest

from gchat.runtime import watchdog
from gchat.runtime.code_places import NOWHERE
from gchat.runtime.watchdog import WAITED, Watchdog
from gchat.text.phrases import listing
from tests.unit.peers import DEADLINE, wait_until

ROOT = Path(__file__).parents[3]

BLOCKED = re.compile(
    r"event loop blocked for (?P<blocked>\d+) ms, CPU time (?P<computed>\d+) ms"
    r"(?P<waited> \(a blocking[^)]*\))?, at (?P<where>[^\n]+)"
)

PROGRAM = """
from gevent import monkey
monkey.patch_all()
import gc, time
import gevent
from gevent.event import Event
from gevent.hub import Hub
from gchat.runtime.logs import start_logging
from gchat.runtime.watchdog import Watchdog

handler = start_logging("info")
watchdog = Watchdog()
watchdog.start()
real_sleep = monkey.get_original("time", "sleep")

def block():
    seen = watchdog._sample
    handler.acquire()  # whoever logs now, and is not the loop, waits for ever
    until = time.monotonic() + 10
    while watchdog._sample is seen and time.monotonic() < until:
        real_sleep(0.001)
    handler.release()

gevent.spawn(block).join()
while watchdog.delay().worst < 0.1:
    gevent.sleep(0.01)
handler.flush()
try:
    Event().wait()
except gevent.hub.LoopExit:  # nothing but the watchdog is left
    print(sum(isinstance(thing, Hub) for thing in gc.get_objects()))
"""


class Watched:
    """The loop of this test, with a watchdog, and what that logs."""

    def __init__(self, caplog: pytest.LogCaptureFixture, limit: float) -> None:
        self.watchdog = Watchdog(limit)
        self._caplog = caplog
        self.watchdog.start()

    def lines(self) -> list[str]:
        return [record.getMessage() for record in self._caplog.records]

    def blockages(self, where: str = "") -> list[re.Match[str]]:
        """The lines about blockages in a place with `where` in it."""
        matches = map(BLOCKED.fullmatch, self.lines())
        return [match for match in matches if match and where in match["where"]]

    def wait_for_blockage(self, where: str) -> re.Match[str]:
        """Let the loop go on; returns what it says about the blockage there."""
        wait_until(lambda: self.blockages(where), "it is told")
        (blockage,) = self.blockages(where)
        return blockage

    def wait_for_beats(self, count: int) -> None:
        """Let the loop go on for so many beats, or more."""
        for _ in range(count):
            wait_until(partial(self._is_later_than, self.watchdog._due), "it beats")

    def _is_later_than(self, due: float) -> bool:
        return self.watchdog._due > due

    def compute(self, cpu_seconds: float = 0.0) -> None:
        """Block by computing: until that was seen, and for so long at least."""
        seen = self.watchdog._sample
        end, deadline = time.thread_time() + cpu_seconds, time.monotonic() + DEADLINE
        while self.watchdog._sample is seen or time.thread_time() < end:
            assert time.monotonic() < deadline, "it is not seen"

    def wait(self, seconds: float = 0.0) -> None:
        """Block by waiting: until that was seen, and for so long at least."""
        seen = self.watchdog._sample
        end, deadline = time.monotonic() + seconds, time.monotonic() + DEADLINE
        while self.watchdog._sample is seen or time.monotonic() < end:
            assert time.monotonic() < deadline, "it is not seen"
            time.sleep(0.01)


@pytest.fixture
def watched(caplog: pytest.LogCaptureFixture) -> Iterator[Watched]:
    watched = Watched(caplog, 0.1)
    yield watched
    watched.watchdog.stop()


@pytest.fixture
def quick(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """One that beats ten times as often."""
    monkeypatch.setattr("gchat.runtime.watchdog.BEAT", 0.005)
    watched = Watched(caplog, 0.02)
    yield watched
    watched.watchdog.stop()


# What is told of a blockage


def test_a_loop_that_computes_is_told_with_the_place(watched: Watched) -> None:
    began = time.monotonic()
    watched.compute(0.3)
    passed = time.monotonic() - began
    blockage = watched.wait_for_blockage(" compute")
    computed, blocked = int(blockage["computed"]) / 1000, int(blockage["blocked"]) / 1000
    assert 0.3 - watchdog.BEAT - 0.01 <= computed <= blocked
    assert passed - watchdog.BEAT - 0.01 <= blocked
    assert blockage["where"].startswith("runtime/test_watchdog.py:")


def test_a_loop_that_waits_is_told_as_one_that_does_not_compute(watched: Watched) -> None:
    watched.wait(0.3)
    blockage = watched.wait_for_blockage(" wait")
    assert int(blockage["computed"]) < int(blockage["blocked"]) / 2
    assert blockage["waited"] == WAITED


def test_only_who_computes_for_less_than_half_of_the_time_is_said_to_wait(
    watched: Watched,
) -> None:
    watched.watchdog._log_blockage(0.2, 0.15)
    watched.watchdog._log_blockage(0.2, 0.05)
    assert [blockage["waited"] for blockage in watched.blockages()] == [None, WAITED]


def test_the_place_is_in_our_own_code_if_that_takes_part(watched: Watched) -> None:
    def names() -> Iterator[str]:
        watched.compute()
        yield "ann"

    listing(names(), 1, 1)
    wait_until(lambda: watched.blockages("listing"), "it is told")
    assert re.fullmatch(r"text/phrases\.py:\d+ listing", watched.blockages("listing")[0]["where"])


def test_the_place_is_found_in_whichever_greenlet_it_is(watched: Watched) -> None:
    gevent.spawn(watched.compute).join()
    blockage = watched.wait_for_blockage(" compute")
    assert blockage["where"].count("<") == 0  # nothing called it there


def test_the_way_to_the_place_is_told_but_not_all_of_it(watched: Watched) -> None:
    def descend(depth: int) -> None:
        descend(depth - 1) if depth else watched.compute()

    descend(20)
    where = watched.wait_for_blockage(" compute")["where"]
    assert re.fullmatch(r"\S+ compute( < \S+ descend){3}", where)


def test_a_long_blockage_is_told_in_one_line(watched: Watched) -> None:
    watched.wait(0.5)
    watched.wait_for_blockage(" wait")
    watched.wait_for_beats(3)
    assert len(watched.blockages(" wait")) == 1


def test_the_place_is_where_the_loop_was_when_it_was_too_late(watched: Watched) -> None:
    watched.wait()
    end = time.monotonic() + 4 * watchdog.BEAT
    while time.monotonic() < end:
        time.sleep(0.001)
    watched.wait_for_blockage(" wait")


def test_each_blockage_is_told(watched: Watched) -> None:
    watched.compute()
    watched.wait_for_blockage(" compute")
    watched.wait()
    watched.wait_for_blockage(" wait")
    assert len(watched.blockages(" compute")) == 1


def test_what_was_seen_of_another_blockage_is_not_told_of_this_one(watched: Watched) -> None:
    watched.compute()
    watched.wait_for_blockage(" compute")
    watched.watchdog._log_blockage(0.2, 0.1)
    assert watched.blockages()[-1]["where"] == NOWHERE


def test_less_than_the_limit_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, DEADLINE)
    time.sleep(0.2)
    watched.wait_for_beats(3)
    watched.watchdog.stop()
    assert watched.lines() == []
    assert watched.watchdog.delay().worst > 0.1


def test_only_so_many_lines_a_minute_and_how_many_were_left_out(
    quick: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gchat.runtime.watchdog.MAX_LINES", 2)
    for _ in range(5):
        quick.wait()
        quick.wait_for_beats(1)
    assert len(quick.lines()) == 2
    left_out = quick.watchdog._left_out
    assert left_out >= 3
    quick.watchdog._minute_ends = 0.0  # it is over
    wait_until(lambda: len(quick.lines()) > 2, "the rest is told")
    told = re.fullmatch(r"event loop blocked (\d+) more times in the last minute", quick.lines()[2])
    assert told
    assert int(told[1]) >= left_out
    quick.wait()
    wait_until(lambda: len(quick.lines()) > 3, "a new minute has lines of its own")


# How late the loop was


def test_the_worst_delay_is_how_long_the_loop_was_blocked(quick: Watched) -> None:
    due = quick.watchdog._due
    time.sleep(0.2)
    quick.wait_for_beats(1)
    worst = quick.watchdog.delay().worst
    assert 0.2 - watchdog.BEAT <= worst <= time.monotonic() - due


def test_a_loop_that_is_mostly_prompt_is_typically_so(quick: Watched) -> None:
    time.sleep(0.2)
    quick.wait_for_beats(100)
    delay = quick.watchdog.delay()
    assert delay.typical < delay.worst / 2


def test_a_loop_that_is_mostly_blocked_is_typically_late(quick: Watched) -> None:
    for _ in range(10):
        time.sleep(0.1)
        quick.wait_for_beats(2)  # so there are more that are prompt than blockages
    assert quick.watchdog.delay().typical > 2 * watchdog.BEAT


def test_a_loop_that_was_blocked_is_on_time_again_at_once(watched: Watched) -> None:
    # The loop's timer has a new schedule then: it goes on from the end of the blockage.
    end = watched.watchdog._due + 2.4 * watchdog.BEAT
    while time.monotonic() < end:
        time.sleep(0.001)
    watched.wait_for_beats(2)
    watched.watchdog._delays.clear()
    watched.wait_for_beats(9)
    # On the old schedule each would be late by 0.4 beats. A busy machine delays some of them.
    assert min(watched.watchdog._delays) < 0.2 * watchdog.BEAT


def test_what_is_longer_ago_than_a_minute_is_forgotten(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gchat.runtime.watchdog.MINUTE", 20 * watchdog.BEAT)
    watched = Watched(caplog, 0.1)
    began = time.monotonic()
    watched.wait(0.3)
    watched.wait_for_beats(1)
    worst = watched.watchdog.delay().worst
    wait_until(lambda: watched.watchdog.delay().worst < worst, "it is forgotten")
    watched.watchdog.stop()
    assert time.monotonic() - began >= 20 * watchdog.BEAT
    assert len(watched.watchdog._delays) == 20


def test_a_loop_that_is_late_once_at_the_start_is_not_typically_late(quick: Watched) -> None:
    time.sleep(10 * watchdog.BEAT)
    quick.wait_for_beats(1)
    delay = quick.watchdog.delay()
    assert delay.worst > 8 * watchdog.BEAT
    assert delay.typical == 0


def test_at_first_there_is_no_delay() -> None:
    assert Watchdog().delay() == (0, 0)


# Its beginning and its end


def test_when_it_is_stopped_its_thread_ends_and_it_says_nothing_more(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, ended = Watchdog._watch, []

    def watch_and_note(*arguments: Any) -> None:
        watch(*arguments)
        ended.append(True)

    monkeypatch.setattr(Watchdog, "_watch", watch_and_note)
    watched = Watched(caplog, 0.1)
    watched.wait_for_beats(3)
    assert not ended
    watched.watchdog.stop()
    wait_until(lambda: ended, "the thread ends")
    told = watched.lines()  # there is one if this machine is busy
    other_beats = list[bool]()
    timer = gevent.get_hub().loop.timer(watchdog.BEAT, watchdog.BEAT)
    timer.start(other_beats.append, True)
    time.sleep(0.2)  # a blockage
    wait_until(lambda: len(other_beats) > 2, "it would have beaten")
    timer.stop()
    timer.close()
    assert watched.lines() == told


def test_it_can_be_started_again(watched: Watched) -> None:
    watched.watchdog.stop()
    watched.watchdog.start()
    watched.compute()
    watched.wait_for_blockage(" compute")


def test_in_the_program_the_thread_touches_nothing_of_gevents() -> None:
    program = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, timeout=DEADLINE, check=True
    )
    blockages = BLOCKED.findall(program.stderr.decode())
    assert any(where.endswith(" block") for *_, where in blockages), program.stderr
    assert program.stdout == b"1\n"  # a thread that asks anything of gevent gets a hub
