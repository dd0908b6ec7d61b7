"""hub.guesses: how many wrong passwords may come from one address."""

import logging

import pytest

from gchat.hub.password_attempts import (
    OWN_RULE,
    RULE,
    SETTLED,
    PasswordAttempts,
    too_many_attempts,
)
from gchat.text.addresses import network_of
from tests.unit.fake_time import FakeTime

HERE, THERE = network_of("10.0.0.1"), network_of("2001:db8::1")
BURST = int(RULE.burst)


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr("gchat.hub.password_attempts.time", fake)
    return fake


@pytest.fixture
def password_attempts(fake_time: FakeTime) -> PasswordAttempts:
    return PasswordAttempts()


def guess(password_attempts: PasswordAttempts, most: int) -> int:
    """How many of `most` wrong answers are looked at."""
    for count in range(most):
        if password_attempts.wait(HERE):
            return count
        password_attempts.wrong(HERE, "password for the server")
    return most


def test_who_mistypes_now_and_then_may_try_again(password_attempts: PasswordAttempts) -> None:
    assert password_attempts.wait(HERE) == 0
    assert guess(password_attempts, BURST) == BURST


def test_too_many_wrong_answers_are_not_looked_at_but_from_elsewhere(
    password_attempts: PasswordAttempts,
) -> None:
    assert guess(password_attempts, 100) == BURST
    assert password_attempts.wait(HERE) == pytest.approx(1 / RULE.rate)
    assert password_attempts.wait(THERE) == 0


def test_one_more_is_looked_at_after_the_time_and_not_before(
    password_attempts: PasswordAttempts, fake_time: FakeTime
) -> None:
    guess(password_attempts, 100)
    fake_time.now += password_attempts.wait(HERE) - 0.001
    assert guess(password_attempts, 100) == 0
    fake_time.now += 0.002
    assert guess(password_attempts, 100) == 1


def test_in_a_day_no_more_are_looked_at_than_the_rule_allows(
    password_attempts: PasswordAttempts, fake_time: FakeTime
) -> None:
    looked_at = 0
    for _ in range(24 * 60):
        looked_at += guess(password_attempts, 100)
        fake_time.now += 60
    assert looked_at <= BURST + 24 * 3600 * RULE.rate


def test_who_asks_but_does_not_answer_uses_up_nothing(password_attempts: PasswordAttempts) -> None:
    for _ in range(100):
        assert password_attempts.wait(HERE) == 0


def test_a_wrong_answer_is_logged_with_what_for_and_where_from(
    password_attempts: PasswordAttempts, caplog: pytest.LogCaptureFixture
) -> None:
    password_attempts.wrong(HERE, "password for the server")
    password_attempts.wrong(THERE, "token (ann)")
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert caplog.messages == [
        "wrong password for the server from 10.0.0.1",
        "wrong token (ann) from 2001:db8::/64",
    ]


@pytest.mark.parametrize(("wait", "told"), [(0.01, "1 s"), (29.2, "30 s"), (60.0, "1 min")])
def test_who_has_to_wait_is_told_a_time_after_which_it_is_over(wait: float, told: str) -> None:
    assert too_many_attempts(wait).endswith(f"try again in {told}")


def test_others_from_ones_address_leave_a_client_that_was_there_an_answer_of_its_own(
    password_attempts: PasswordAttempts, fake_time: FakeTime
) -> None:
    since = fake_time.monotonic()
    fake_time.sleep(SETTLED)
    guess(password_attempts, BURST + 1)
    newcomer = password_attempts.wait_of(2, fake_time.monotonic(), HERE)
    assert newcomer == password_attempts.wait(HERE) > 0
    assert password_attempts.wait_of(1, since, HERE) == 0
    assert password_attempts.wait_of(1, since, HERE) > 0
    assert password_attempts.wait_of(3, since, HERE) == 0
    for _ in range(int(1 / OWN_RULE.rate)):
        password_attempts.wrong(HERE, "password for operators")
        fake_time.sleep(1.0)
    assert password_attempts.wait(HERE) > 0
    assert password_attempts.wait_of(1, since, HERE) == 0


def test_an_answer_within_the_limit_uses_up_none_of_ones_own(
    password_attempts: PasswordAttempts, fake_time: FakeTime
) -> None:
    since = fake_time.monotonic()
    fake_time.sleep(SETTLED)
    assert password_attempts.wait_of(1, since, HERE) == 0
    guess(password_attempts, BURST + 1)
    assert password_attempts.wait_of(1, since, HERE) == 0
