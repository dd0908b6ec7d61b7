"""jobs.garbage: nobody waits until the garbage collector has seen everything."""

from collections.abc import Callable

import pytest
from gevent.event import Event

from gchat.jobs import garbage
from gchat.jobs.garbage import INTERVAL, SILENCE, collect_in_silence
from tests.unit.fake_time import FakeTime
from tests.unit.peers import Company, wait_until, within_deadline


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(garbage, "gevent", fake)
    return fake


@pytest.fixture
def full_examinations(fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times of all that the job asks for, in seconds from now."""
    begin, times = fake_time.now, list[float]()
    monkeypatch.setattr(garbage, "gc", Collector(lambda: times.append(fake_time.now - begin)))
    return times


class Collector:
    """Stands in for `gc`."""

    def __init__(self, collect: Callable[[], object]) -> None:
        self.collect = collect


def test_everything_is_examined_about_once_an_hour_while_nobody_speaks(
    full_examinations: list[float],
) -> None:
    with Company() as company:
        company.start(collect_in_silence, company.hub)
        wait_until(lambda: len(full_examinations) >= 3, "three hours pass")
    hour = INTERVAL + SILENCE
    assert full_examinations[:3] == pytest.approx([hour, 2 * hour, 3 * hour])


def test_it_waits_until_clients_are_silent(
    full_examinations: list[float], fake_time: FakeTime
) -> None:
    speaking, seconds, enough = True, 0, Event()

    def speak() -> None:
        nonlocal seconds
        seconds += 1
        company.hub.stats.bytes_in += speaking
        if seconds == 100:
            enough.set()

    with Company() as company:
        fake_time.while_sleeping = speak
        company.start(collect_in_silence, company.hub)
        with within_deadline("somebody speaks in each of a hundred seconds"):
            enough.wait()
        assert not full_examinations
        speaking = False
        wait_until(lambda: full_examinations, "everything is examined")
