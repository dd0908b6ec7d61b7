"""commands.looks: how things look, for one client."""

import json
import re
import time

import pytest

from gchat.text import clock
from tests.unit.commands.typing_lines import a_program, refusal, run, shown, told
from tests.unit.peers import Company, Peer

NOON = 1_700_000_000 // 86400 * 86400 + 12 * 3600.0
"""12:00 in UTC, in winter."""

NAME_IN_COLOR = re.compile("\x1b\\[38;5;\\d+m(\\w+)\x1b\\[39m")


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOON)


# /time


@pytest.mark.placed
@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("zone", "shown_time"),
    [
        ("UTC", "12:00"),
        ("Europe/Berlin", "13:00"),
        ("europe/berlin", "13:00"),
        ("America/New_York", "07:00"),
        ("ASIA/KOLKATA", "17:30"),
    ],
)
def test_time_shows_each_line_with_its_time_in_the_zone_of_its_reader(
    zone: str, shown_time: str, company: Company, ann: Peer, bob: Peer
) -> None:
    (answer,) = told(company, ann, f"/time {zone}")
    assert answer.startswith("Times are shown; in ")
    assert answer.endswith(f" it is {shown_time}")
    company.say(bob, "hello")
    run(company, bob, "/me waves")
    run(company, bob, "/msg ann psst")
    run(company, bob, "/nick robert")
    assert shown(company, ann) == [
        f"[{shown_time}] bob: hello",
        f"[{shown_time}] ** bob waves",
        f"[{shown_time}] bob -> ann: psst",
        f"[{shown_time}] * bob is now robert",
    ]
    # Nobody else is shown times.
    assert shown(company, bob) == ["bob -> ann: psst", " * You are now robert"]


@pytest.mark.usefixtures("noon")
def test_the_zone_is_kept_while_times_are_off_and_used_in_answers(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, "/time Asia/Tokyo")
    run(company, ann, "/time off")
    shown(company, ann)
    company.say(bob, "hello")
    assert shown(company, ann) == ["bob: hello"]
    assert told(company, ann, "/history")[-1] == "[21:00] bob: hello"
    bob.client.since = time.monotonic() + 1  # as it is not over yet, it is still 21:00
    assert "here since 21:00" in told(company, ann, "/whois bob")[0]
    run(company, ann, "/time on")
    shown(company, ann)
    company.say(bob, "again")
    assert shown(company, ann) == ["[21:00] bob: again"]


@pytest.mark.parametrize(
    "zone",
    [
        "Atlantis/Capital",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe",
        ".",
        "Europe/../UTC",
        "\\x00",
        "tzdata.zi",
        "\u0131",
        "z" * (64 + 1),
        "U/" * 30_000,
    ],
)
def test_a_zone_that_there_is_not_is_refused_and_all_stays_as_it_was(
    zone: str, company: Company, ann: Peer
) -> None:
    display = ann.client.display
    assert refusal(company, ann, f"/time {zone}").startswith("Unknown time zone")
    assert ann.client.display == display


def test_the_longest_name_of_a_zone_is_known(company: Company, ann: Peer) -> None:
    run(company, ann, "/time America/Argentina/ComodRivadavia")
    assert ann.client.display.time


def test_the_time_of_an_empty_argument_is_only_told(company: Company, ann: Peer) -> None:
    assert told(company, ann, "/time") == ["Times are not shown"]
    assert not ann.client.display.time


