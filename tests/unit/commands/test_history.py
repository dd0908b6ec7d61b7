"""commands.history: what was said in this room, as far as it is kept."""

import re
import time
from collections.abc import Callable

import pytest

from gchat.commands.history import MOST, SHOWN
from gchat.commands.search import MOST_FOUND
from gchat.model.room_log import RoomLog
from gchat.text.phrases import MAX_SHOWN
from gchat.text.times import FORMS
from tests.unit.commands.typing_lines import a_program, fill, person, refusal, run, shown, told
from tests.unit.peers import Company, Peer

NOON = 1_700_000_000 // 86400 * 86400 + 12 * 3600.0
"""12:00 in UTC."""

MINUTE, HOUR = 60.0, 3600.0


def texts(lines: list[str]) -> list[str]:
    """What was said in those of `lines` that have a time, without places."""
    said = [line.partition("] ")[2] for line in lines if line.startswith("[")]
    return [re.sub(r"^#\S+/\d+ ", "", text) for text in said]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock to so many seconds after noon."""

    def set_clock(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: NOON + seconds)

    set_clock(0)
    return set_clock


# /history


def test_history_shows_the_last_messages_with_their_times(
    company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, *map(str, range(SHOWN + 5)))
    run(company, ann, "/topic the weather")  # is not spoken, so it does not count
    run(company, bob, "/me waves")
    shown(company, ann)
    lines = told(company, ann, "/history")
    assert lines[0] == f"The last {SHOWN} messages in #lobby:"
    said = [f"bob: {number}" for number in range(6, SHOWN + 5)]
    assert texts(lines) == [*said, "** bob waves"]
    assert texts(told(company, ann, "/history 2")) == [f"bob: {SHOWN + 4}", "** bob waves"]
    assert told(company, ann, "/history 1")[0] == "The last message in #lobby:"


def test_history_shows_what_one_has_said_oneself(company: Company, ann: Peer) -> None:
    company.say(ann, "hello")
    assert texts(told(company, ann, "/history")) == ["ann: hello"]


def test_history_of_more_than_there_is_shows_all(company: Company, ann: Peer, bob: Peer) -> None:
    company.say(bob, *map(str, range(300)))
    shown(company, ann)
    lines = told(company, ann, "/history 999999999")
    assert lines[0] == "The last 300 messages in #lobby:"
    assert texts(lines) == [f"bob: {number}" for number in range(300)]


def test_history_of_a_silent_room_says_so(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, bob, "/topic the weather")
    shown(company, ann)
    assert told(company, ann, "/history") == ["No messages in #lobby yet"]


@pytest.mark.parametrize("wrong", ["0", "-1", "many", "1.5", "9" * 5000, "\u00b2"])
def test_history_of_no_number_is_refused_with_the_range(
    wrong: str, company: Company, ann: Peer
) -> None:
    told = f"'{wrong[:MAX_SHOWN]}' is not a number from 1 to {MOST}"
    why = refusal(company, ann, f"/history {wrong}")
    assert why == f"/history takes how many messages to show: {told}"


def test_history_before_a_message_goes_back_to_the_beginning(
    company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, *map(str, range(50)))
    run(company, bob, "/topic the weather")  # which has an id, but does not count
    company.say(bob, *map(str, range(50, 100)))
    shown(company, ann)
    ids = [message.id for message in company.room.log.after(0, 200) if message.is_spoken]
    found = list[str]()
    for first in range(100, 0, -30):
        before = f" {ids[first]}" if first < 100 else ""
        lines = told(company, ann, f"/history 30{before}")
        found = texts(lines) + found
        count = min(30, first)
        expected = f"The {count} messages before #lobby/{ids[first]}:" if before else ""
        assert lines[0] == (expected or "The last 30 messages in #lobby:")
    assert found == [f"bob: {number}" for number in range(100)]
    (nothing,) = told(company, ann, f"/history 30 {ids[0]}")
    assert nothing == f"No messages before #lobby/{ids[0]} are kept"
    (one,) = texts(told(company, ann, f"/history 1 #lobby/{ids[51]}"))
    assert one == "bob: 50"


def test_history_before_a_message_leaves_out_what_was_deleted(
    company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, *map(str, range(10)))
    shown(company, ann)
    company.room.delete([3, 8])
    lines = told(company, ann, "/history 5 8")
    assert lines[0] == "The 4 messages before #lobby/8:"
    assert texts(lines) == ["bob: 3", "bob: 4", "bob: 5", "bob: 6"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("5 99", "There is no message #lobby/99"),
        ("5 #den/1", "/history shows messages of this room, #lobby"),
        ("5 yesterday", "Usage: /history [N] [PLACE], for example: /history 50"),
    ],
)
def test_history_before_what_is_no_message_here_is_refused(
    company: Company, ann: Peer, typed: str, why: str
) -> None:
    company.say(ann, "hello")
    assert refusal(company, ann, f"/history {typed}") == why


def test_history_is_that_of_the_room_one_is_in(company: Company, ann: Peer, bob: Peer) -> None:
    company.say(bob, "in the lobby")
    run(company, ann, "/join den")
    shown(company, ann)
    for line in ("/history", "/since 1h", "/find lobby in:den"):
        assert texts(told(company, ann, line)) == []
    assert texts(told(company, ann, "/find lobby")) == ["bob: in the lobby"]


@pytest.mark.placed
def test_a_program_gets_what_it_asks_for(company: Company, bob: Peer) -> None:
    company.say(bob, "hello")
    program = a_program(company, "ci")
    assert texts(told(company, program, "/history")) == ["bob: hello"]


@pytest.mark.parametrize("line", ["/history", "/since 1h", "/find hello"])
def test_who_looks_back_is_noticed_by_nobody(
    line: str, company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, "hello")
    run(company, ann, line)
    assert shown(company, bob) == []


@pytest.mark.parametrize("line", ["/history", "/since 1h", "/find hello"])
def test_what_the_ignored_said_is_left_out_and_that_is_told(
    line: str, company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    company.say(bob, "hello")
    company.say(cy, "hello, too")
    run(company, ann, "/ignore bob")
    shown(company, ann)
    lines = told(company, ann, line)
    assert "(ignored users left out)" in lines[0]
    assert texts(lines) == ["cy: hello, too"]


def test_operators_see_the_places_that_delete_takes(company: Company, bob: Peer) -> None:
    company.say(bob, "one", "two")
    run(company, bob, "/me waves")
    bob.client.operator = True
    lines = told(company, bob, "/history")[-3:]
    assert told(company, bob, "/since 1h")[-3:] == lines
    one, two, waves = (each.id for each in company.room.log.after(0, 99) if each.name == "bob")
    assert [each.partition("] ")[2] for each in lines] == [
        f"#lobby/{one} bob: one",
        f"#lobby/{two} bob: two",
        f"#lobby/{waves} ** bob waves",
    ]
    assert told(company, bob, f"/around {two}")[0].endswith(f"] #lobby/{one} bob: one")


# /since


@pytest.mark.parametrize(
    ("when", "first"),
    [
        ("10m", 3),
        ("10 minutes", 3),
        ("2h", 1),
        ("2H", 1),
        ("1d", 0),
        ("40s", 4),
        ("11:30", 2),
        ("9:59", 1),
        ("13:00", 0),
    ],
)
def test_since_shows_what_was_said_at_that_time_or_later(
    when: str, first: int, company: Company, ann: Peer, bob: Peer, at: Callable[[float], None]
) -> None:
    run(company, ann, "/time UTC")
    run(company, ann, "/time off")
    ago = (20 * HOUR, 2 * HOUR, 30 * MINUTE, 10 * MINUTE, 30.0)
    for seconds in ago:
        at(-seconds)
        company.say(bob, f"{seconds} ago")
    at(0)
    shown(company, ann)
    lines = told(company, ann, f"/since {when}")
    assert texts(lines) == [f"bob: {seconds} ago" for seconds in ago[first:]]
    many = "1 message" if first == 4 else f"{5 - first} messages"
    assert lines[0].startswith(f"{many} since ")


def test_since_when_nothing_was_said_says_so(
    company: Company, ann: Peer, bob: Peer, at: Callable[[float], None]
) -> None:
    at(-HOUR)
    company.say(bob, "hello")
    at(0)
    shown(company, ann)
    (line,) = told(company, ann, "/since 10m")
    assert line.startswith("No messages since ")


def test_since_tells_if_what_was_said_then_is_no_longer_kept() -> None:
    with Company(RoomLog("lobby", max_messages=64)) as company:
        ann, bob = person(company, "ann"), person(company, "bob")
        for _ in range(4):
            company.say(bob, *["hello"] * 32)
        shown(company, ann)
        assert company.room.log.start.id
        lines = told(company, ann, "/since 1h")
        assert lines[0].startswith("Messages before ")
        assert lines[0].endswith(" are no longer kept")


@pytest.mark.parametrize("wrong", ["soon", "24:00", "-5m", "tomorrow"])
def test_since_no_time_is_refused_with_what_is_taken(
    wrong: str, company: Company, ann: Peer
) -> None:
    why = refusal(company, ann, f"/since {wrong}")
    assert why == f"“{wrong}” is not a time; /since takes {FORMS}"


def test_since_takes_what_is_shown(
    company: Company, ann: Peer, bob: Peer, at: Callable[[float], None]
) -> None:
    run(company, ann, "/time UTC")
    for hours in (-50, -24, -1):
        at(hours * HOUR)
        company.say(bob, f"{hours} h")
    at(0)
    shown(company, ann)
    for line in told(company, ann, "/history")[1:]:
        if line.startswith("["):
            time_shown, _, text = line.partition("] bob: ")
            assert texts(told(company, ann, f"/since {time_shown}]"))[0] == f"bob: {text}"
        else:
            assert texts(told(company, ann, f"/since {line.removeprefix(' * ')}"))
    for when in ("yesterday", "2 days", "2023-11-13", "monday", "2023-11-13 12:00", "11am"):
        assert texts(told(company, ann, f"/since {when}"))[-1] == "bob: -1 h"


def test_a_line_tells_where_a_day_begins(
    company: Company, ann: Peer, bob: Peer, at: Callable[[float], None]
) -> None:
    run(company, ann, "/time UTC")
    for hours in (-50, -49, -24, -1):
        at(hours * HOUR)
        company.say(bob, f"{hours} h")
    at(0)
    shown(company, ann)
    assert told(company, ann, "/history")[1:] == [
        "[2023-11-12 10:00] bob: -50 h",
        "[2023-11-12 11:00] bob: -49 h",
        "Monday, 2023-11-13",
        "[2023-11-13 12:00] bob: -24 h",
        "Tuesday, 2023-11-14",
        "[11:00] bob: -1 h",
    ]


@pytest.mark.parametrize("when", ["999999s", "999999m", "999999h", "999999d", "999999w"])
def test_since_very_long_ago_shows_all(when: str, company: Company, ann: Peer, bob: Peer) -> None:
    company.say(bob, "hello")
    shown(company, ann)
    assert texts(told(company, ann, f"/since {when}")) == ["bob: hello"]


# /find


def test_find_shows_what_has_the_text_in_it_in_any_case(
    company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, "Deploying now", "hello", "a STRASSE", "deploy  it", "the end")
    run(company, bob, "/me deploys")
    shown(company, ann)
    lines = told(company, ann, "/find DEPLOY")
    assert lines[0] == "3 messages match:"
    assert texts(lines) == ["bob: Deploying now", "bob: deploy  it", "** bob deploys"]
    assert texts(told(company, ann, '/find "deploy  it"')) == ["bob: deploy  it"]
    assert texts(told(company, ann, "/find straße")) == ["bob: a STRASSE"]
    assert told(company, ann, "/find end")[0] == "1 message matches:"


def test_find_of_what_is_not_there_says_so(company: Company, ann: Peer, bob: Peer) -> None:
    company.say(bob, "hello")
    run(company, bob, "/topic zebras")  # not spoken
    shown(company, ann)
    assert told(company, ann, "/find zebra") == ['No messages match "zebra" (in all rooms)']
    assert told(company, ann, "/find bob") == ['No messages match "bob" (in all rooms)']


def test_find_shows_the_last_of_many(company: Company, ann: Peer) -> None:
    fill(company, 1000)
    lines = told(company, ann, "/find message")
    assert lines[0] == f"The last {MOST_FOUND} messages that match:"
    assert texts(lines) == [f"zoe: message {number}" for number in range(1000 - MOST_FOUND, 1000)]


@pytest.mark.placed
def test_what_was_said_on_another_day_is_shown_with_its_day(
    company: Company, ann: Peer, bob: Peer, at: Callable[[float], None]
) -> None:
    run(company, ann, "/time UTC")
    at(-24 * HOUR)
    company.say(bob, "hello")
    at(0)
    shown(company, ann)
    found = f"#lobby/{company.room.log.end.id} "
    for line, place in (("/history", ""), ("/find hello", found), ("/since 2d", "")):
        assert told(company, ann, line)[-1] == f"[2023-11-13 12:00] {place}bob: hello"
