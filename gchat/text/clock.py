"""Times as the server prints them: `14:30`, `2026-11-23 14:30`, `2 h 5 min`.

Times are in seconds since the epoch. A zone of None is the server's.
"""

from datetime import datetime, tzinfo
from functools import lru_cache


def clock(time: float, zone: tzinfo | None) -> str:
    """Format the time of day: `14:30`."""
    return _minute(int(time // 60), zone)


def clock_and_day(time: float, zone: tzinfo | None, now: float) -> str:
    """Format a time: `14:30`, or `2026-11-23 14:30` if the day differs from that of `now`."""
    day, today = (datetime.fromtimestamp(moment, zone).date() for moment in (time, now))
    return clock(time, zone) if day == today else f"{day} {clock(time, zone)}"


def new_day(before: float, time: float, zone: tzinfo | None) -> str:
    """Format the day of `time` if `before` was on another one: `Monday, 2026-11-30`; or nothing."""
    then, now = (_day(int(moment // 60), zone) for moment in (before, time))
    return now if now != then else ""


@lru_cache(maxsize=1024)
def _day(minutes: int, zone: tzinfo | None) -> str:
    return datetime.fromtimestamp(minutes * 60, zone).strftime("%A, %Y-%m-%d")


@lru_cache(maxsize=1024)
def _minute(minutes: int, zone: tzinfo | None) -> str:
    return datetime.fromtimestamp(minutes * 60, zone).strftime("%H:%M")


def duration(seconds: float) -> str:
    """Format a duration in its two largest units, but seconds alone: `40 s`, `3 d 4 h`."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        large, small = f"{days} d", f" {hours} h" if hours else ""
    elif hours:
        large, small = f"{hours} h", f" {minutes} min" if minutes else ""
    else:
        large, small = f"{minutes} min" if minutes else f"{seconds} s", ""
    return large + small
