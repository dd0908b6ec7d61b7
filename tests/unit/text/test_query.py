"""text.query: what is typed behind /find, and what that is in the index's language."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.text.query import MAX_TERMS, NotAQuery, Query, read_query

NOW = 1_700_000_000.0

MEANT = {
    "deploy": Query(("deploy",)),
    "deploy  it": Query(("deploy", "it")),
    '"that was it" now': Query(("that was it", "now")),
    '"not closed': Query(("not closed",)),
    "err* out": Query(("err*", "out")),
    "from:": Query(("from:",)),
    "from:Ann": Query(sender="ann"),
    "FROM:ann in:#Builds oops": Query(("oops",), "ann", "builds"),
    "in:builds": Query(room="builds"),
    "since:2d oops": Query(("oops",), since=NOW - 2 * 86400),
    "http://host:80/": Query(("http://host:80/",)),
    "it's re-deployed *** ...": Query(("it's", "re-deployed")),
}


@pytest.mark.parametrize("typed", MEANT)
def test_what_is_typed_means_what_it_looks_like(typed: str) -> None:
    assert read_query(typed, NOW, None) == MEANT[typed]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "at least one word"),
        ("*** ...", "at least one word"),
        ('""', "at least one word"),
        ("from:...", "at least one word"),
        ("since:soon", "“soon” is not a time"),
        ("x " * (MAX_TERMS + 1), rf"\({MAX_TERMS + 1}, limit {MAX_TERMS}\)"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(typed: str, why: str) -> None:
    with pytest.raises(NotAQuery, match=why):
        read_query(typed, NOW, None)


@given(st.text(max_size=40))
def test_nothing_that_is_typed_raises_anything_else(typed: str) -> None:
    with suppress(NotAQuery):
        assert read_query(typed, NOW, None) != Query()


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("a*", "“a*” is too short (at least 2 letters)"),
        ("deploy é* -a*", "“-a*” is too short (at least 2 letters)"),
        ("aa* bb* cc* dd*", "Too many beginnings of words (4, limit 3)"),
        (" ".join(f"{letter}*" for letter in "abcdefghijklmnopqrst"), "Too many beginnings"),
    ],
)
def test_beginnings_of_words_that_would_take_long_are_refused(typed: str, why: str) -> None:
    with pytest.raises(NotAQuery) as refused:
        read_query(typed, 0.0, None)
    assert str(refused.value).startswith(why)


def test_three_beginnings_are_taken_and_one_letter_does_in_scripts_of_many() -> None:
    assert read_query("de* er* 日* word", 0.0, None).terms == ("de*", "er*", "日*", "word")
