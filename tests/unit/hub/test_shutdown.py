"""hub.countdown: the end of the server, announced."""

import logging

import pytest
from gevent.event import Event

from gchat.hub import shutdown
from gchat.hub.shutdown import TOLD_AT, Shutdown
from gchat.model.events import RoomEvent
from gchat.protocol.sentences import sentence_of
from gchat.text.clock import duration
from tests.unit.fake_time import FakeTime
from tests.unit.peers import DEADLINE, wait_until

WHY = "a new version"


class Planned:
    """A countdown, and what it has told, when."""

    def __init__(self, fake_time: FakeTime) -> None:
        self.time = fake_time
        self.shutdown = Shutdown(self._tell)
        setattr(self.shutdown, "ask", self._end)
        self.told: list[str] = []
        self.times: list[float] = []
        """How long before the end each of it was told."""
        self.ended: list[tuple[float, str]] = []
        """When the server was ended, and why."""
        self._told_at: list[float] = []

    def start(self, seconds: float, why: str = WHY) -> None:
        self.shutdown.start(seconds, "ann", why)

    def finish(self) -> None:
        """Wait for the end."""
        wait_until(lambda: self.ended, "it ends")
        self.times = [self.ended[-1][0] - time for time in self._told_at]

    def _tell(self, event: RoomEvent) -> None:
        self.told.append(sentence_of(event, ""))
        self._told_at.append(self.time.now)

    def _end(self, why: str) -> None:
        self.ended.append((self.time.now, why))


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(shutdown, "time", fake)
    monkeypatch.setattr(shutdown, "gevent", fake)
    return fake


@pytest.fixture
def planned(fake_time: FakeTime) -> Planned:
    return Planned(fake_time)


def test_it_ends_after_the_time_with_the_reason(planned: Planned) -> None:
    begun = planned.time.now
    planned.start(300)
    planned.finish()
    ((ended, why),) = planned.ended
    assert ended - begun == pytest.approx(300)
    assert why == WHY


def test_everybody_is_told_at_the_beginning_and_again_and_again(planned: Planned) -> None:
    planned.start(300)
    planned.finish()
    assert planned.told == [
        f"ann shuts the server down in 5 min: {WHY}",
        f"The server shuts down in 1 min: {WHY}",
        f"The server shuts down in 30 s: {WHY}",
        f"The server shuts down in 10 s: {WHY}",
        f"The server shuts down in 5 s: {WHY}",
    ]
    assert planned.times == pytest.approx([300, 60, 30, 10, 5])


@pytest.mark.parametrize("seconds", [1, 5, 6, 7, 30, 31, 32, 61, 90, 3600, 3 * 86400])
def test_what_was_just_told_is_not_told_again(planned: Planned, seconds: int) -> None:
    planned.start(seconds)
    planned.finish()
    marks = [mark for mark in TOLD_AT if mark < seconds - 1]
    assert planned.times == pytest.approx([seconds, *marks], abs=1e-4)
    told = [text.partition(" in ")[2].partition(":")[0] for text in planned.told]
    assert told == [duration(each) for each in (seconds, *marks)]


def test_without_a_reason_none_is_told(planned: Planned) -> None:
    planned.start(10, "")
    planned.finish()
    assert planned.told[0] == "ann shuts the server down in 10 s"
    assert planned.ended[0][1] == ""


def test_it_may_end_at_once(planned: Planned) -> None:
    begun = planned.time.now
    planned.start(0)
    planned.finish()
    assert planned.ended[0][0] == pytest.approx(begun, abs=1e-4)
    assert planned.told == [f"ann shuts the server down now: {WHY}"]


def test_one_that_is_cancelled_tells_nothing_more_and_ends_nothing(planned: Planned) -> None:
    sleeps = Event()

    def sleep_on() -> None:
        if planned.told[-1].startswith("The server shuts down in 1 min"):
            sleeps.set()
            Event().wait()

    planned.time.while_sleeping = sleep_on
    planned.start(300)
    assert sleeps.wait(DEADLINE)
    assert planned.shutdown.cancel()
    assert planned.shutdown._greenlet.dead
    assert len(planned.told) == 2
    assert not planned.ended


def test_cancelling_tells_whether_there_was_anything_to_cancel(planned: Planned) -> None:
    assert not planned.shutdown.cancel()
    planned.start(300)
    assert planned.shutdown.cancel()
    assert not planned.shutdown.cancel()
    planned.start(1)
    planned.finish()
    assert not planned.shutdown.cancel()
    assert len(planned.ended) == 1


def test_another_one_takes_the_place_of_the_first(planned: Planned) -> None:
    begun = planned.time.now
    planned.start(10)
    planned.start(300, "another reason")
    planned.finish()
    ((ended, why),) = planned.ended
    assert ended - begun == pytest.approx(300)
    assert why == "another reason"
    assert all(text.endswith("another reason") for text in planned.told[1:])


def test_the_log_has_by_whom_when_and_why(
    planned: Planned, caplog: pytest.LogCaptureFixture
) -> None:
    planned.start(300)
    planned.shutdown.cancel()
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (
        logging.WARNING,
        f"shutdown in 5 min, by ann: {WHY}",
    )
