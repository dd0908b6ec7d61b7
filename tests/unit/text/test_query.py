"""text.query: what is typed behind /find, and which messages match it."""

from contextlib import suppress
from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.text.query import MAX_TERMS, NotAQuery, Query, read_query, typed_terms

NOW = 1_700_000_000.0

MEANT = {
    "deploy": Query(("deploy",)),
    "deploy  it": Query(("deploy", "it")),
    "it Deploy IT": Query(("it", "deploy")),
    '"that was it" now': Query(("that was it", "now")),
    '"not closed': Query(("not closed",)),
    "err* out": Query(("err", "out")),
    '"err*" * ** a*b': Query(("err*", "*", "**", "a*b")),
    "from:": Query(("from:",)),
    "from:Ann": Query(sender="ann"),
    "from:127.0.0.1:4000": Query(sender="127.0.0.1:4000"),
    "FROM:ann in:#Builds oops": Query(("oops",), "ann", "builds"),
    "in:builds": Query(room="builds"),
    "since:2d oops": Query(("oops",), since=NOW - 2 * 86400),
    "before:2d oops": Query(("oops",), before=NOW - 2 * 86400),
    "http://host:80/": Query(("http://host:80/",)),
    "it's re-deployed ...": Query(("it's", "re-deployed", "...")),
    "Café STRASSE straße": Query(("cafe", "strasse")),
}


@pytest.mark.parametrize("typed", MEANT)
def test_what_is_typed_means_what_it_looks_like(typed: str) -> None:
    assert read_query(typed, NOW, None) == MEANT[typed]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "at least one word"),
        ('""', "at least one word"),
        ('" "', "at least one word"),
        ("\N{COMBINING ACUTE ACCENT}", "at least one word"),
        ("since:soon", "“soon” is not a time"),
        ("before:soon", "“soon” is not a time"),
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


def test_words_are_told_as_they_were_typed() -> None:
    assert typed_terms('Straße from:ann "That Was" in:ops', NOW, None) == ["Straße", "That Was"]


def matches(typed: str, text: str = "", name: str = "ann", room: str = "lobby") -> bool:
    return read_query(typed, NOW, None).matches(NOW - 3600, room, name, text)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("上海", "我家在上海东边。"),
        ("검색", "검색하다"),
        ("ไทย", "ภาษาไทย"),
        ("120c858", "120c858aa"),
        ("ploy", "Deploy"),
        ("case", "camelCase"),
        ("strasse", "Straße"),
        ("STRASSE", "straße"),
        ("cafe", "Café"),
        ("café", "cafe"),
        ("🎉", "🎉🎉"),
        ("❤️", "I ❤ it"),
        ("...", "well..."),
        ("was it", "it was"),
        ('"s i"', "was it"),
    ],
)
def test_any_part_of_a_text_matches_whatever_its_case_and_marks(typed: str, text: str) -> None:
    assert matches(typed, text)


@pytest.mark.parametrize(
    ("typed", "text"), [('"it was"', "was it"), ("か", "が"), ("거", "검색"), ("a b", "a")]
)
def test_what_is_not_there_does_not_match(typed: str, text: str) -> None:
    assert not matches(typed, text)


def test_sender_room_and_time_have_to_be_right() -> None:
    assert matches("from:ANN in:Lobby since:2h before:30m")
    assert not matches("from:bob")
    assert not matches("in:ops")
    assert not matches("since:30m")
    assert not matches("before:2h")
    assert read_query("since:1h", NOW, None).matches(NOW - 3600, "", "", "")
    assert not read_query("before:1h", NOW, None).matches(NOW - 3600, "", "", "")


AT = datetime(2026, 11, 30, 12, 0, tzinfo=UTC).timestamp()
DAY = 86400


@pytest.mark.parametrize(
    ("typed", "terms", "since", "before"),
    [
        ("since:2 hours deploy", ("deploy",), AT - 7200, inf),
        ("since:10m ago it", ("it",), AT - 600, inf),
        ("since:2 h 5 min 7", ("7",), AT - 7500, inf),
        ("since:yesterday 14:30 it", ("it",), AT - DAY + 9000, inf),
        ("since:2026-11-28 14:30", (), AT - 2 * DAY + 9000, inf),
        ('since:"2026-11-28" 14:30', ("14:30",), AT - 2.5 * DAY, inf),
        ('since:2 "hours"', None, 0, 0),
        ("x on:yesterday", ("x",), AT - 1.5 * DAY, AT - 0.5 * DAY),
        ("x on:monday since:10:00 before:11:00", ("x",), AT - 7200, AT - 3600),
        ("before:monday 10:00", (), 0, AT - 7200),
    ],
)
def test_times_have_blanks_also_without_quotes(
    typed: str, terms: tuple[str, ...] | None, since: float, before: float
) -> None:
    if terms is None:
        with pytest.raises(NotAQuery):
            read_query(typed, AT, UTC)
    else:
        assert read_query(typed, AT, UTC) == Query(terms, since=since, before=before)
        assert typed_terms(typed, AT, UTC) == list(terms)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("since:soon", "“soon” is not a time; since: takes 10m, 1h30m, "),
        ("on:10m", "“10m” is not a day; on: takes today, "),
    ],
)
def test_refusals_say_what_is_taken(typed: str, why: str) -> None:
    with pytest.raises(NotAQuery) as refused:
        read_query(typed, AT, UTC)
    assert str(refused.value).startswith(why)
