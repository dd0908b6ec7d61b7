"""What a person sees: welcome, replay, who comes and goes, commands, names."""

import re

from tests.blackbox.connection import TIME
from tests.blackbox.server import Server
from tests.conftest import StartServer


def test_a_person_is_welcomed_with_their_name_the_room_and_who_is_there(server: Server) -> None:
    first = server.person()
    assert f"You are {first.address} in #lobby" in first.welcome
    assert "nobody else is here" in first.welcome
    assert "/help" in first.welcome
    first.take_name("ann")
    assert "with ann." in server.person().welcome


def test_a_person_is_shown_the_last_few_messages_with_their_times(server: Server) -> None:
    program = server.program(*(f"message {n}" for n in range(12)))
    program.end_input()
    program.rest()
    witness = server.person()
    shown = witness.unread()
    assert len(shown) == 10
    for n, line in enumerate(shown, start=2):
        assert re.fullmatch(f"{TIME}{re.escape(program.address)}: message {n}", line)


def test_what_is_said_during_the_quiet_moment_comes_once_and_after_the_welcome(
    server: Server,
) -> None:
    ann = server.person("ann")
    telnet = server.connect()
    telnet.send(bytes.fromhex("FF FB 1F"))
    assert telnet.socket.recv(3) == bytes.fromhex("FF FE 1F")
    ann.say("meanwhile")
    assert ann.who()
    telnet.send(bytes.fromhex("FF FB 20"))
    shown = telnet.bytes_until(b"/help lists the commands.\r\n")
    telnet.send(b"/quit\r\n")
    shown += telnet.bytes_until(b"Goodbye\r\n")
    assert shown.count(b"ann: meanwhile") == 1
    assert shown.index(b" * Welcome") < shown.index(b"ann: meanwhile")


def test_a_program_gets_no_welcome_and_no_replay_and_nobody_is_told_of_it(server: Server) -> None:
    ann = server.person("ann")
    ann.say("before")
    assert ann.who() == ["ann"]
    program = server.program("a word")
    assert ann.line() == f"{program.address}: a word"
    ann.say("an answer")
    assert program.line() == "ann: an answer"
    program.end_input()
    assert program.rest() == []
    server.person("bob").close()  # of whom they are told in the order in which it happened
    notices = ann.lines_until("bob")
    assert not [line for line in notices if program.address in line]


def test_who_joins_and_leaves_is_announced_to_the_others_and_not_to_themselves(
    server: Server,
) -> None:
    ann = server.person("ann")
    bob = server.person()
    bob.say("hello")
    assert ann.lines_until("hello") == [f" * {bob.name} joined", f"{bob.name}: hello"]
    bob.take_name("bob")
    assert ann.line() == f" * {bob.address} is now bob"
    assert not [line for line in bob.unread() if " joined" in line]
    bob.say("/quit")
    assert bob.rest() == [" * Goodbye"]
    assert ann.line() == " * bob left"


def test_many_comings_and_goings_within_a_second_are_one_line(server: Server) -> None:
    observer = server.person("observer")
    crowd = server.people(30)
    for what in ("joined", "left"):
        lines: list[str] = []
        while (counted := sum(map(_people_in, lines))) < len(crowd):
            lines.append(observer.expect(f" {what}"))
        assert counted == len(crowd)
        assert len(lines) <= 3
        assert any(re.fullmatch(rf" \* \S+, \S+ and \d+ others {what}", line) for line in lines)
        for person in crowd:
            person.close()


def test_a_class_that_comes_in_is_told_by_its_names_in_few_lines(server: Server) -> None:
    teacher = server.person("teacher")
    pupils = server.people(30)
    for number, pupil in enumerate(pupils):
        pupil.take_name(f"pupil{number}")
    teacher.take_name("miss")
    pupils[0].expect("teacher is now miss")
    notices = teacher.unread()
    assert len(notices) < 15
    assert not [line for line in notices if " is now " in line or "127.0.0.1" in line]


