"""model.buckets: token buckets, and slots."""

from collections.abc import Hashable
from itertools import accumulate, combinations_with_replacement
from random import Random

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gchat.model import buckets as buckets_module
from gchat.model.buckets import Buckets, Slots, TokenBucket

NEARLY = 1e-6
"""What times and tokens may be off by, as they are no whole numbers."""

RULES = st.builds(
    TokenBucket,
    rate=st.one_of(st.just(1 / 30), st.floats(0.01, 1000), st.integers(1, 1000)),
    burst=st.one_of(st.floats(1, 2000), st.integers(1, 2000)),
)
TIMES = st.floats(0, 1e6)
TOKENS = st.floats(0, 3000)
STEPS = st.lists(st.tuples(st.floats(0, 20), TOKENS), max_size=12)
"""Seconds that pass, and the tokens that are wanted then."""

RULE = TokenBucket(rate=2, burst=10)


# A token bucket


@settings(deadline=None, max_examples=300)
@given(RULES, STEPS)
@example(TokenBucket(1, 10), [(0.0, 10.0), (5.0, 3.0), (0.0, 3.0), (20.0, 10.0)])
def test_in_no_time_more_is_taken_than_the_burst_and_what_comes_in_that_time(
    rule: TokenBucket, steps: list[tuple[float, float]]
) -> None:
    now = full_at = 0.0
    taken: list[tuple[float, float]] = []
    for passes, wanted in steps:
        now += passes
        now += rule.wait(full_at, wanted, now)  # as one who is held back does
        tokens = min(wanted, rule.tokens(full_at, now))
        full_at = rule.take(full_at, tokens, now)
        taken.append((now, tokens))
    sums = [0.0, *accumulate(tokens for _, tokens in taken)]
    for first, last in combinations_with_replacement(range(len(taken)), 2):
        seconds = taken[last][0] - taken[first][0]
        assert sums[last + 1] - sums[first] <= rule.burst + rule.rate * seconds + NEARLY


@settings(deadline=None, max_examples=300)
@given(RULES, STEPS, TOKENS)
def test_after_the_time_to_wait_the_tokens_are_there_and_not_before(
    rule: TokenBucket, steps: list[tuple[float, float]], wanted: float
) -> None:
    now = full_at = 0.0
    for passes, tokens in steps:
        now += passes
        full_at = rule.take(full_at, tokens, now)
    wait = rule.wait(full_at, wanted, now)
    most = min(wanted, rule.burst)
    assert wait >= 0
    assert rule.tokens(full_at, now + wait) >= most - NEARLY
    assume(wait > 2 * NEARLY / rule.rate)
    assert rule.tokens(full_at, now + wait - 2 * NEARLY / rule.rate) < most


@settings(deadline=None)
@given(RULES, TIMES, TIMES)
def test_it_never_holds_less_than_nothing_or_more_than_the_burst(
    rule: TokenBucket, full_at: float, now: float
) -> None:
    assert 0 <= rule.tokens(full_at, now) <= rule.burst
    if now >= full_at:
        assert rule.tokens(full_at, now) == rule.burst
        assert rule.wait(full_at, rule.burst, now) == 0


@settings(deadline=None)
@given(RULES, TIMES, TOKENS, TOKENS)
def test_what_is_taken_is_gone_until_it_comes_again(
    rule: TokenBucket, now: float, first: float, second: float
) -> None:
    full_at = rule.take(now, first, now)
    assert rule.tokens(full_at, now) == pytest.approx(max(0, rule.burst - first), abs=NEARLY)
    full_at = rule.take(full_at, second, now)
    left = max(0, rule.burst - first - second)
    assert rule.tokens(full_at, now) == pytest.approx(left, abs=NEARLY)
    assert full_at - now == pytest.approx((rule.burst - left) / rule.rate, abs=NEARLY)


@settings(deadline=None)
@given(RULES, TIMES)
def test_nobody_waits_for_more_than_it_can_hold(rule: TokenBucket, now: float) -> None:
    empty = rule.take(now, rule.burst, now)
    full = rule.wait(empty, rule.burst, now)
    assert rule.wait(empty, 100 * rule.burst, now) == full
    assert full == pytest.approx(rule.burst / rule.rate, abs=NEARLY)


