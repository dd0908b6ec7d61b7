"""chat.wire: how messages look to a line client."""

import calendar
import time

import pytest

from chat.look import PLAIN, TELNET, Look
from chat.message import SERVER, Kind, Message
from chat.wire import (
    encode,
    encode_notices,
    encode_with_time,
    gap_notice,
)

NOON = calendar.timegm((2024, 5, 17, 12, 0, 0))
SAID = Message(1, 1, NOON, "lobby", Kind.SAY, 7, "ann", "grün")
NOTICE = Message(2, 1, NOON, "lobby", Kind.NOTICE, SERVER, "", "ann left")


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "localtime", time.gmtime)


@pytest.mark.parametrize(
    ("message", "look", "line"),
    [
        (SAID, PLAIN, "ann: grün\n"),
        (SAID, TELNET, "ann: grün\r\n"),
        (NOTICE, PLAIN, " * ann left\n"),
        (NOTICE, TELNET, " * ann left\r\n"),
    ],
)
def test_a_message_is_one_line(message: Message, look: Look, line: str) -> None:
    assert encode(message, look) == line.encode()


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (NOON + 11 * 3600, "[12:00] ann: grün\n"),
        (NOON + 12 * 3600, "[2024-05-17 12:00] ann: grün\n"),
        (NOON + 365 * 24 * 3600, "[2024-05-17 12:00] ann: grün\n"),
    ],
)
def test_a_line_shown_later_has_its_time_and_its_day_if_that_is_over(now: float, line: str) -> None:
    assert encode_with_time(SAID, PLAIN, now) == line.encode()


def test_a_line_shown_later_ends_as_the_client_wants_it() -> None:
    assert encode_with_time(NOTICE, TELNET, NOON) == b"[12:00] * ann left\r\n"


def test_notices_are_a_line_each_and_begin_as_no_name_can() -> None:
    assert encode_notices(["one", "two"], PLAIN) == b" * one\n * two\n"
    assert encode_notices(["one", "two"], TELNET) == b" * one\r\n * two\r\n"


def test_a_gap_notice_says_how_many_were_missed() -> None:
    assert "missed 1 message:" in gap_notice(1)
    assert "missed 1234 messages:" in gap_notice(1234)
    assert "comings and goings" in gap_notice(0)
