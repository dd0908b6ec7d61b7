"""text.clock: times as people write them."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gchat.text.clock import clock, clock_and_day, duration, past

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2024, 5, 17, 12, 0, tzinfo=UTC).timestamp()
HOUR, DAY = 3600, 24 * 3600

TIMES = st.floats(0, 4e9, allow_nan=False)
ZONES = st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Kolkata"), None])


@pytest.mark.parametrize(("zone", "shown"), [(UTC, "12:00"), (BERLIN, "14:00")])
def test_a_clock_shows_the_hour_of_its_zone(zone: ZoneInfo, shown: str) -> None:
    assert clock(NOON, zone) == clock(NOON + 59.9, zone) == shown


def test_a_clock_goes_with_the_seasons_of_its_zone() -> None:
    assert clock(NOON - 180 * DAY, BERLIN) == "13:00"


@given(TIMES, ZONES)
def test_a_clock_shows_what_the_library_does(time: float, zone: ZoneInfo) -> None:
    assert clock(time, zone) == datetime.fromtimestamp(time, zone).strftime("%H:%M")


@pytest.mark.parametrize(
    ("now", "zone", "shown"),
    [
        (NOON + 9 * HOUR, BERLIN, "14:00"),
        (NOON + 10 * HOUR, BERLIN, "2024-05-17 14:00"),  # it is midnight there
        (NOON + 11 * HOUR, UTC, "12:00"),
        (NOON + 12 * HOUR, UTC, "2024-05-17 12:00"),
        (NOON + 365 * DAY, UTC, "2024-05-17 12:00"),
        (NOON - 13 * HOUR, UTC, "2024-05-17 12:00"),
    ],
)
def test_the_day_is_shown_as_soon_as_it_is_another_one_in_the_zone(
    now: float, zone: ZoneInfo, shown: str
) -> None:
    assert clock_and_day(NOON, zone, now) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3 * 60 + 59, "3 min"),
        (HOUR, "1 h"),
        (2 * HOUR + 5 * 60, "2 h 5 min"),
        (DAY - 1, "23 h 59 min"),
        (DAY, "1 d"),
        (3 * DAY + 4 * HOUR + 59 * 60, "3 d 4 h"),
        (400 * DAY, "400 d"),
    ],
)
def test_a_duration_is_its_two_largest_units(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("30s", 30),
        ("10m", 600),
        ("10 min", 600),
        ("2h", 2 * HOUR),
        ("2H", 2 * HOUR),
        ("1d", DAY),
        ("3 days", 3 * DAY),
        ("1 week", 7 * DAY),
        ("0m", 0),
    ],
)
def test_so_long_ago_is_understood(text: str, ago: float) -> None:
    assert past(text, NOON, UTC) == NOON - ago


@pytest.mark.parametrize(
    ("text", "ago"),
    [("11:30", HOUR / 2), ("12:00", 0), ("9:05", 2 * HOUR + 55 * 60), ("14:00", 22 * HOUR)],
)
def test_a_time_of_day_is_the_last_one(text: str, ago: float) -> None:
    assert past(text, NOON, UTC) == NOON - ago


def test_a_time_of_day_is_that_of_the_zone() -> None:
    assert past("13:30", NOON, BERLIN) == NOON - HOUR / 2


@given(TIMES.map(lambda time: time + DAY), ZONES, st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_never_to_come_and_no_more_than_a_day_ago(
    now: float, zone: tzinfo | None, hour: int, minute: int
) -> None:
    then = past(f"{hour}:{minute:02}", now, zone)
    assert then is not None
    assert now - DAY - HOUR <= then <= now + HOUR  # an hour for clocks that are put forward or back
    if zone is UTC:
        assert now - DAY < then <= now
        assert clock(then, zone) == f"{hour:02}:{minute:02}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m",
        "10",
        "-5m",
        "10y",
        "24:00",
        "12:60",
        "1:2",
        "12:30:00",
        "1234567m",
        "１０m",
        "10m ago",
    ],
)
def test_what_means_no_time_is_none(text: str) -> None:
    assert past(text, NOON, UTC) is None


@pytest.mark.parametrize("text", ["2 months", "1 month", "3 mondays", "2 hands"])
def test_a_word_that_only_begins_like_a_unit_is_not_taken_for_it(text: str) -> None:
    assert past(text, NOON, UTC) is None


@given(st.integers(0, 999_999), st.sampled_from("smhdw"), ZONES)
@example(999_999, "w", None)
@example(800_000, "d", UTC)
def test_whatever_time_is_understood_can_be_shown(count: int, unit: str, zone: ZoneInfo) -> None:
    then = past(f"{count}{unit}", NOON, zone)
    assert then is None or clock_and_day(then, zone, NOON)
