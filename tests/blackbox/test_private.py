"""What people say to one alone, what they do, being away, and ignoring somebody."""

import re

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person, meet
from tests.blackbox.server import Server


@pytest.fixture
def pair(server: Server) -> list[Person]:
    """Ann and Bob, who have come at the same time."""
    return server.named("ann", "bob")


@pytest.fixture
def ann(pair: list[Person]) -> Person:
    return pair[0]


@pytest.fixture
def bob(pair: list[Person]) -> Person:
    return pair[1]


def test_both_sides_see_what_one_says_to_the_other_and_nobody_else_does(
    server: Server, ann: Person, bob: Person
) -> None:
    carl = server.person("carl")
    meet(ann, bob, carl)
    ann.say("/msg BOB have you   got a minute?", "/msg bob //slashes stay")
    for person in (ann, bob):
        assert person.line() == "ann -> bob: have you   got a minute?"
        assert person.line() == "ann -> bob: //slashes stay"
    bob.say("/reply one")
    for person in (bob, ann):
        assert person.line() == "bob -> ann: one"
    assert [person.unread() for person in (ann, bob, carl)] == [[], [], []]
    late = server.person("late")
    late.say("/history", "/find minute")
    assert late.expect("in #lobby") == " * The last 3 messages in #lobby:"
    assert late.lines_until("No messages")[-1] == ' * No messages match "minute" (in all rooms)'


def test_one_can_be_told_something_and_reply_across_rooms(
    server: Server, ann: Person, bob: Person
) -> None:
    meet(ann, bob)
    bob.say("/join builds", "/join tests")
    bob.expect("You are in #tests")
    assert ann.line() == " * bob left"
    ann.say("/msg bob where are you?")
    assert bob.line() == "ann -> bob: where are you?"
    bob.say("/reply in #tests")
    assert ann.expect(" -> ") == "ann -> bob: where are you?"
    assert ann.line() == "bob -> ann: in #tests"


def test_what_is_private_comes_at_its_place_among_what_the_room_sees(
    server: Server, ann: Person, bob: Person
) -> None:
    meet(ann, bob)
    expected: list[str] = []
    for n in range(200):
        ann.say(f"open {n}", f"/msg bob private {n}", f"/me acts {n}")
        expected += [f"ann: open {n}", f"ann -> bob: private {n}", f" ** ann acts {n}"]
    assert [bob.line() for _ in expected] == expected
    assert [ann.line() for _ in range(200)] == [f"ann -> bob: private {n}" for n in range(200)]


def test_a_reply_goes_to_who_was_the_last_also_under_a_new_name_and_to_nobody_in_their_place(
    server: Server, ann: Person, bob: Person
) -> None:
    carl = server.person("carl")
    meet(ann, bob, carl)
    bob.say("/reply hello?")
    assert bob.line() == " * You have no direct message to reply to"
    ann.say("/msg bob first")
    assert bob.line() == "ann -> bob: first"
    carl.say("/msg bob second", "/nick charles")
    assert [bob.line(), bob.line()] == ["carl -> bob: second", " * carl is now charles"]
    ann.take_name("carl")
    bob.say("/reply to you")
    assert carl.expect("bob -> ") == "bob -> charles: to you"
    carl.close()
    bob.expect("charles left")
    ann.take_name("charles")
    bob.say("/reply too late")
    assert bob.expect("has left") == " * The sender of your last direct message has left"
    assert not [line for line in ann.unread() if "->" in line]


