"""runtime.faults.Faults.keep_running: what fails in the background runs again."""

from itertools import pairwise
from typing import NoReturn

import gevent
import pytest
from gevent.event import Event

from gchat.runtime.faults import FIRST_PAUSE, LONGEST_PAUSE, RECOVERED_SECONDS, Faults
from tests.unit.peers import DEADLINE


@pytest.fixture
def faults() -> Faults:
    return Faults()


def fail(error: BaseException | None = None) -> NoReturn:
    raise error or ValueError("made to fail")


class Clock:
    """A clock that only goes on while somebody sleeps, or when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("gchat.runtime.faults.monotonic", clock.monotonic)
    monkeypatch.setattr("gchat.runtime.faults.sleep", clock.sleep)
    return clock


def keep_running(faults: Faults, clock: Clock, *runs: float) -> list[float]:
    """Keep something running that fails after so many seconds each time, and is killed at last;
    returns the pauses."""
    seconds = iter(runs)

    def run() -> NoReturn:
        for ran in seconds:
            clock.now += ran
            fail()
        raise gevent.GreenletExit

    with pytest.raises(gevent.GreenletExit):
        faults.keep_running("the test", run)
    return clock.pauses


def test_the_pause_before_it_runs_again_doubles_up_to_a_bound(faults: Faults, clock: Clock) -> None:
    pauses = keep_running(faults, clock, *[0.0] * 10)
    assert pauses[0] == FIRST_PAUSE
    for before, after in pairwise(pauses):
        assert after == min(2 * before, LONGEST_PAUSE)
    assert pauses[-1] == LONGEST_PAUSE
    assert faults.total == 10


def test_what_has_run_well_for_a_while_is_run_again_soon(faults: Faults, clock: Clock) -> None:
    pauses = keep_running(faults, clock, 0, 0, 0, RECOVERED_SECONDS, 0, RECOVERED_SECONDS - 1)
    assert pauses[3:] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]


def test_pauses_do_not_count_as_running(faults: Faults, clock: Clock) -> None:
    assert keep_running(faults, clock, *[RECOVERED_SECONDS - 1] * 9)[-1] == LONGEST_PAUSE


def test_what_fails_is_named_in_the_log(
    faults: Faults, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    keep_running(faults, clock, 0)
    assert caplog.records[0].getMessage() == "the test failed"
    assert caplog.records[0].exc_info


def test_what_only_ends_is_run_again_as_well(faults: Faults, clock: Clock) -> None:
    runs = iter(range(3))

    def end() -> None:
        if next(runs, None) is None:
            raise gevent.GreenletExit

    with pytest.raises(gevent.GreenletExit):
        faults.keep_running("the test", end)
    assert len(clock.pauses) == 3
    assert faults.total == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), gevent.Timeout()])
def test_what_is_no_exception_passes(error: BaseException, faults: Faults) -> None:
    with pytest.raises(type(error)):
        faults.keep_running("the test", fail, error)
    assert faults.total == 0


def test_a_greenlet_that_fails_again_and_again_comes_back_until_it_is_killed(
    faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gchat.runtime.faults.FIRST_PAUSE", 0.001)
    runs: list[str] = []
    well = Event()

    def run(name: str) -> None:
        runs.append(name)
        if len(runs) < 4:
            fail()
        well.set()
        Event().wait()

    kept = gevent.spawn(faults.keep_running, "the test", run, "ann")
    assert well.wait(DEADLINE)
    assert runs == ["ann"] * 4
    assert faults.total == 3
    kept.kill()
    assert kept.dead
    assert faults.total == 3
