"""runtime.logformats: how a line of the server's own log looks."""

import json
import logging
import sys
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.runtime.logs import Formatter, JsonFormatter, Record

NASTY = '\x1b[2J\r\n\t\x7f\x9b\u2028\u202e\udcff\U0001f600é"'


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(
        "gchat.hub.hub", logging.WARNING, __file__, 1, message, arguments, None
    )


def failed(text: str) -> logging.LogRecord:
    """What is logged of an error."""
    record_of_it = record("it failed")
    try:
        raise ValueError(text)
    except ValueError:
        record_of_it.exc_info = sys.exc_info()
    return record_of_it


def test_control_characters_are_escaped() -> None:
    line = Formatter().format(record("join %s\n", "\x1b[2Jann\u202e"))
    _, _, shown = line.split(" ", 2)
    assert shown == r"WARNING join \x1b[2Jann\u202e\x0a"


def test_each_line_has_its_own_time_as_logging_writes_it() -> None:
    begin = datetime.fromisoformat("2026-11-23T10:15:59.007Z").timestamp()
    for seconds in (0.0, 0.5, 0.994, 1.0, 86_400.0):
        moment = record("it happens")
        moment.created, moment.msecs = begin + seconds, (7 + seconds * 1000) % 1000
        usual = logging.Formatter("%(asctime)s %(levelname)s %(message)s").format(moment)
        assert Formatter().format(moment) == usual


def test_a_traceback_keeps_its_lines_and_what_it_quotes_is_escaped() -> None:
    _, _, shown = Formatter().format(failed("\x1b[2J")).split(" ", 2)
    assert shown.startswith("WARNING it failed\nTraceback (most recent call last):\n  File ")
    assert shown.endswith("\nValueError: \\x1b[2J")


@pytest.mark.parametrize("formatter", [Formatter(), JsonFormatter()], ids=["text", "json"])
def test_what_is_not_looked_up_for_a_record_is_missing_from_no_line(
    formatter: logging.Formatter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_764_500_000.0625)
    told = record("join %s", "ann"), failed("it cannot be")
    for usual in told:
        fields = ("name", "levelno", "pathname", "lineno", "msg", "args", "exc_info")
        lean = Record(*(getattr(usual, field) for field in fields))
        assert formatter.format(lean) == formatter.format(usual)


def test_json_says_when_how_bad_who_and_what() -> None:
    joined = record("join %s", "ann")
    joined.created = datetime.fromisoformat("2026-11-23T10:15:00.123456Z").timestamp()
    assert json.loads(JsonFormatter().format(joined)) == {
        "time": "2026-11-23T10:15:00.123Z",
        "level": "warning",
        "logger": "gchat.hub.hub",
        "message": "join ann",
    }


def test_json_has_the_traceback_of_an_error() -> None:
    shown = json.loads(JsonFormatter().format(failed("\x1b[2J")))
    assert shown["message"] == "it failed"
    first, *_, last = shown["error"].split("\n")
    assert first == "Traceback (most recent call last):"
    assert last == "ValueError: \x1b[2J"


@pytest.mark.parametrize("nasty", [record(NASTY), failed(NASTY)], ids=["message", "error"])
def test_json_is_one_line_of_printable_ascii(nasty: logging.LogRecord) -> None:
    line = JsonFormatter().format(nasty)
    assert line.isascii()
    assert line.isprintable()
    assert NASTY in (json.loads(line)["message"] + json.loads(line).get("error", ""))


@given(st.text())
def test_json_keeps_every_text_as_it_is(text: str) -> None:
    line = JsonFormatter().format(record("%s", text))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == text
