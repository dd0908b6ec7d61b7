"""jobs.idle: who sends nothing for too long is warned, and then disconnected."""

import time

import pytest
from gevent.event import Event

from gchat.config.limits import MIN_IDLE
from gchat.jobs import idle
from gchat.jobs.idle import CHECKS, MAX_INTERVAL, WARNING, disconnect_idle
from gchat.text.clock import duration
from tests.unit.fake_time import FakeTime
from tests.unit.peers import DEADLINE, Company, Peer, wait_until

LIMIT = 600


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(idle, "time", fake)
    monkeypatch.setattr(idle, "gevent", fake)
    return fake


class Watched:
    """Somebody who is idle, and a greenlet that looks for that."""

    def __init__(self, company: Company, fake_time: FakeTime, limit: int = LIMIT) -> None:
        self.company = company
        self.time = fake_time
        self.peer = company.join("ann")
        self.limits = company.hub.settings.limits
        self.limits.idle_timeout = limit
        self.heard()
        self._end = 0.0
        self._goes_on, self._rests = Event(), Event()
        fake_time.while_sleeping = self._rest_at_the_end
        company.start(disconnect_idle, company.hub)

    def heard(self) -> None:
        """It sends something."""
        self.peer.client.heard = self.time.now

    def silent(self) -> float:
        """For how long it has sent nothing."""
        return self.time.now - self.peer.client.heard

    def display(self, seconds: float) -> None:
        """Let it be looked for the idle until so many seconds have passed, or a few more."""
        self._end = self.time.now + seconds
        self._rests.clear()
        self._goes_on.set()
        assert self._rests.wait(DEADLINE)

    def _rest_at_the_end(self) -> None:
        while self.time.now >= self._end:
            self._rests.set()
            self._goes_on.clear()
            self._goes_on.wait()

    def told(self) -> list[str]:
        """What it is told, without what it has read already."""
        self.company.hub.tell(self.peer.client, "that is all")
        return self.peer.read_until("that is all")[:-1]


@pytest.fixture
def watched(company: Company, fake_time: FakeTime) -> Watched:
    return Watched(company, fake_time)


def display(company: Company, warned: dict[int, float], limit: int = LIMIT) -> dict[int, float]:
    return idle._check(company.hub, limit, warned)


def silent_for(company: Company, fake_time: FakeTime, *seconds: float) -> list[Peer]:
    """People who have sent nothing for so long."""
    peers = [company.join() for _ in seconds]
    for peer, silence in zip(peers, seconds, strict=True):
        peer.client.heard = fake_time.now - silence
    return peers


# One look


def test_who_has_sent_something_in_time_is_told_nothing(
    company: Company, fake_time: FakeTime
) -> None:
    (peer,) = silent_for(company, fake_time, LIMIT - WARNING - 1)
    assert display(company, {}) == {}
    assert not peer.client.owed


def test_who_has_nearly_been_silent_for_too_long_is_warned_once(
    company: Company, fake_time: FakeTime
) -> None:
    (peer,) = silent_for(company, fake_time, LIMIT - WARNING)
    warned = display(company, {})
    assert warned.keys() == {peer.client.number}
    assert display(company, warned) == warned
    assert peer.read_lines(1) == [
        " * You have been idle for 9 min and will be disconnected in 1 min. Press Enter to stay."
    ]
    assert not peer.client.owed
    assert not peer.reason


@pytest.mark.parametrize("limit", [MIN_IDLE, 60, 4 * WARNING])
def test_under_a_short_limit_the_warning_comes_when_a_quarter_of_it_is_left(
    limit: int, company: Company, fake_time: FakeTime
) -> None:
    lively, silent = silent_for(company, fake_time, limit * 3 / 4 - 1, limit * 3 / 4)
    assert display(company, {}, limit).keys() == {silent.client.number}
    assert f"will be disconnected in {duration(limit // 4)}." in silent.read_line()
    assert not lively.client.owed


def test_nobody_is_disconnected_who_was_not_warned_before(
    company: Company, fake_time: FakeTime
) -> None:
    (peer,) = silent_for(company, fake_time, 10 * LIMIT)
    warned = display(company, {})
    assert "will be disconnected in 1 min." in peer.read_line()
    fake_time.now += WARNING - 1
    assert display(company, warned) == warned
    fake_time.now += 1
    display(company, warned)
    assert peer.read_lines(1) == [" * Disconnected: you have been idle for 1 h 41 min"]
    wait_until(lambda: peer.reason, "it is disconnected")
    assert peer.reason == "idle"
    assert peer.expelled