@settings(deadline=None)
@given(RULES, RULES, TIMES, TOKENS)
def test_after_a_change_of_the_rule_it_is_worth_what_the_new_one_allows(
    before: TokenBucket, after: TokenBucket, now: float, wanted: float
) -> None:
    empty = before.take(now, before.burst, now)
    assert 0 <= after.tokens(empty, now) <= after.burst
    assert 0 <= after.wait(empty, wanted, now) <= after.burst / after.rate + NEARLY


# Buckets by their owners


def test_every_owner_has_a_bucket_which_is_full_at_first() -> None:
    buckets = Buckets()
    for owner in ("ann", "bob"):
        for _ in range(10):
            assert buckets.wait(RULE, owner, 1.0) == 0
            buckets.take(RULE, owner, 1.0)
        assert buckets.wait(RULE, owner, 1.0) == pytest.approx(0.5)
        assert buckets.wait(RULE, owner, 1.25) == pytest.approx(0.25)
        assert buckets.wait(RULE, owner, 1.5) == pytest.approx(0)


def test_asking_takes_nothing_and_is_not_remembered() -> None:
    buckets = Buckets()
    for number in range(100):
        assert buckets.wait(RULE, number, 1.0) == 0
    assert not buckets._full_at


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 3), st.sampled_from("abcdefgh"), st.integers(1, 12))),
    RULES,
)
def test_what_is_forgotten_of_full_ones_makes_no_difference(
    takings: list[tuple[float, str, int]], rule: TokenBucket
) -> None:
    buckets, remembered, now = Buckets(), dict[str, float](), 0.0
    for passes, owner, times in takings:
        now += passes
        for _ in range(times):
            buckets.take(rule, owner, now)
            remembered[owner] = rule.take(remembered.get(owner, 0.0), 1, now)
        for each in "abcdefgh":
            expected = rule.wait(remembered.get(each, 0.0), 1, now)
            assert buckets.wait(rule, each, now) == pytest.approx(expected, abs=NEARLY)


def test_what_is_given_back_can_be_taken_again() -> None:
    buckets, rule = Buckets(), TokenBucket(2, 3)
    buckets.give_back(rule, "ann")
    buckets.take(rule, "ann", 10.0, 3)
    assert buckets.wait(rule, "ann", 10.0) == 0.5
    buckets.give_back(rule, "ann")
    assert buckets.wait(rule, "ann", 10.0) == 0
    assert buckets.wait(rule, "ann", 10.0, 2) == 0.5
    for _ in range(9):
        buckets.give_back(rule, "ann")
    buckets.take(rule, "ann", 10.0, 3)
    assert buckets.wait(rule, "ann", 10.0) == 0.5  # it does not hold more than it can


def test_those_that_are_full_again_are_not_kept() -> None:
    buckets = Buckets()
    for number in range(10_000):
        buckets.take(RULE, number, number * 0.1)  # each is full again after half a second
        assert len(buckets._full_at) <= 7


def test_a_crowd_that_is_gone_is_forgotten_little_by_little() -> None:
    buckets = Buckets()
    for number in range(1000):
        buckets.take(RULE, number, 0.0)
    for number in range(1000, 2000):
        buckets.take(RULE, number, float(number))
    assert len(buckets._full_at) <= 2


def test_there_are_never_more_than_so_many_and_those_go_that_were_used_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(buckets_module, "MAX_OWNERS", 50)
    buckets = Buckets()
    for _ in range(9):
        buckets.take(RULE, "first", 1.0)
    for number in range(1000):
        for _ in range(3):
            buckets.take(RULE, "flooder", 1.0)
        buckets.take(RULE, number, 1.0)
        assert len(buckets._full_at) <= 50
    assert list(buckets._full_at) == [*range(951, 999), "flooder", 999]
    assert buckets.wait(RULE, "flooder", 1.0) > 0


# Places


def test_places_are_counted_together_and_by_their_owners() -> None:
    places, random = Slots(), Random(7)
    owners: list[Hashable] = []
    for _ in range(1000):
        if owners and random.random() < 0.5:
            places.give_back(owners.pop(random.randrange(len(owners))))
        else:
            owners.append(random.choice("abc"))
            places.take(owners[-1])
        assert places.total == len(owners)
        assert all(places.of(owner) == owners.count(owner) for owner in "abcd")
    for owner in owners:
        places.give_back(owner)
    assert places.total == 0
    assert not places._by_owner  # nothing is kept of who has none
