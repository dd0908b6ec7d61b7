"""Operators: who becomes one, and what they do about people and limits."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person, meet
from tests.blackbox.operators import OP_PASSWORD, OPERATORS, operator, promote
from tests.blackbox.safety import assert_safe
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

MEBIBYTE = 2**20

ABUSER, NEIGHBOUR = "127.0.0.2", "127.0.0.3"
"""Addresses of this machine from which neither the operator nor a bystander comes."""


@pytest.fixture
def server(start_server: StartServer) -> Iterator[Server]:
    """A server on which there can be operators."""
    server = start_server(environment=OPERATORS)
    yield server
    assert OP_PASSWORD not in server.log()


@pytest.fixture
def op(server: Server) -> Person:
    """An operator."""
    return operator(server)


def answers(person: Person, *lines: str) -> list[str]:
    """What `person` is told when it says `lines`; what came before them is skipped."""
    person.unread()
    person.say(*lines)
    told = [line for line in person.unread() if line.startswith(" * ")]
    return [line for line in told if not line.endswith((" joined", " left"))]


def refused(server: Server, source: str) -> str:
    """The line that one is told who comes from `source` and is not let in."""
    (line,) = server.connect(source=source).rest()
    return line


# Becoming one


COMMANDS = (
    "/kick ann", "/ban ann", "/unban 127.0.0.1", "/bans", "/mute ann", "/unmute ann",
    "/announce hello", "/limits max-clients 1", "/stats", "/shutdown 1s",
)  # fmt: skip


def test_nobody_is_an_operator_where_there_is_no_password_for_it(start_server: StartServer) -> None:
    ann, carl = start_server().named("ann", "carl")
    meet(ann, carl)
    carl.say("/op anything")
    carl.expect(" * there are no operators here: nobody has set a password for them")
    for line in COMMANDS:
        assert answers(carl, line) == [
            f" * {line.split()[0]} is for operators, and there are none: nobody has set a password "
            "for them"
        ]
    assert ann.unread() == []


def test_what_operators_do_is_refused_to_others_with_what_to_do(
    server: Server, bystanders: Bystanders
) -> None:
    carl, ci = server.person("carl"), server.json_program("ci")
    with bystanders:
        for line in COMMANDS:
            why = f"{line.split()[0]} is for operators; /op PASSWORD makes you one"
            assert answers(carl, line, line.upper()) == [f" * {why}"] * 2
            error = ci.carry_out(command=line)[-1]
            assert (error["kind"], error["text"]) == ("error", why)
        bystanders.talk_on(5)
    assert bystanders.messages == []


def test_the_right_password_makes_an_operator_until_they_leave_and_a_wrong_one_does_not(
    server: Server,
) -> None:
    carl = server.person("carl")
    assert answers(carl, "/op open", "/stats") == [
        " * that is not the operators' password",
        " * /stats is for operators; /op PASSWORD makes you one",
    ]
    assert server.expect_log("wrong password for operators").endswith("from 127.0.0.1")
    promote(carl)
    assert server.expect_log("is an operator").endswith(f"carl ({carl.address}) is an operator")
    assert answers(carl, "/bans")[0] == " * nobody is banned"
    assert " * you are an operator; /help operators lists what you may do" in answers(carl, "/why")
    carl.close()
    server.expect_log("leave carl")
    assert "is for operators" in answers(server.person("carl"), "/bans")[0]


def test_who_guesses_too_often_is_not_even_told_whether_it_is_right(server: Server) -> None:
    guessers = [server.program("/op open", source=ABUSER) for _ in range(10)]
    for guesser in guessers:
        assert guesser.line() == " * that is not the operators' password"
    late = server.program(f"/op {OP_PASSWORD}", "/stats", source=ABUSER)
    assert re.fullmatch(
        r" \* too many wrong passwords came from your address; try again in \d+ s", late.line()
    )
    assert late.line() == " * /stats is for operators; /op PASSWORD makes you one"
    operator(server)


# Kicking


def test_who_is_kicked_is_told_why_with_the_room_and_the_log_and_may_come_back(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    carl, dora = server.named("carl", "dora")
    dora.say("/join builds")
    dora.expect("you are in #builds")
    with bystanders:
        op.say("/kick Carl that is  enough", "/kick dora")
        assert carl.expect("you were") == " * you were kicked by op: that is  enough"
        assert carl.rest() == []
        assert dora.rest() == [" * you were kicked by op"]
        bystanders.hear(" * carl was kicked by op: that is  enough")
        bystanders.hear("carl left")
        assert op.expect("dora was") == " * dora was kicked by op"
        server.person("carl").say("here I am")
        bystanders.hear("carl: here I am")
    assert bystanders.messages == ["carl: here I am"]
    assert not [line for line in bystanders.heard if "dora was kicked" in line]
    for one in (carl, dora):
        assert one.address in server.expect_log(f"{one.name} was kicked by op")
        assert "kicked by op" in server.expect_log(f"leave {one.name}")


def test_who_does_not_read_or_reads_little_or_is_held_back_is_gone_soon_when_kicked(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    slow, slower = (server.program("here", receive_buffer=4096) for _ in range(2))
    talker, flooder = server.person("talker"), server.program("here")
    answers(op, "/limits rate 0")
    with bystanders:
        talker.say(*["x" * 10_000] * 300, "that was it")
        bystanders.hear("talker: that was it")
        answers(op, "/limits rate 1")
        flooder.say(*["word"] * 1100)
        flooder.expect("you send more than is taken at once")
        before = server.descriptors()

        def are_gone() -> bool:
            with suppress(ConnectionError):
                slow.socket.recv(100)
            return server.descriptors() <= before - 3

        op.say(*(f"/kick {client.address}" for client in (slow, slower, flooder)))
        wait_until(are_gone, "the three are gone")
        bystanders.talk_on(5)
    assert sorted(op.who()) == ["ann", "bob", "op", "talker"]


# Banning


def test_who_is_banned_by_name_is_told_for_how_long_and_does_not_get_in_until_that_is_ended(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    carl = server.person("carl", source=ABUSER)
    with bystanders:
        op.say("/ban carl 2h too loud")
        told = op.expect("is banned")
        assert told == f" * {ABUSER} is banned by op, for 2 h: too loud"
        assert op.line() == " * bans are kept in memory alone: they end with the server"
        assert carl.expect("you were") == " * you were banned by op, for 2 h: too loud"
        assert carl.rest() == []
        bystanders.hear(" * carl was banned by op, for 2 h: too loud")
        banned = r" \* you are banned by op, for (2 h|1 h 59 min) more: too loud"
        assert re.fullmatch(banned, refused(server, ABUSER))
        server.person("dora", source=NEIGHBOUR)
        (title, ban, _) = answers(op, "/bans")
        assert title == " * 1 ban:"
        assert re.fullmatch(banned.replace("you are banned", f"{ABUSER} "), ban)
        assert answers(op, "/unban carl", "/bans")[:2] == [
            f" * {ABUSER} is banned no longer",
            " * nobody is banned",
        ]
        server.person("carl", source=ABUSER)
    assert bystanders.messages == []
    assert told[3:] in server.expect_log("is banned by")
    assert f"refuse {ABUSER}" in server.expect_log("you are banned")
    server.expect_log(f"{ABUSER} is banned no longer, by op")


def test_an_address_or_a_network_is_banned_with_all_who_are_there(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    inside, also_inside, outside = (server.person(source=f"127.9.{n}.1") for n in (1, 2, 9))
    with bystanders:
        op.say("/ban 127.9.0.0/21", f"/ban {ABUSER}", "/ban 2001:db8::5 7d")
        for person in (inside, also_inside):
            assert person.expect("you were") == " * you were banned by op"
            person.rest()
        for source in ("127.9.7.9", ABUSER):
            assert refused(server, source) == " * you are banned by op"
        outside.say("still here")
        bystanders.hear(f"{outside.address}: still here")
        assert [line.split()[1] for line in answers(op, "/bans")] == [
            "3", "127.9.0.0/21", ABUSER, "2001:db8::/64", "bans"
        ]  # fmt: skip
        op.say("/unban 127.9.0.0/21")
        op.expect("127.9.0.0/21 is banned no longer")
        server.person(source="127.9.7.9")
    assert bystanders.messages == [f"{outside.address}: still here"]


def test_a_ban_for_a_while_ends_by_itself(server: Server, op: Person) -> None:
    carl = server.person("carl", source=ABUSER)
    op.say("/ban carl 1s")
    assert carl.expect("you were") == " * you were banned by op, for 1 s"
    carl.rest()
    wait_until(lambda: "welcome" in server.connect(source=ABUSER).line(), "they get in again")


def test_who_is_banned_while_they_are_asked_for_the_password_does_not_get_in(
    start_server: StartServer,
) -> None:
    server = start_server("--password", "sesame", environment=OPERATORS)
    server.password = "sesame"
    stranger = server.connect(source=ABUSER)
    assert "has a password" in stranger.line()
    op = operator(server)
    op.say(f"/ban {ABUSER}")
    op.expect("bans are kept in memory alone")
    stranger.say("sesame", "let me in")
    assert stranger.rest() == [" * you are banned by op"]
    assert op.unread() == []


# What is refused


REFUSALS = {
    "/kick OP": "that is you",
    "/mute op": "that is you",
    "/ban op": "you are at 127.0.0.1 yourself; /kick and /mute are for one alone",
    "/ban 127.0.0.0/8 2h": "you are at 127.0.0.0/8 yourself",
    "/ban carl": f"dora would be banned as well; /ban {ABUSER} bans them all",
    "/kick nobody": "nobody here is called nobody",
    "/mute nobody": "nobody here is called nobody",
    "/unmute nobody": "nobody here is called nobody",
    "/ban nobody": "nobody of the name nobody is here or was",
    "/unban nobody": "nobody of the name nobody is here or was",
    "/ban 127.0.0.256": "it is no address or network",
    "/unmute carl": "carl is not muted",
    "/unban carl": f"{ABUSER} is not banned; /bans lists what is",
    "/ban carl 2 hours": "usage: /ban WHO [TIME] [WHY], for example: ",
    "/mute carl 2 hours": "usage: /mute NAME [TIME] [WHY], for example: ",
    "/kick": "usage: /kick NAME [WHY], for example: ",
    "/announce": "usage: /announce TEXT, for example: ",
    "/kick carl " + "x" * 201: "the reason has 201 characters, and 200 are the most",
    "/ban carl 2h " + "x" * 201: "the reason has 201 characters, and 200 are the most",
    "/mute carl " + "x" * 201: "the reason has 201 characters, and 200 are the most",
    "/shutdown 2 hours": "usage: /shutdown [TIME] [WHY], for example: ",
    "/shutdown 8d": "that is over 7 d, the most there may be",
    "/shutdown cancel": "no shutdown is planned",
    "/limits height 2": "there is no such limit, only rate, burst, max-clients",
    "/limits rate -1": "rate stays as it was: '-1' is not a number from 1 to ",
    "/limits max-clients 0": "max-clients stays as it was: '0' is not a number from 1 to ",
    "/limits idle-timeout 19": "idle-timeout stays as it was: '19' is not a number from 20 to ",
}


def test_what_an_operator_cannot_mean_is_refused_with_the_reason_and_does_nothing(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    carl, dora = (server.person(name, source=ABUSER) for name in ("carl", "dora"))
    limits = answers(op, "/limits")
    with bystanders:
        for line, why in REFUSALS.items():
            (told,) = answers(op, line)
            assert why in told, line
        assert answers(op, "/limits") == limits
        assert answers(op, "/bans")[0] == " * nobody is banned"
        for person in (carl, dora):
            person.say("still here")
            bystanders.hear(f"{person.name}: still here")
    assert bystanders.messages == ["carl: still here", "dora: still here"]
    assert not [line for line in carl.unread() if "you were" in line or "you are muted" in line]


# Muting


def test_who_is_muted_reads_and_says_nothing_in_any_way_also_after_coming_back(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    muted = r" \* nothing was sent: you are muted by op, for \d+ min more: cool down"
    attempts = ("a line", "/me acts", "/msg op psst", "/nick other", "/topic rude", "/away rude")
    carl = server.person("carl", source=ABUSER)
    with bystanders:
        op.say("/mute CARL 10m cool down")
        assert carl.expect("you are muted") == " * you are muted by op, for 10 min: cool down"
        bystanders.hear(" * carl is muted by op, for 10 min: cool down")
        for line in attempts:
            (told,) = answers(carl, line)
            assert re.fullmatch(muted, told), line
        carl.expect("bob: answer")
        assert any("you are muted by op" in line for line in answers(carl, "/why"))
        carl.close()
        server.expect_log("leave carl")

        again = server.person(source=ABUSER)
        assert re.fullmatch(muted, answers(again, "here again")[0])
        op.say(f"/unmute {again.address}")
        assert again.expect("may speak") == " * you may speak again, thanks to op"
        bystanders.hear(f" * {again.address} may speak again, thanks to op")
        again.say("thanks")
        bystanders.hear(f"{again.address}: thanks")
    assert bystanders.messages == [f"{again.address}: thanks"]
    assert not [line for line in op.unread() if "psst" in line or "rude" in line]
    assert carl.address in server.expect_log("carl is muted by op, for 10 min: cool down")
    assert again.address in server.expect_log("may speak again, thanks to op")


def test_a_mute_for_a_while_ends_by_itself_and_holds_for_programs(
    server: Server, op: Person
) -> None:
    ci = server.json_program("ci")
    op.say("/mute ci")
    op.expect("ci is muted by op")
    error = ci.carry_out(text="done")[-1]
    assert error["kind"] == "error"
    assert "you are muted by op" in error["text"]
    op.say("/mute ci 1s")
    op.expect("ci is muted by op, for 1 s")
    wait_until(lambda: ci.carry_out(text="done")[-1]["kind"] == "ok", "the mute ends")
    assert op.message() == "ci: done"


# Announcing, limits, figures


def test_an_announcement_is_told_in_every_room_and_logged(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    people = server.named("carl", "dora")
    for person in people:
        person.say(f"/join {person.name}s")
        person.expect("you are in")
    with bystanders:
        op.say("/announce  lunch \x1b[2J is ready")
        told = " * op announces:  lunch \\x1b[2J is ready"
        bystanders.hear(told)
        for person in (op, *people):
            assert person.expect("announces") == told
    assert bystanders.messages == []
    server.expect_log(told.removeprefix(" * op "))


def test_limits_are_shown_and_changed_at_once(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    with bystanders:
        shown = {line.split()[1]: line.split()[2] for line in answers(op, "/limits")}
        assert shown.pop("max-clients").isdecimal()
        assert shown == {
            "rate": "100",
            "burst": "1000",
            "max-per-address": "1000",
            "connect-rate": "100",
            "idle-timeout": "0",
        }
        carl = server.person("carl", source=ABUSER)
        (told,) = answers(op, "/limits max-per-address 1")
        assert told.startswith(" * max-per-address is 1: most of them from one address")
        assert "all 1 places for one address" in refused(server, ABUSER)
        assert answers(op, "/LIMITS Max-Per-Address", "/limits max-per-address 0") == [
            told,
            told.replace("is 1", "is 0"),
        ]
        server.person("dora", source=ABUSER)
        op.say("/limits idle-timeout 20", "/limits burst 5")
        op.expect("burst is 5")
        carl.say("/why")
        shown_to_carl = "\n".join(carl.lines_until("nothing for 20 s is disconnected"))
        assert "of your lines, 5 are taken at once, then 100 a second" in shown_to_carl
    assert bystanders.messages == []
    server.expect_log(f"op ({op.address}) sets the limit max-per-address to 1")


def test_one_who_is_held_back_goes_on_as_soon_as_the_limit_is_lifted(
    server: Server, op: Person
) -> None:
    flooder = server.program()
    answers(op, "/limits rate 1")
    flooder.say(*map(str, range(1100)))
    flooder.expect("you send more than is taken at once")
    op.say("/limits rate 0")
    for n in range(1100):
        assert op.message() == f"{flooder.address}: {n}"


def test_stats_tell_what_was_done_and_how_it_goes(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    carl, dora = server.named("carl", "dora")
    stalled = server.program(receive_buffer=4096)
    stalled.take_name("stalled")
    answers(op, "/limits max-per-address 1", "/limits rate 0")
    server.program("let me in").rest()
    carl.say("/join builds")
    carl.expect("you are in #builds")
    lines = 400
    dora.say(*["x" * 9_999] * lines)
    with bystanders:
        bystanders.talk_on(10)
        told = "\n".join(answers(op, "/stats"))
    figures = re.search(
        r"(\d+) clients in (\d+) rooms, (\d+) since the start; (\d+) were turned away\n"
        r" \* in: (\d+) messages, ([\d.]+) MiB; now (\d+) messages a second\n"
        r" \* out: (\d+) deliveries, ([\d.]+) MiB; now (\d+) deliveries a second\n"
        r" \* longest lag: (\d+) messages \(stalled\)\n"
        r" \* the loop was late by ([\d.]+) ms as a rule and (\d+) ms at the most, .*\n"
        r" \* memory: ([\d.]+) MiB; 0 errors in the log$",
        told,
    )
    assert figures, told
    (
        clients, rooms, joined, turned_away, messages, mib_in, messages_now,
        deliveries, mib_out, deliveries_now, lag, late, latest, memory,
    ) = map(float, figures.groups())  # fmt: skip
    assert (clients, rooms, joined, turned_away) == (6, 2, 6, 1)
    said, rounded = lines * 10_000 / MEBIBYTE, 0.1
    assert lines < messages < 10 * lines
    assert said - rounded < mib_in < 1.1 * said
    assert 3 * lines <= deliveries <= 4 * messages
    assert 3 * said - rounded < mib_out < 4.5 * said
    assert 0 < messages_now < messages
    assert messages_now < deliveries_now < 5 * messages_now
    assert lines / 2 < lag < messages
    assert 0 <= late <= latest + 1  # both are rounded
    assert 0.5 < memory * MEBIBYTE / server.memory() < 2
    stalled.reset()


HOSTILE = "\x1b[2J\x07\x9b31m\u202e\x85"
ESCAPED = r"\x1b[2J\x07\x9b31m\u202e\x85"


def test_nothing_hostile_in_a_reason_drives_a_terminal(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    carl = server.person("carl", source=ABUSER)
    dora = server.person("dora")
    with bystanders:
        op.say(f"/mute carl 1h {HOSTILE}", f"/ban carl {HOSTILE}", f"/kick dora {HOSTILE}")
        shown = carl.rest() + dora.rest() + [refused(server, ABUSER)]
        bystanders.hear(f"dora was kicked by op: {ESCAPED}")
        shown += answers(op, "/bans", f"/kick {HOSTILE}", f"/ban {HOSTILE}")
    about = [line for line in shown if ESCAPED in line]
    assert len(about) >= 9, shown
    for line in shown:
        assert_safe(line.encode())
    server.expect_log(f"dora was kicked by op: {ESCAPED}")
