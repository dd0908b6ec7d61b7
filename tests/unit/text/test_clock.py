"""text.clock: times as the server prints them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.text.clock import clock, clock_and_day, duration, new_day

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


@given(TIMES, TIMES, ZONES)
def test_a_new_day_is_told_by_the_zone_s_calendar(
    before: float, time: float, zone: ZoneInfo
) -> None:
    days = [datetime.fromtimestamp(moment, zone).date() for moment in (before, time)]
    shown = new_day(before, time, zone)
    assert shown == ("" if days[0] == days[1] else f"{days[1]:%A}, {days[1]}")
