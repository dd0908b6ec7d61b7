"""How things look: times, colours, the bell, redrawing, telnet; and that looks can be mixed."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.blackbox.connection import Person, meet
from tests.blackbox.server import Server

CLEAR = "\r\x1b[K"
COLORED = re.compile(r"\x1b\[38;5;(\d{1,3})m(.*?)\x1b\[39m")


@pytest.fixture
def pair(server: Server) -> list[Person]:
    """Ann and Bob, who have met."""
    pair = server.named("ann", "bob")
    meet(*pair)
    return pair


@pytest.fixture
def ann(pair: list[Person]) -> Person:
    return pair[0]


@pytest.fixture
def bob(pair: list[Person]) -> Person:
    return pair[1]


def clocks(zone: str, since: datetime) -> set[str]:
    """What a clock in `zone` has shown since the moment `since`."""
    shown, now = set(), datetime.now(ZoneInfo(zone))
    while since <= now:
        shown.add(f"[{since.astimezone(ZoneInfo(zone)):%H:%M}]")
        since += timedelta(seconds=1)
    return shown | {f"[{now:%H:%M}]"}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_the_time_stands_before_what_is_said_in_the_readers_zone(
    ann: Person, bob: Person, zone: str
) -> None:
    started = datetime.now(ZoneInfo(zone))
    bob.say(f"/time {zone}")
    assert f"in {zone} it is " in bob.line()
    ann.say("hello", "/me waves", "/msg bob psst", "/topic tea")
    lines = [bob.line() for _ in range(4)]
    times = {line[:7] for line in lines}
    assert times <= clocks(zone, started)
    assert [line[7:] for line in lines] == [
        " ann: hello",
        " ** ann waves",
        " ann -> bob: psst",
        " * ann set the topic: tea",
    ]
    bob.say("/time off")
    assert bob.line() == " * Times are not shown"
    ann.say("hello again")
    assert bob.line() == "ann: hello again"


@pytest.mark.parametrize("zone", ["Atlantis", "../../etc/passwd", "/etc/passwd", "x" * 500, "."])
def test_what_is_no_zone_is_refused_and_changes_nothing(
    ann: Person, bob: Person, zone: str
) -> None:
    bob.say(f"/time {zone}")
    assert bob.line().startswith(" * Unknown time zone")
    ann.say("hello")
    assert bob.line() == "ann: hello"


def test_each_name_has_its_own_colour_in_all_that_it_says_and_nothing_else_is_coloured(
    server: Server, ann: Person, bob: Person
) -> None:
    ann.say("/color on")
    assert ann.expect("colour") == " * Names are in colour"
    bob.say("one", "/me waves", "/msg ann psst", "/topic tea")
    said, acted, private, topic = (ann.line() for _ in range(4))
    color = COLORED.match(said)
    assert color
    assert said == f"\x1b[38;5;{color[1]}mbob\x1b[39m: one"
    assert acted == f" ** \x1b[38;5;{color[1]}mbob\x1b[39m waves"
    assert private.startswith(f"\x1b[38;5;{color[1]}mbob\x1b[39m -> ")
    assert COLORED.sub(r"\2", private) == "bob -> ann: psst"
    assert topic == " * bob set the topic: tea"
    colors = {color[1]}
    for person in server.named("carl", "dora", "eve"):
        person.say("hello")
        other = COLORED.match(ann.expect(": hello"))
        assert other
        assert other[2] == person.name
        colors.add(other[1])
    assert len(colors) > 1
    ann.say("/color off")
    ann.expect("Names are not in colour")
    bob.say("two")
    assert ann.line() == "bob: two"


def rings(person: Person, text: str) -> int:
    """How often the bell of `person` rings, in what they are shown up to `text`, and up to now."""
    lines = person.lines_until(text)
    person.say("/version")
    return "".join(lines + person.lines_until("gchat ")).count("\a")


def test_the_bell_rings_when_ones_name_is_said_or_one_is_messaged_and_not_again_at_once(
    server: Server, ann: Person, bob: Person
) -> None:
    carl, dora = server.named("carl", "dora")
    meet(ann, bob, carl, dora)
    for person in (ann, bob, carl):
        person.say("/bell on")
        assert person.line() == " * The bell is on"
    dora.say("hello anna, joanne, ann2, an-n, and @annie", "the end")
    assert rings(ann, "dora: the end") == 0
    dora.say("is ANN, or anybody else, there?", "ann!", "/msg ann psst")
    assert rings(ann, "dora -> ann: psst") == 1
    dora.say("/msg bob psst", "the end")
    assert rings(bob, "dora -> bob: psst") == 1
    carl.say("carl is my name", "/ignore dora")
    carl.expect("You now ignore dora")
    dora.say("carl?", "the end")
    bob.expect("dora: carl?")
    dora.say("/join builds", "carl, in another room")
    assert rings(ann, "dora left") == 0
    bob.say("the end")
    assert rings(carl, "bob: the end") == 0
    bob.say("so, @Carl: are you there?")
    assert rings(carl, "@Carl") == 1


def test_redraw_clears_the_line_before_each_that_comes_in_and_before_nothing_else(
    ann: Person, bob: Person
) -> None:
    ann.say("/redraw on")
    ann.expect("Ctrl-R")
    bob.say("hello", "/me waves", "/msg ann psst", "/topic tea")
    assert [ann.line() for _ in range(4)] == [
        f"{CLEAR}bob: hello",
        f"{CLEAR} ** bob waves",
        f"{CLEAR}bob -> ann: psst",
        f"{CLEAR} * bob set the topic: tea",
    ]
    ann.say("/redraw off")
    ann.expect("Redrawing is off")
    bob.say("bye")
    assert ann.line() == "bob: bye"
    assert bob.unread() == ["bob -> ann: psst", " * You set the topic: tea"]


def test_those_who_have_spoken_telnet_get_carriage_returns_in_every_look(
    server: Server, ann: Person, bob: Person
) -> None:
    telnet = server.person("telly")
    meet(ann, bob, telnet)
    telnet.send(bytes.fromhex("FF FB 1F"))
    assert telnet.bytes_until(bytes.fromhex("FF FE 1F")).endswith(bytes.fromhex("FF FE 1F"))
    telnet.say("/redraw on", "/color on", "/time UTC")
    telnet.expect("in UTC")
    ann.say("hello", "/msg telly psst")
    for text in ("hello", "psst"):
        line = telnet.line()
        assert line.startswith(f"{CLEAR}[")
        assert line.endswith(f": {text}\r")
        assert "\x1b[39m" in line


LOOKS = (
    (), ("/time UTC",), ("/color on",), ("/redraw on",), ("/quiet on",), ("/bell on",),
    ("/time Asia/Tokyo", "/color on"), ("/color on", "/redraw on", "/time on"),
)  # fmt: skip


def bare(line: str) -> str:
    """`line` as somebody sees it who has changed nothing."""
    line = COLORED.sub(r"\2", line.removeprefix(CLEAR).replace("\a", ""))
    return re.sub(r"^\[\d\d:\d\d\]( (?!\*))?", "", line)


@pytest.mark.options("--rate", "0")
def test_people_with_different_looks_see_the_same_in_the_same_order(server: Server) -> None:
    talkers, readers = server.people(2), server.people(2 * len(LOOKS))
    for reader, display in zip(readers, LOOKS * 2, strict=True):
        reader.say(*display)
        reader.who()
    lines = 1_000

    def talk(talker: Person) -> None:
        talker.say(*(f"line {n}" for n in range(lines)), "the end")

    def listen(reader: Person) -> list[str]:
        said: list[str] = []
        while sum(line.endswith("the end") for line in said) < len(talkers):
            line = bare(reader.line())
            if not line.startswith(" * "):
                said.append(line)
        return said

    with ThreadPoolExecutor(len(readers) + len(talkers)) as pool:
        heard = [pool.submit(listen, reader) for reader in readers]
        for talking in [pool.submit(talk, talker) for talker in talkers]:
            talking.result()
        first = heard[0].result()
        assert len(first) == len(talkers) * (lines + 1)
        for listened in heard:
            assert listened.result() == first