@pytest.mark.options("--rate", "0")
def test_who_has_left_and_still_reads_gets_no_reply(
    server: Server, ann: Person, bob: Person
) -> None:
    leaver = server.person("leaver", receive_buffer=4096)
    meet(ann, bob, leaver)
    leaver.say("/msg bob goodbye")
    assert bob.line() == "leaver -> bob: goodbye"
    ann.say(*(f"{n} {'x' * 10_000}" for n in range(200)))
    bob.expect("ann: 199 ")
    leaver.end_input()
    bob.expect(" * leaver left")
    bob.say("/reply wait!")
    assert bob.line() == " * The sender of your last direct message has left"
    assert not [line for line in leaver.rest() if "wait!" in line]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/msg nobody hello", "Nobody here is called nobody; /who lists the people in this room"),
        ("/msg bob", "Usage: /msg NAME TEXT, for example: /msg bob"),
        ("/msg", "Usage: /msg NAME TEXT, for example: /msg bob"),
        ("/msg ann hello", "You cannot send a direct message to yourself"),
        ("/reply", "Usage: /reply TEXT"),
        ("/me", "Usage: /me ACTION"),
        ("/away " + "x" * 201, "Away message too long (201 characters, limit 200)"),
        ("/ignore ann", "You cannot ignore yourself"),
        ("/ignore 1.2.3.4", "A name cannot look like an address"),
        ("/unignore bob", "You do not ignore that name; /ignore lists the names you ignore"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason_and_told_to_nobody(
    server: Server, ann: Person, bob: Person, line: str, why: str
) -> None:
    meet(ann, bob)
    ann.say(line, "done")
    assert ann.line().startswith(f" * {why}")
    assert bob.line() == "ann: done"


def test_an_action_is_seen_by_the_others_in_the_room_and_no_text_looks_like_one(
    ann: Person, bob: Person
) -> None:
    meet(ann, bob)
    ann.say("/me waves  to all", " ** bob waves", "/me ** bob waves", "done")
    assert [bob.line() for _ in range(4)] == [
        " ** ann waves  to all",
        "ann:  ** bob waves",
        " ** ann ** bob waves",
        "ann: done",
    ]
    assert ann.unread() == []


def test_whoever_messages_somebody_who_is_away_is_told_once_until_they_are_back(
    server: Server, ann: Person, bob: Person
) -> None:
    carl = server.person("carl")
    meet(ann, bob, carl)
    bob.say("/away lunch, back at two")
    bob.expect("You are away")
    for sender in (ann, carl):
        sender.say("/msg bob one", "/msg bob two")
        name = sender.name
        assert [sender.line() for _ in range(3)] == [
            f"{name} -> bob: one",
            " * bob is away: lunch, back at two",
            f"{name} -> bob: two",
        ]
    ann.say("/whois bob")
    assert ann.lines_until("away")[-1] == " * bob is away: lunch, back at two"
    bob.say("I am back")
    assert bob.expect("no longer") == " * You are no longer away"
    assert ann.line() == "bob: I am back"
    ann.say("/msg bob three")
    assert ann.unread() == ["ann -> bob: three"]
    bob.say("/away tea", "/away")
    bob.expect("You are away")
    bob.expect("no longer away")
    bob.say("/away four")
    bob.expect("You are away")
    ann.say("/msg bob four")
    assert ann.unread() == ["ann -> bob: four", " * bob is away: four"]


def test_an_ignored_person_reaches_the_ignorer_by_no_command(
    server: Server, ann: Person, bob: Person
) -> None:
    carl = server.person("carl")
    meet(ann, bob, carl)
    bob.say("/msg ann so that there is somebody to reply to")
    ann.expect("bob -> ann")
    ann.say("/ignore bob", "/bell on")
    assert ann.line() == " * You now ignore bob"
    ann.expect("The bell is on")
    refused = " * ann ignores you; not sent"
    bob.say("/msg ann hey", "hello ann", "/me pokes ann", "/away and ann can read it")
    bob.say("/topic ann, listen", "/nick robert", "a new name, ann", "/me tries again")
    bob.say("/msg ann under a new name", "/json", '{"text": "in JSON", "to": "ann"}')
    bob.say('{"text": "in JSON"}', '{"text": "in JSON", "kind": "action"}', '{"command": "/quit"}')
    shown = bob.lines_until("Goodbye")
    assert shown.count(refused) == 2
    assert sum('"error"' in line and "ann ignores you" in line for line in shown) == 1
    assert carl.expect(" left") == " * robert left"
    carl.say("the end")
    assert ann.lines_until("the end") == ["carl: the end"]


def test_who_comes_back_under_an_ignored_name_is_still_ignored_until_that_ends(
    server: Server, ann: Person, bob: Person
) -> None:
    carl = server.person("carl")
    meet(ann, bob, carl)
    ann.say("/ignore bob", "/ignore", "/ignore Dora", "/ignore")
    assert [ann.line() for _ in range(4)] == [
        " * You now ignore bob",
        " * You ignore bob",
        " * You now ignore Dora (nobody here has that name now)",
        " * You ignore Dora, bob",
    ]
    bob.close()
    assert carl.line() == " * bob left"
    again, dora = server.named("BOB", "dora")
    for person in (again, dora):
        person.say("unheard", "/msg ann unheard")
        person.expect("ann ignores you")
        carl.expect(f"{person.name}: unheard")
    ann.say("/msg bob do you hear me?", "/unignore bob", "/unignore DORA", "/ignore")
    shown = ann.lines_until("You ignore nobody")
    assert not [line for line in shown if "unheard" in line]
    assert [line for line in shown if "gnore" in line] == [
        " * You ignore BOB and would not see an answer; /unignore BOB ends that",
        " * You no longer ignore bob",
        " * You no longer ignore Dora",
        " * You ignore nobody",
    ]
    again.say("heard", "/msg ann heard")
    assert [ann.message(), ann.message()] == ["BOB: heard", "BOB -> ann: heard"]


def test_looking_back_and_replay_leave_out_whom_one_ignores(
    server: Server, ann: Person, bob: Person
) -> None:
    carl = server.person("carl")
    meet(ann, bob, carl)
    carl.say("/join builds", "a fine word", "/leave")
    bob.say("/join builds", "a bad word", "/topic bad builds", "/leave")
    carl.expect("You are in #lobby")
    bob.expect("You are in #lobby")
    ann.say("/ignore bob", "/join builds", "/find word", "/history")
    ann.expect("You are in #builds")
    shown = ann.unread()
    assert not [line for line in shown if "bad" in line]
    assert sum(line.endswith(" carl: a fine word") for line in shown) == 3


def test_quiet_hides_who_comes_and_leaves_and_nothing_else(
    server: Server, ann: Person, bob: Person
) -> None:
    meet(ann, bob)
    ann.say("/quiet on", "/quiet")
    assert [ann.line(), ann.line()] == [" * Joins and leaves are hidden; /quiet off shows them"] * 2
    carl = server.person("carl")
    carl.say("hello", "/topic tea", "/quit")
    assert bob.expect("left") == " * carl left"
    assert not [line for line in ann.unread() if re.search("joined|left|came and went", line)]
    ann.say("/quiet off")
    ann.expect("are shown")
    server.person("dora").say("hello")
    assert ann.lines_until("hello")[0].endswith(" joined")


@pytest.mark.options("--rate", "0")
def test_who_does_not_read_gets_a_bounded_number_and_the_sender_knows_exactly_which(
    server: Server, bystanders: Bystanders
) -> None:
    count, filling = 600, "x" * 10_000
    sender, reader = server.person("sender"), server.person("reader", receive_buffer=4096)
    with bystanders:
        before = server.memory()
        sender.say(*(f"/msg reader {n} {filling}" for n in range(count)))
        sender.say("/who")
        shown = sender.lines_until(" here: ")
        assert server.memory() - before < 2**20
        sent = [line for line in shown if line.startswith("sender -> reader: ")]
        refused = [line for line in shown if line.startswith(" * reader has not read")]
        assert all("not sent, try again later" in line for line in refused)
        assert len(sent) + len(refused) == count
        assert refused
        sender.say("in the room")
        heard = reader.lines_until("sender: in the room")
        assert [line for line in heard if "->" in line] == sent
        sender.say("/msg reader again")
        assert reader.expect(" -> ") == "sender -> reader: again"
    assert bystanders.messages == ["sender: in the room"]
