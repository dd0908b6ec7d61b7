"""doors.rate_limit: a client that sends too fast is slowed down, and loses nothing."""

import logging
from collections.abc import Iterator

import pytest

from gchat.config.limits import Limits
from gchat.doors import rate_limit
from gchat.doors.rate_limit import BATCH_SECONDS, KIB, MAX_SLEEP, RateLimit
from tests.unit.fake_time import FakeTime
from tests.unit.peers import Company, Peer

RATE, BURST = 20, 50


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(rate_limit, "time", fake)
    monkeypatch.setattr(rate_limit, "gevent", fake)
    return fake


@pytest.fixture
def company() -> Iterator[Company]:
    """Without a broadcaster: what somebody is told stays owed."""
    with Company(broadcasting=False) as company:
        company.hub.settings.limits.rate = RATE
        company.hub.settings.limits.burst = BURST
        yield company


@pytest.fixture
def limits(company: Company) -> Limits:
    return company.hub.settings.limits


@pytest.fixture
def peer(company: Company) -> Peer:
    return company.join()


@pytest.fixture
def paced(company: Company, peer: Peer, fake_time: FakeTime) -> RateLimit:
    return RateLimit(company.hub, peer.client)


def speak(paced: RateLimit, count: int, size: int = 10) -> list[int]:
    """Say so many lines of this size, as they are allowed; returns how many each time."""
    lines, turns = [b"x" * size] * count, list[int]()
    while lines:
        turns.append(paced.wait(lines))
        assert 0 < turns[-1] <= len(lines)
        del lines[: turns[-1]]
    return turns


def test_a_burst_is_taken_at_once_and_the_rest_at_the_rate(
    paced: RateLimit, fake_time: FakeTime
) -> None:
    begun = fake_time.now
    assert speak(paced, BURST) == [BURST]
    assert fake_time.now == begun
    turns = speak(paced, 100 * RATE)
    assert fake_time.now - begun == pytest.approx(100)
    assert set(turns) == {RATE * BATCH_SECONDS}


def test_in_no_time_more_is_said_than_the_burst_and_what_the_rate_allows(
    paced: RateLimit, fake_time: FakeTime
) -> None:
    begun, said = fake_time.now, 0
    for pause, lines in ((0, 30), (0.5, 30), (0, 7), (20, 200), (1, 1), (0, 80)):
        fake_time.now += pause
        said += sum(speak(paced, lines))
        assert said <= BURST + RATE * (fake_time.now - begun) + 1e-6
    assert said == 348


def test_who_is_quiet_for_a_while_may_speak_at_once_again(
    paced: RateLimit, fake_time: FakeTime
) -> None:
    speak(paced, BURST)
    fake_time.now += BURST / RATE
    assert speak(paced, BURST) == [BURST]
    assert not fake_time.slept


def test_at_less_than_a_line_for_each_portion_it_is_a_line_at_a_time(
    paced: RateLimit, limits: Limits, fake_time: FakeTime
) -> None:
    limits.rate, limits.burst = 1, 2
    assert speak(paced, 5) == [2, 1, 1, 1]
    assert sum(fake_time.slept) == pytest.approx(3)


def test_without_a_limit_all_is_taken_at_once(
    paced: RateLimit, limits: Limits, fake_time: FakeTime
) -> None:
    limits.rate = 0
    assert speak(paced, 100_000) == [100_000]
    paced.pay(100_000)
    assert not fake_time.slept


def test_what_counts_for_several_lines_uses_up_as_many(
    paced: RateLimit, fake_time: FakeTime
) -> None:
    paced.pay(BURST)
    assert not fake_time.slept
    paced.pay(RATE)
    assert sum(fake_time.slept) == pytest.approx(1)
    assert speak(paced, 1) == [1]
    assert sum(fake_time.slept) == pytest.approx(1 + 1 / RATE)


def test_a_long_line_counts_for_one_more_with_each_kib(
    paced: RateLimit, limits: Limits, fake_time: FakeTime
) -> None:
    assert speak(paced, BURST // 3, size=2 * KIB) == [BURST // 3]
    begun = fake_time.now
    speak(paced, 100, size=5 * KIB - 1)
    assert fake_time.now - begun == pytest.approx((500 - BURST % 3) / RATE)
    limits.rate = 0
    assert speak(paced, 1000, size=5 * KIB) == [1000]


def test_a_line_that_counts_for_more_than_the_burst_is_said_all_the_same(
    paced: RateLimit, fake_time: FakeTime
) -> None:
    assert speak(paced, 2, size=2 * BURST * KIB) == [1, 1]
    assert sum(fake_time.slept) == pytest.approx(BURST / RATE)


def test_what_counts_for_more_than_the_burst_takes_all_of_it_and_is_done(
    paced: RateLimit, fake_time: FakeTime
) -> None:
    speak(paced, BURST)
    paced.pay(100 * BURST)
    assert sum(fake_time.slept) == pytest.approx(BURST / RATE)


def test_one_who_is_held_back_is_told_once_and_so_is_the_log(
    paced: RateLimit, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat.doors.rate_limit")
    speak(paced, BURST)
    assert not peer.client.owed
    speak(paced, 3 * RATE)
    told = peer.client.take_owed()
    assert f"now read at {RATE} per second".encode() in told
    assert not peer.client.owed
    assert [message for message in caplog.messages if "limited" in message] == [
        f"rate-limited {peer.client}"
    ]


def test_what_it_has_sent_it_says_now_so_it_is_not_idle(
    paced: RateLimit, peer: Peer, fake_time: FakeTime
) -> None:
    speak(paced, BURST + 1)
    assert peer.client.heard == fake_time.now


def test_a_limit_that_is_lifted_is_felt_by_those_who_wait(
    paced: RateLimit, limits: Limits, fake_time: FakeTime
) -> None:
    limits.rate, limits.burst = 1, 100
    paced.pay(100)

    def lift() -> None:
        limits.rate = 0

    fake_time.while_sleeping = lift
    paced.pay(100)
    assert len(fake_time.slept) == 1
    assert fake_time.slept[0] <= MAX_SLEEP


def test_nobody_sleeps_for_long_without_looking_at_the_limit(
    paced: RateLimit, limits: Limits, fake_time: FakeTime
) -> None:
    limits.rate, limits.burst = 1, 1000
    paced.pay(1000)
    paced.pay(300)
    assert max(fake_time.slept) <= MAX_SLEEP
    assert sum(fake_time.slept) == pytest.approx(300)


def test_who_waits_at_a_low_rate_feels_it_at_once_that_the_rate_was_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_time = FakeTime()
    monkeypatch.setattr(rate_limit, "time", fake_time)
    monkeypatch.setattr(rate_limit, "gevent", fake_time)
    with Company(broadcasting=False) as company:
        limits = company.hub.settings.limits
        limits.rate, limits.burst = 1, 100
        paced = RateLimit(company.hub, company.join().client)
        paced.pay(100)

        def raise_it() -> None:
            limits.rate = 100

        fake_time.while_sleeping = raise_it
        paced.pay(50)
        assert sum(fake_time.slept) <= rate_limit.MAX_SLEEP + 100 / 100 + 0.01
