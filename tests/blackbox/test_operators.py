"""Operators: who becomes one, what is refused to them, announcements, limits and figures."""

import re

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person, meet
from tests.blackbox.operators import (
    ABUSER,
    OP_PASSWORD,
    OPERATORS,
    answers,
    operator,
    promote,
    refused,
)
from tests.blackbox.server import Server
from tests.conftest import StartServer

MEBIBYTE = 2**20

pytestmark = pytest.mark.options(environment=OPERATORS)


# Becoming one


COMMANDS = (
    "/kick ann", "/ban ann", "/unban 127.0.0.1", "/bans", "/mute ann", "/unmute ann",
    "/announce hello", "/limits max-clients 1", "/stats", "/shutdown 1s",
)  # fmt: skip


def test_nobody_is_an_operator_where_there_is_no_password_for_it(start_server: StartServer) -> None:
    ann, carl = start_server().named("ann", "carl")
    meet(ann, carl)
    carl.say("/op anything")
    carl.expect(" * There are no operators: this server has no operator password")
    for line in COMMANDS:
        assert answers(carl, line) == [
            f" * {line.split()[0]} is for operators, and this server has none: it has no operator "
            "password"
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
        " * Wrong operator password",
        " * /stats is for operators; /op PASSWORD makes you one",
    ]
    assert server.expect_log("wrong operator password").endswith("from 127.0.0.1")
    promote(carl)
    assert server.expect_log("is an operator").endswith(f"carl ({carl.address}) is an operator")
    assert answers(carl, "/bans")[0] == " * No bans"
    assert " * You are an operator; /help operators lists what you can do" in answers(carl, "/why")
    carl.close()
    server.expect_log("leave carl")
    assert "is for operators" in answers(server.person("carl"), "/bans")[0]


def test_who_guesses_too_often_is_not_even_told_whether_it_is_right(server: Server) -> None:
    guessers = [server.program("/op open", source=ABUSER) for _ in range(10)]
    for guesser in guessers:
        assert guesser.line() == " * Wrong operator password"
    late = server.program(f"/op {OP_PASSWORD}", "/stats", source=ABUSER)
    assert re.fullmatch(
        r" \* Too many wrong operator passwords from your address; try again in \d+ s", late.line()
    )
    assert late.line() == " * /stats is for operators; /op PASSWORD makes you one"
    operator(server)


# What is refused


REFUSALS = {
    "/kick OP": "You cannot do that to yourself",
    "/mute op": "You cannot do that to yourself",
    "/ban op": "Not banned: 127.0.0.1 includes your own address; /kick and /mute",
    "/ban 127.0.0.0/8 2h": "Not banned: 127.0.0.0/8 includes your own address",
    "/ban carl": f"Not banned: dora would be banned as well; /ban {ABUSER} bans them all",
    "/kick nobody": "Nobody here is called nobody",
    "/mute nobody": "Nobody here is called nobody",
    "/unmute nobody": "nobody is not a known name, address or network",
    "/ban nobody": "nobody is not a known name, address or network",
    "/unban nobody": "nobody is not a known name, address or network",
    "/ban 127.0.0.256": "127.0.0.256 is not a known name, address or network",
    "/unmute carl": "carl is not muted; /bans lists the muted addresses",
    "/unban carl": f"{ABUSER} is not banned; /bans lists the bans",
    "/ban carl 2 monkeys": "“2” is not a time; TIME is like 30s, 10m, 2 hours, 1h30m, 7d",
    "/ban carl -1m": "“-1m” is not a time; TIME is like",
    "/mute carl for 2 hours": "“for 2” is not a time; TIME is like",
    "/mute carl 0s": "Time too short (0 s, at least 1 s)",
    "/kick": "Usage: /kick NAME [WHY], for example: ",
    "/announce": "Usage: /announce TEXT, for example: ",
    "/kick carl " + "x" * 201: "Reason too long (201 characters, limit 200)",
    "/ban carl 2h " + "x" * 201: "Reason too long (201 characters, limit 200)",
    "/mute carl " + "x" * 201: "Reason too long (201 characters, limit 200)",
    "/shutdown": "Usage: /shutdown TIME|now|cancel [WHY], for example: ",
    "/shutdown in 2 hours": "Usage: /shutdown TIME|now|cancel [WHY], for example: ",
    "/sh help": "/shutdown must be typed in full",
    "/shutdown 8d": "Time too long (limit 7 d)",
    "/shutdown cancel": "No shutdown is planned",
    "/limits height 2": "Unknown limit; there are rate, burst, max-clients",
    "/limits rate -1": "Limit rate is unchanged: '-1' is not a number from 1 to ",
    "/limits max-clients 0": "Limit max-clients is unchanged: '0' is not a number from 1 to ",
    "/limits idle-timeout 19": "Limit idle-timeout is unchanged: '19' is not a number from 20 to ",
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
        assert answers(op, "/bans")[0] == " * No bans"
        for person in (carl, dora):
            person.say("still here")
            bystanders.hear(f"{person.name}: still here")
    assert bystanders.messages == ["carl: still here", "dora: still here"]
    assert not [line for line in carl.unread() if "You were" in line or "You are muted" in line]


# Announcing, limits, figures


def test_an_announcement_is_told_in_every_room_and_logged(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    people = server.named("carl", "dora")
    for person in people:
        person.say(f"/join {person.name}s")
        person.expect("You are in")
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
            "burst": "5000",
            "max-per-address": "1000",
            "connect-rate": "100",
            "idle-timeout": "0",
        }
        carl = server.person("carl", source=ABUSER)
        (told,) = answers(op, "/limits max-per-address 1")
        assert told.startswith(" * max-per-address is 1: most connections from one address")
        assert "(limit 1)" in refused(server, ABUSER)
        assert answers(op, "/LIMITS Max-Per-Address", "/limits max-per-address 0") == [
            told,
            told.replace("is 1", "is 0"),
        ]
        server.person("dora", source=ABUSER)
        op.say("/limits idle-timeout 20", "/limits burst 5")
        op.expect("burst is 5")
        carl.say("/why")
        shown_to_carl = "\n".join(carl.lines_until("nothing for 20 s are disconnected"))
        assert "Rate limit: a burst of 5 lines, then 100 per second" in shown_to_carl
    assert bystanders.messages == []
    server.expect_log(f"op ({op.address}) set the limit max-per-address to 1")


def test_one_who_is_held_back_goes_on_as_soon_as_the_limit_is_lifted(
    server: Server, op: Person
) -> None:
    flooder = server.program()
    answers(op, "/limits rate 1")
    flooder.say(*map(str, range(5100)))
    flooder.expect("You are sending too fast")
    op.say("/limits rate 0")
    for n in range(5100):
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
    carl.expect("You are in #builds")
    lines = 400
    dora.say(*["x" * 9_999] * lines)
    with bystanders:
        bystanders.talk_on(10)
        told = "\n".join(answers(op, "/stats"))
    figures = re.search(
        r"(\d+) clients in (\d+) rooms, (\d+) since the start; (\d+) refused\n"
        r" \* In: (\d+) messages, ([\d.]+) MiB; now (\d+) messages per second\n"
        r" \* Out: (\d+) deliveries, ([\d.]+) MiB; now (\d+) deliveries per second\n"
        r" \* Longest lag: (\d+) messages \(stalled\)\n"
        r" \* Event loop delay in the last minute: median ([\d.]+) ms, max (\d+) ms\n"
        r" \* Sender: uring(?:, [123] send threads?)?\n"
        r" \* Memory: ([\d.]+) MiB; 0 errors in the log$",
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
