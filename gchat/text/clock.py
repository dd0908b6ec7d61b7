"""Times as people write them: `14:30`, `2026-11-23 14:30`, `10m`, `2 h 5 min`.

Times are in seconds since the epoch. A zone of None is the server's.
"""

import re
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPAN = re.compile(
    r"(\d{1,6}) ?(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)",
    re.ASCII | re.IGNORECASE,
)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def clock(time: float, zone: tzinfo | None) -> str:
    """Format the time of day: `14:30`."""
    return _minute(int(time // 60), zone)


def clock_and_day(time: float, zone: tzinfo | None, now: float) -> str:
    """Format a time: `14:30`, or `2026-11-23 14:30` if the day differs from that of `now`."""
    day, today = (datetime.fromtimestamp(moment, zone).date() for moment in (time, now))
    return clock(time, zone) if day == today else f"{day} {clock(time, zone)}"


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


def span(text: str) -> int | None:
    """Read a span of time in seconds: `10m`, `2 h`, `3 days`. None for anything else."""
    found = _SPAN.fullmatch(text)
    return int(found[1]) * _UNITS[found[2][0].lower()] if found else None


def past(text: str, now: float, zone: tzinfo | None) -> float | None:
    """Read a time in the past: so long ago (`10m`, `2h`, `3 days`), or the last time that the
    clock showed it (`14:30`). None for anything else."""
    if (ago := span(text)) is not None:
        return max(0.0, now - ago)
    if shown := _CLOCK.fullmatch(text):
        today = datetime.fromtimestamp(now, zone)
        then = today.replace(hour=int(shown[1]), minute=int(shown[2]), second=0, microsecond=0)
        if then > today:
            then -= timedelta(days=1)
        return then.timestamp()
    return None