def _people_in(notice: str) -> int:
    others = re.search(r"and (\d+) others", notice)
    named = len(re.findall(r"\d:\d+|\d+\.\d+:\d+", notice))
    return named + (int(others[1]) if others else 0)


def test_help_lists_every_command_and_who_lists_everybody(server: Server) -> None:
    ann, bob = server.named("ann", "bob")
    ann.say("/help")
    shown = "\n".join(ann.unread())
    for command in ("/help", "/who", "/nick NAME", "/quit"):
        assert f"  {command}" in shown
    assert bob.who() == ["ann", "bob"]
    program = server.program("/who")
    assert program.line() == f" * #lobby, 3 here: {program.address}, ann and bob"


def test_a_command_is_told_to_nobody_and_a_second_slash_makes_it_text(server: Server) -> None:
    ann, bob = server.named("ann", "bob")
    bob.say("/who", "/unknown", "//who is there?", "/ alone", "done")
    assert ann.messages_until("bob: done") == ["bob: /who is there?"]


def test_a_new_name_is_told_to_the_others_and_stands_before_what_is_said(server: Server) -> None:
    ann, bob = server.person("ann"), server.person()
    bob.say("hello")
    ann.expect(f"{bob.address}: hello")
    bob.take_name("bob")
    bob.say("here")
    assert ann.lines_until("here") == [f" * {bob.address} is now bob", "bob: here"]
    bob.take_name("robert")
    bob.say("here")
    assert ann.lines_until("here") == [" * bob is now robert", "robert: here"]


def test_a_name_that_is_taken_is_refused_with_a_free_one(server: Server) -> None:
    _, bob = server.named("ann", "bob")
    for taken in ("ann", "ANN", "\uff21nn"):  # capitals and wide letters make no other name
        bob.say(f"/nick {taken}")
        free = re.search(r"(\S+) is free", bob.expect("taken"))
        assert free, taken
        bob.take_name(free[1])


def test_a_name_is_free_again_when_its_owner_has_left_or_changed_it(server: Server) -> None:
    ann, bob = server.named("ann", "bob")
    ann.take_name("anna")
    bob.take_name("ann")
    bob.say("here I am")
    ann.expect("ann: here I am")
    bob.close()
    ann.expect("ann left")
    ann.take_name("ann")


NOT_NAMES = {
    "x" * 25: "25 characters",
    "127.0.0.1": "address",
    "127.0.0.1:5000": "Names have letters, digits, - _ . and no ",
    "[::1]:5000": "Names have letters, digits, - _ . and no ",
    "a b": "Names have letters, digits, - _ . and no ",
    "a\x1bb": "Names have letters, digits, - _ . and no ",
    "a\u200bb": "Names have letters, digits, - _ . and no ",
    "*": "Names have letters, digits, - _ . and no ",
    "...": "needs a letter or a digit",
}


def test_what_is_not_a_name_is_refused_with_the_reason_and_a_free_one(server: Server) -> None:
    ann = server.person("ann")
    for name, why in NOT_NAMES.items():
        ann.say(f"/nick {name}")
        refusal = ann.expect(" is free")
        assert why in refusal, name
        assert ann.who() == [ann.name], name
        free = re.search(r"(\S+) is free", refusal)
        assert free, name
        ann.take_name(free[1])


def test_people_can_come_over_ipv6(start_server: StartServer) -> None:
    server = start_server("--host", "::1")
    a, b = server.people(2)
    assert a.address.startswith("[::1]:")
    a.say("six")
    assert b.message() == f"{a.address}: six"
    assert f"listens on [::1]:{server.address[1]}" in server.expect_log("nc ::1 ")


def test_every_address_of_the_machine_takes_both_kinds(start_server: StartServer) -> None:
    server = start_server("--host", "::")
    port = server.address[1]
    people = []
    for host in ("127.0.0.1", "::1"):
        server.address = (host, port)
        people.append(server.person())
    four, six = people
    four.say("four")
    assert six.message() == f"{four.address}: four"
    assert four.address.startswith("127.0.0.1:")
    six.say("six")
    assert four.message() == f"{six.address}: six"