def test_the_clock_of_a_line_is_that_of_when_it_was_said(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(company, ann, "/time UTC")
    shown(company, ann)
    expected = []
    for minutes in (0, 59, 60, 125):
        at = NOON + 60 * minutes
        monkeypatch.setattr(time, "time", lambda at=at: at)
        company.say(bob, "hello")
        expected.append(f"[{clock.clock(at, ann.client.display.zone)}] bob: hello")
    assert shown(company, ann) == expected
    assert len(set(expected)) == len(expected)


# /color


@pytest.mark.placed
def test_color_gives_each_name_its_own_and_only_to_who_wants_it(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, ann, "/color on")
    shown(company, ann)
    company.say(cy, "hello")
    run(company, cy, "/me waves")
    run(company, cy, "/msg ann psst")
    lines = shown(company, ann)
    assert [NAME_IN_COLOR.sub(r"<\1>", line) for line in lines] == [
        "<cy>: hello",
        " ** <cy> waves",
        "<cy> -> <ann>: psst",
    ]
    colors = {NAME_IN_COLOR.search(line)[0] for line in lines}  # type: ignore[index]
    assert len(colors) == 1
    assert shown(company, bob) == ["cy: hello", " ** cy waves"]
    run(company, ann, "/color off")
    shown(company, ann)
    company.say(cy, "hello")
    assert shown(company, ann) == ["cy: hello"]


# /redraw


@pytest.mark.placed
def test_redraw_clears_the_line_before_each_that_comes_in(
    company: Company, ann: Peer, bob: Peer
) -> None:
    answer = told(company, ann, "/redraw on")
    assert "Ctrl-R" in answer[-1]
    company.say(bob, "hello")
    run(company, bob, "/msg ann psst")
    run(company, bob, "/nick robert")
    lines = shown(company, ann)
    clear = "\r\x1b[K"
    assert lines == [
        f"{clear}bob: hello",
        f"{clear}bob -> ann: psst",
        f"{clear} * bob is now robert",
    ]
    assert told(company, ann, "/help")[0].startswith(clear)
    run(company, ann, "/redraw off")
    company.say(bob, "again")
    assert shown(company, ann)[-1] == "robert: again"


def test_looks_can_be_had_together(company: Company, ann: Peer, bob: Peer) -> None:
    for line in ("/time UTC", "/color on", "/redraw on"):
        run(company, ann, line)
    shown(company, ann)
    company.say(bob, "hello")
    (line,) = shown(company, ann)
    assert re.fullmatch("\r\x1b\\[K\\[\\d\\d:\\d\\d\\] \x1b\\[38;5;\\d+mbob\x1b\\[39m: hello", line)


# /json


@pytest.mark.placed
def test_json_makes_every_line_an_object_until_it_is_off(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, "/json")
    shown(company, ann)
    company.say(bob, "hello")
    run(company, bob, "/me waves")
    run(company, bob, "/msg ann psst")
    run(company, bob, "/topic weather")
    run(company, bob, "/join den")
    run(company, ann, "/who")
    company.hub.refuse(ann.client, "no", "muted")
    objects = [json.loads(line) for line in shown(company, ann)]
    assert [each["kind"] for each in objects] == [
        *("say", "action", "private", "notice", "presence", "answer", "error"),
    ]
    ids = [message.id for message in company.room.log.after(0, 99) if message.name == "bob"]
    assert [each["id"] for each in objects if "id" in each] == ids
    assert objects[0].items() >= {"room": "lobby", "name": "bob", "text": "hello"}.items()
    assert objects[2].items() >= {"name": "bob", "to": "ann", "text": "psst"}.items()
    assert objects[4].items() >= {"name": "bob", "text": "bob left"}.items()
    run(company, ann, "/json off")
    shown(company, ann)
    run(company, bob, "/leave")
    assert shown(company, ann) == [" * bob joined"]


@pytest.mark.placed
def test_no_look_shows_in_json(company: Company, ann: Peer, bob: Peer) -> None:
    for line in ("/time UTC", "/color on", "/redraw on", "/json on"):
        run(company, ann, line)
    shown(company, ann)
    company.say(bob, "hello")
    run(company, bob, "/msg ann psst")
    run(company, ann, "/history")
    lines = shown(company, ann)
    assert [json.loads(line)["kind"] for line in lines] == ["say", "private", "answer", "say"]


def test_a_program_that_switches_to_json_sees_all_that_a_person_does(
    company: Company, bob: Peer
) -> None:
    program = company.program()
    run(company, program, "/json")
    assert json.loads(shown(company, program)[0])["kind"] == "answer"
    run(company, bob, "/topic weather")
    run(company, bob, "/join den")
    kinds = [json.loads(line)["kind"] for line in shown(company, program)]
    assert kinds == ["notice", "presence"]


@pytest.mark.parametrize("line", ["/time UTC", "/bell on", "/color on", "/redraw on", "/json on"])
def test_how_one_sees_things_nobody_else_is_told(
    line: str, company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, line)
    assert shown(company, bob) == []


@pytest.mark.parametrize("line", ["/time UTC", "/bell on", "/color on", "/redraw on"])
def test_a_program_is_not_told_what_it_has_switched(line: str, company: Company) -> None:
    program = a_program(company, "ci")
    assert told(company, program, line) == []