def test_who_was_warned_and_has_sent_something_is_warned_again_the_next_time(
    company: Company, fake_time: FakeTime
) -> None:
    (peer,) = silent_for(company, fake_time, LIMIT)
    number = peer.client.number
    warned = display(company, {})
    peer.client.heard = fake_time.now
    warned = display(company, warned)
    assert warned == {}
    peer.client.heard = fake_time.now - LIMIT
    assert display(company, warned).keys() == {number}
    assert ["will be disconnected" in line for line in peer.read_lines(2)] == [True, True]
    assert not peer.reason


def test_everybody_is_looked_at_by_themselves(company: Company, fake_time: FakeTime) -> None:
    lively, warned, gone = silent_for(company, fake_time, 1, LIMIT - 1, LIMIT)
    before = {peer.client.number: fake_time.now - WARNING for peer in (warned, gone)}
    assert display(company, before).keys() == {warned.client.number}
    wait_until(lambda: gone.reason, "it is disconnected")
    assert not lively.reason
    assert not warned.reason


# Looking for ever


def test_the_idle_are_warned_in_time_and_disconnected_when_the_time_is_over(
    watched: Watched,
) -> None:
    watched.display(LIMIT - WARNING - MAX_INTERVAL)
    assert watched.told() == []
    watched.display(2 * MAX_INTERVAL)
    (warning,) = watched.told()
    assert "will be disconnected in 1 min." in warning
    watched.display(WARNING - 2 * MAX_INTERVAL)
    assert not watched.peer.reason
    watched.display(2 * MAX_INTERVAL)
    wait_until(lambda: watched.peer.reason, "it is disconnected")
    assert watched.told() == [" * Disconnected: you have been idle for 10 min"]


def test_who_sends_an_enter_at_each_warning_stays(watched: Watched) -> None:
    for _ in range(5):
        watched.display(LIMIT - MAX_INTERVAL)
        assert len(watched.told()) == 1
        watched.heard()
    assert not watched.peer.reason


def test_without_a_limit_nobody_is_looked_at(watched: Watched) -> None:
    watched.limits.idle_timeout = 0
    watched.display(100 * LIMIT)
    assert watched.told() == []
    assert not watched.peer.reason


@pytest.mark.parametrize("before", [0, 2**30])
def test_a_limit_that_is_set_holds_soon(watched: Watched, before: int) -> None:
    watched.limits.idle_timeout = before
    watched.display(1000)
    watched.limits.idle_timeout = LIMIT
    watched.display(WARNING + 4 * MAX_INTERVAL)
    wait_until(lambda: watched.peer.reason, "it is disconnected")
    assert watched.told()[0].startswith(
        " * You have been idle for 16 min and will be disconnected in 1 min"
    )


def test_a_limit_that_is_lifted_saves_those_who_were_warned(watched: Watched) -> None:
    watched.display(LIMIT - MAX_INTERVAL)
    watched.limits.idle_timeout = 0
    watched.display(LIMIT)
    assert not watched.peer.reason
    assert len(watched.told()) == 1


def test_who_was_warned_under_an_earlier_limit_is_warned_anew(watched: Watched) -> None:
    watched.display(LIMIT - MAX_INTERVAL)
    watched.limits.idle_timeout = 0
    watched.display(2 * MAX_INTERVAL)
    watched.limits.idle_timeout = LIMIT
    watched.display(2 * MAX_INTERVAL)
    assert ["will be disconnected" in line for line in watched.told()] == [True, True]


@pytest.mark.parametrize("limit", [MIN_IDLE, 21, 60, 240, LIMIT, 86400])
def test_there_is_time_between_the_warning_and_the_end(
    limit: int, company: Company, fake_time: FakeTime
) -> None:
    watched = Watched(company, fake_time, limit)
    pause = min(limit / CHECKS, MAX_INTERVAL)
    watched.display(limit - 3 * pause)
    (warning,) = watched.told()
    assert "will be disconnected" in warning
    assert not watched.peer.reason


@pytest.mark.parametrize(
    ("limit", "pause"), [(MIN_IDLE, MIN_IDLE / CHECKS), (86400, MAX_INTERVAL), (0, MAX_INTERVAL)]
)
def test_looks_are_often_enough_and_no_more(
    limit: int, pause: float, company: Company, fake_time: FakeTime
) -> None:
    Watched(company, fake_time, limit).display(8 * pause)
    assert fake_time.slept == [pause] * 8


def test_who_has_left_and_only_reads_is_not_told_to_press_enter(company: Company) -> None:
    talker, peer = company.join("talker"), company.program(2048)
    company.say(talker, *(f"{number:0100}" for number in range(2000)))
    wait_until(lambda: peer.client.connection.blocked, "its socket is full")
    peer.end_input()
    wait_until(lambda: peer.client.number not in company.room.clients, "it has left")
    peer.client.heard = time.monotonic() - 1000
    idle._check(company.hub, 600, {})
    assert b"An Enter is enough" not in peer.read_to_end()
