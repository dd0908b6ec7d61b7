"""config.limits: what the limits mean, and which numbers they take."""

from dataclasses import fields

import pytest

from gchat.config.limits import CONNECT_BURST, MEANINGS, MOST, Limits, read_limit
from gchat.model.buckets import TokenBucket
from gchat.text.phrases import NotANumber


def names_of_fields() -> set[str]:
    return {field.name for field in fields(Limits)}


def test_every_limit_has_a_meaning_under_its_name_and_nothing_else_has() -> None:
    assert {name.replace("-", "_") for name in MEANINGS} == names_of_fields()
    assert not any("_" in name for name in MEANINGS)


@pytest.mark.parametrize("name", MEANINGS)
def test_a_limit_takes_what_is_in_its_bounds_and_refuses_the_rest(name: str) -> None:
    meaning = MEANINGS[name]
    for value in (meaning.least, meaning.least + 1, MOST):
        assert read_limit(name, str(value)) == value
    wrong = ["-1", "", "0.5", "many", "00", "٣", " 1", str(MOST + 1), "9" * 5000]
    if meaning.least > 1:
        wrong.append(str(meaning.least - 1))
    if meaning.or_none:
        assert read_limit(name, "0") == 0
    else:
        wrong.append("0")
    for typed in wrong:
        or_none = ", or 0 for no limit" if meaning.or_none else ""
        range_told = f"not a number from {meaning.least} to {MOST}{or_none}$"
        with pytest.raises(NotANumber, match=range_told):
            read_limit(name, typed)


@pytest.mark.parametrize("name", sorted(MEANINGS.keys() - {"max-clients"}))
def test_the_default_of_a_limit_is_one_that_it_takes(name: str) -> None:
    value = getattr(Limits(), name.replace("-", "_"))
    assert read_limit(name, str(value)) == value


def test_lines_are_taken_at_the_rate_after_the_burst() -> None:
    assert Limits(rate=5, burst=70).lines == TokenBucket(5, 70)
    assert Limits(rate=0, burst=70).lines is None


def test_an_address_connects_at_its_rate_after_a_burst_of_some_seconds() -> None:
    assert Limits(connect_rate=7).connections == TokenBucket(7, 7 * CONNECT_BURST)
    assert Limits(connect_rate=0).connections is None
