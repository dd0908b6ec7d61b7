"""text.times: times as people type them."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gchat.text.clock import clock, clock_and_day, duration, new_day
from gchat.text.times import MAX_TYPED, day, past, span
from tests.field_inputs import TIMES

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 12, 0, 30, tzinfo=UTC).timestamp()
HOUR, DAY = 3600, 24 * 3600

MOMENTS = st.floats(2 * DAY, 4e9, allow_nan=False)
ZONES = st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Kolkata"), ZoneInfo("Pacific/Apia"), None])


@pytest.mark.parametrize("typed", TIMES)
def test_a_time_means_what_people_mean_by_it(typed: str) -> None:
    moment = past(typed, NOW, UTC)
    shown = None if moment is None else f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"
    assert shown == TIMES[typed]


@pytest.mark.parametrize("typed", ["13:30", "2026-11-30 13:30", "1:30pm", "monday 13:30"])
def test_clocks_and_days_are_those_of_the_zone(typed: str) -> None:
    assert past(typed, NOW + HOUR, BERLIN) == NOW + HOUR / 2 - 30


def test_a_day_begins_and_ends_with_the_calendar_of_its_zone() -> None:
    begin, end = day("2026-10-25", NOW, BERLIN) or (0, 0)  # clocks were put back
    assert end - begin == 25 * HOUR
    assert day("yesterday", NOW, UTC) == day("sunday", NOW, UTC) == day("2026-11-29", NOW, UTC)
    for no_day in ("10m", "14:30", "soon", "monday 9:00", "2026-02-30", ""):
        assert day(no_day, NOW, UTC) is None


def printed(time: float, now: float, zone: tzinfo | None) -> list[tuple[str, float]]:
    """All that the server prints for `time` when it is `now`, and how exact that is."""
    local = datetime.fromtimestamp(time, zone)
    return [
        (clock_and_day(time, zone, now), 60),
        (f"[{clock_and_day(time, zone, now)}]", 60),
        (f"{local:%Y-%m-%d %H:%M:%S}", 1),
        (f"{datetime.fromtimestamp(time, UTC).isoformat(timespec='milliseconds')[:-6]}Z", 0.002),
        (new_day(time - 3 * DAY, time, zone), 25 * HOUR),
    ]


@given(MOMENTS, st.floats(0, 3 * DAY), ZONES)
def test_whatever_the_server_prints_is_understood(
    now: float, ago: float, zone: tzinfo | None
) -> None:
    time = max(0.0, now - ago)  # nothing was said before the epoch
    for text, exact in printed(time, now, zone):
        moment = past(text, now, zone)
        assert moment is not None, text
        # An hour comes twice when clocks are put back, and Apia has left out a day.
        missed = abs(moment - time) % HOUR if exact < DAY else 0
        assert min(missed, HOUR - missed) <= exact or abs(moment - time) <= exact, text
        assert abs(moment - time) <= exact + HOUR, text


@given(st.floats(0, 40 * DAY))
def test_durations_are_understood(seconds: float) -> None:
    read = span(duration(seconds))
    assert read is not None
    assert 0 <= seconds - read < (60 if seconds < HOUR else HOUR if seconds > DAY else 60)


@given(MOMENTS, ZONES, st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_never_to_come_and_no_more_than_a_day_ago(
    now: float, zone: tzinfo | None, hour: int, minute: int
) -> None:
    then = past(f"{hour}:{minute:02}", now, zone)
    assert then is not None
    # An hour for clocks that are put forward or back, and Apia left out a day.
    assert now - 2 * DAY - HOUR <= then <= now + HOUR
    if zone is UTC:
        assert now - DAY < then <= now
        assert clock(then, zone) == f"{hour:02}:{minute:02}"


@given(st.integers(0, 999_999), st.sampled_from("smhdw"), ZONES)
@example(999_999, "w", None)
@example(800_000, "d", UTC)
def test_whatever_time_is_understood_can_be_shown(
    count: int, unit: str, zone: tzinfo | None
) -> None:
    then = past(f"{count}{unit}", NOW, zone)
    assert then is None or clock_and_day(then, zone, NOW)


@given(
    st.text(st.sampled_from("0129:-apmhdsw toyestrdaymond,[]T.Z"), max_size=MAX_TYPED + 5), ZONES
)
@example("0001-01-01", BERLIN)
@example("9999-12-31 23:59", ZoneInfo("America/New_York"))
def test_nothing_that_is_typed_raises(typed: str, zone: tzinfo | None) -> None:
    for found in (past(typed, NOW, zone), *(day(typed, NOW, zone) or ())):
        assert found is None or found >= 0


def test_spans_are_no_words_behind_a_number() -> None:
    assert span("1h30m") == 5400
    assert span("2 h 5 min") == 7500
    assert [span(text) for text in ("", "5", "10m ago", "1m of", "2 hands", "1m,", "m1")] == [
        None
    ] * 7


def test_a_week_is_seven_days() -> None:
    assert timedelta(seconds=span("2w") or 0) == timedelta(days=14)
