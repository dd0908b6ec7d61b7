"""The line that tells a new day, before the first message of it among lines with times."""

from gchat.model.display import Display
from gchat.protocol.voices import voice_of
from gchat.text.clock import new_day


def shows_days(display: Display) -> bool:
    """Whether live lines have times, of which a person cannot tell the day."""
    return display.time and display.notices and not display.json


def day_line(display: Display, before: float, time: float) -> bytes:
    """` * Monday, 2026-11-30`, if a message at `time` follows one at `before`, a day earlier.

    Empty on the same day, and for clients that read JSON.
    """
    if display.json or time // 60 == before // 60:  # nearly always
        return b""
    shown = new_day(before, time, display.zone)
    return voice_of(display).notices([shown]) if shown else b""
