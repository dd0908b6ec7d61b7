"""Times as people type them: `10m`, `1h30m ago`, `14:30`, `2pm`, `yesterday`, `2026-11-28 14:30`.

All that the server prints is understood again (text.clock). Times are in seconds since the epoch. A
zone of None is the server's.
"""

import re
from datetime import date, datetime, timedelta, tzinfo
from datetime import time as clock_time

FORMS = "10m, 1h30m, 2 hours, 14:30, 2pm, yesterday, monday, 2026-11-28 or 2026-11-28 14:30"
"""What a refusal names: one of each kind."""

DAYS = "today, yesterday, monday or 2026-11-28"

MAX_TYPED = 60
"""Characters of what may be a time; more are none."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LENGTH = r"(\d{1,6}) ?(s|sec|secs|seconds?|m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)"
_FLAGS = re.ASCII | re.IGNORECASE
_PART = re.compile(_LENGTH + r"(?![a-z])", _FLAGS)
_SPAN = re.compile(rf"(?:{_LENGTH}(?![a-z])(?:,| and)? ?)+(?<![, ])", _FLAGS)
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?)? ?([ap]m)?", _FLAGS)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def span(text: str) -> int | None:
    """Read a span of time in seconds: `10m`, `1h30m`, `2 h 5 min`, `3 days`. None for others."""
    if len(text) > MAX_TYPED or not _SPAN.fullmatch(text):
        return None
    return sum(int(part[1]) * _UNITS[part[2][0].lower()] for part in _PART.finditer(text))


def past(text: str, now: float, zone: tzinfo | None) -> float | None:
    """Read a time in the past; None for anything else.

    So long ago (`10m`, `10m ago`); the last time that the clock showed it (`14:30`, `2pm`); the
    beginning of a day, with or without a time (`yesterday`, `monday 9:00`, `2026-11-28 14:30`).
    """
    text = _plain(text)
    if (ago := span(text.removesuffix(" ago"))) is not None:
        return max(0.0, now - ago)
    today = datetime.fromtimestamp(now, zone)
    try:
        if text.endswith("z") and _DATE.match(text):  # as programs are told times
            return max(0.0, datetime.fromisoformat(text.upper()).timestamp())
        moment = _moment(text, today)
        return None if moment is None else max(0.0, moment.timestamp())
    except (ValueError, OverflowError, OSError):
        return None


def day(text: str, now: float, zone: tzinfo | None) -> tuple[float, float] | None:
    """Read a day: `today`, `yesterday`, `monday`, `2026-11-28`. None for anything else.

    Returns when it begins, and when the next one does.
    """
    try:
        found = _day(_plain(text), datetime.fromtimestamp(now, zone).date())
        if found is None:
            return None
        begin, end = (
            datetime.combine(each, clock_time(), zone).timestamp()
            for each in (found, found + timedelta(days=1))
        )
        return max(0.0, begin), max(0.0, end)
    except (ValueError, OverflowError, OSError):
        return None


def _plain(text: str) -> str:
    """`text` in lower case, with single blanks, without the brackets of a line's time."""
    words = text[: MAX_TYPED + 1].lower().split() if len(text) <= MAX_TYPED else []
    return " ".join(words).removeprefix("[").removesuffix("]")


def _moment(text: str, today: datetime) -> datetime | None:
    """The time that `text` means, in the zone of `today`. Raises ValueError if there is none."""
    if text == "now":
        return today
    if (found := _clock(text)) is not None:
        moment = datetime.combine(today.date(), found, today.tzinfo)
        # By what clocks show: an hour may come twice, or never.
        is_to_come = moment.replace(tzinfo=None) > today.replace(tzinfo=None)
        return moment - timedelta(days=1) if is_to_come else moment
    for length in range(len(text), 0, -1):
        rest = text[length:].removeprefix("t").removeprefix(" ").removeprefix("at ")
        if rest == text[length:] and rest:
            continue
        found = _clock(rest) if rest else clock_time()
        if found is not None and (which := _day(text[:length], today.date())):
            return datetime.combine(which, found, today.tzinfo)
    return None


def _clock(text: str) -> clock_time | None:
    """Read a time of day: `14:30`, `14:30:00`, `2pm`. A number alone is none."""
    found = _CLOCK.fullmatch(text)
    if not found or not (found[2] or found[4]):
        return None
    hour = int(found[1])
    if found[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[4] == "pm" else 0)
    minute, second = int(found[2] or 0), int(found[3] or 0)
    return clock_time(hour, minute, second) if max(minute, second) < 60 and hour < 24 else None


def _day(text: str, today: date) -> date | None:
    """Read a day, the last one of that name. Raises ValueError if there is no such date."""
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    is_last, text = text.startswith("last "), text.removeprefix("last ")
    name, _, rest = text.partition(" ")
    name = name.removesuffix(",")
    if len(name) >= 3 and (named := [each for each in _WEEKDAYS if each.startswith(name)]):
        if rest:  # as in a line of the day: `monday, 2026-11-30`
            return _day(rest, today) if _DATE.fullmatch(rest) else None
        days = (today.weekday() - _WEEKDAYS.index(named[0])) % 7
        return today - timedelta(days=days or 7 * is_last)
    if found := _DATE.fullmatch(text):
        return date(*map(int, found.groups()))
    return None
