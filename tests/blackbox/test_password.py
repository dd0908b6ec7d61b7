"""The password that everybody says first: nothing is seen, sent or told before it."""

import re
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from signal import SIGHUP, SIGTERM
from time import monotonic

import pytest

from tests.blackbox.bystanders import Bystanders, of_others
from tests.blackbox.operators import answers
from tests.blackbox.server import Server
from tests.blackbox.terminal import Terminal
from tests.blackbox.test_clients import needs_nc, needs_telnet
from tests.blackbox.test_options import run
from tests.blackbox.test_telnet_bytes import DECLINED, OFFERS, Send, both_ways
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

SECRET = "sésame, öffne dich"
ASKED = " * Password: (send it as your first line)"
WRONG = " * Wrong password; "
GOODBYE = " * The server is going down"

ABUSER = "127.0.0.2"
"""An address of this machine from which no bystander comes."""


@pytest.fixture
def server(start_server: StartServer, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that lets in who says SECRET, and never tells it, not even its own log."""
    module = "tests.blackbox.patient_server" if request.node.get_closest_marker("patient") else ""
    server = start_server(
        "--log-level", "debug", environment={"GCHAT_PASSWORD": SECRET}, module=module
    )
    server.password = SECRET
    yield server
    assert SECRET not in server.log()


# Who is let in


def test_who_has_not_said_it_sees_nothing_and_is_seen_by_nobody(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        silent, stranger = server.connect(), server.connect()
        assert stranger.line() == ASKED
        bystanders.talk_on(20)
        carl = server.person("carl")
        assert sorted(carl.who()) == ["ann", "bob", "carl"]
        carl.say(f"/msg {stranger.address} psst", "/rooms")
        carl.expect("Nobody here is called")
        assert " 3 here" in carl.expect("#lobby")
        carl.say("/why", "/whois carl", "/history", "/find dich", "/help op", "/version")
        assert not [line for line in carl.unread() if SECRET in line]
        bystanders.hear("carl joined")
        stranger.say(SECRET)
        assert stranger.line().startswith(" * Welcome to gchat!")
        bystanders.hear(f"{stranger.address} joined")
    assert bystanders.messages == []
    assert not [line for line in bystanders.heard if silent.address in line]
    assert silent.address not in server.log()


@pytest.mark.patient
@both_ways
def test_a_program_says_it_first_and_is_not_asked_and_all_that_follows_arrives(
    server: Server, bystanders: Bystanders, send: Send
) -> None:
    program = server.connect()
    with bystanders:
        send(program, f"{SECRET}\r\n/who\r\nhello\r\nunfin".encode())
        program.send(b"ished\n" + b"one of many\n" * 800 + b"the end")
        program.end_input()
        told = [line for line in program.rest() if line.startswith(" * ")]
        bystanders.hear("the end")
    (answer,) = told
    assert " 3 here: " in answer
    lines = ["hello", "unfinished", *["one of many"] * 800, "the end"]
    assert bystanders.messages == [f"{program.address}: {line}" for line in lines]
    assert not [line for line in bystanders.heard if line.startswith(" * ")]


@needs_nc
def test_a_pipe_says_it_first(server: Server, bystanders: Bystanders) -> None:
    host, port = server.address
    with bystanders:
        ended = subprocess.run(
            ["nc", "-N", host, str(port)],
            input=f"{SECRET}\ndone\n".encode(),
            capture_output=True,
            timeout=15,
            check=True,
        )
        assert bystanders.hear("done").endswith(": done")
    assert of_others(ended.stdout.decode().splitlines()) == []


@pytest.mark.parametrize(
    "client", [pytest.param("nc", marks=needs_nc), pytest.param("telnet", marks=needs_telnet)]
)
def test_somebody_in_a_terminal_is_asked_and_asked_again_and_gets_in(
    server: Server, client: str
) -> None:
    with Terminal(client, *map(str, server.address)) as terminal:
        terminal.expect(ASKED)
        if client == "telnet":
            terminal.type("\x1d")  # only when it has sent a command is it known to be one
            terminal.expect("telnet> ")
            terminal.type("send ayt\n")
        terminal.type("open\n")
        terminal.expect("2 tries left")
        if client == "telnet":
            terminal.wait_until_typing_is_hidden()
        terminal.type(f"{SECRET}s\x7f\r")
        shown = terminal.expect("/help lists the commands.\r\n").decode()
        assert ("sésame" in shown) == (client == "nc")
        terminal.type("/nick bob\r")
        shown = terminal.expect("You are now bob\r\n").decode()
        assert "/nick bob\r\n" in shown


@both_ways
def test_a_telnet_that_negotiates_is_told_to_hide_what_is_typed_until_it_is_right(
    server: Server, send: Send
) -> None:
    hide, agreed, show = b"\xff\xfb\x01", b"\xff\xfd\x01", b"\xff\xfc\x01"
    telnet = server.connect()
    telnet.send(OFFERS)
    assert telnet.bytes_until(hide) == DECLINED + ASKED.encode() + b"\r\n" + hide
    send(telnet, agreed + b"open\r\0")
    again = telnet.bytes_until(b"2 tries left\r\n")
    assert again == b"\r\n" + WRONG.encode() + b"2 tries left\r\n"
    send(telnet, "x\b\bsésams\x7fe, öff\x7fö\x7ffne dich\x7fh\r\0".encode())
    shown = telnet.bytes_until(b"/help lists the commands.\r\n")
    assert shown.startswith(show + b"\r\n * Welcome")
    assert shown.count(b"\xff") == 1


# Who is not


def test_who_is_wrong_three_times_has_to_wait_each_time_and_is_sent_away(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        began = monotonic()
        server.program("/version", source=ABUSER).expect("gchat ")
        right = monotonic() - began
        stranger = server.connect(source=ABUSER)
        assert stranger.line() == ASKED
        began = monotonic()
        for answer in (f"{WRONG}2 tries left", f"{WRONG}1 try left", f"{WRONG}goodbye"):
            stranger.say("open")
            assert stranger.line() == answer
        assert monotonic() - began > 2 * right
        assert stranger.rest() == []
    assert bystanders.messages == []
    assert server.log().count(f"wrong password for the server from {ABUSER}") == 3


UNSAID = {  # and what it is answered with
    b"open\nhello\n": f"{WRONG}goodbye",
    b"open": " * This server has a password: send it as your first line",
    b"": " * This server has a password: send it as your first line",
    b"x" * 4097: " * Password too long; goodbye",
}


def test_a_program_that_does_not_say_it_is_told_why_and_nothing_of_it_is_said(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        for sent, told in UNSAID.items():
            program = server.connect(source=ABUSER)
            program.send(sent)
            program.end_input()
            assert program.rest() == [told]
    assert bystanders.messages == []


def test_too_many_wrong_ones_from_an_address_close_the_door_to_it_alone(
    server: Server, bystanders: Bystanders
) -> None:
    too_many = r" \* Too many wrong passwords from your address; try again in \d+ s"
    with bystanders:
        late = server.connect(source=ABUSER)
        assert late.line() == ASKED
        guessers = [server.connect(source=ABUSER) for _ in range(10)]
        for number, guesser in enumerate(guessers):
            guesser.say(f"guess {number}", "let me in")
        for guesser in guessers:
            assert guesser.rest() == [f"{WRONG}goodbye"]
        for newcomer in (late, server.program("me too", source=ABUSER)):
            newcomer.say(SECRET)
            (told,) = newcomer.rest()
            assert re.fullmatch(too_many, told)
        server.person("carl", source="127.0.0.3")
    assert bystanders.messages == []
    assert server.log().count("wrong password for") == 10


def test_who_has_not_said_it_does_not_hold_up_the_end_and_is_told_of_it(server: Server) -> None:
    silent, asked, guesser = (server.connect() for _ in range(3))
    assert asked.line() == ASKED
    guesser.say("open")
    guesser.expect(WRONG)
    guesser.say("open", "again")
    server.expect_log("wrong password for the server from")
    server.signal(SIGTERM)
    for stranger in (silent, asked, guesser):
        assert [line for line in stranger.rest() if line != ASKED] == [GOODBYE]
    assert server.wait() == 0


# Where it comes from


def test_a_changed_file_holds_from_a_signal_on_and_who_is_in_stays(
    start_server: StartServer, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\r\n")
    server = start_server("--password-file", str(file))
    server.password = SECRET
    bystanders = Bystanders(server)
    with bystanders:
        file.write_text("another one\n")
        server.person("carl").say("the old one holds")
        bystanders.hear("the old one holds")
        server.signal(SIGHUP)
        assert server.expect_log("reloaded").endswith(str(file))
        late = server.connect()
        late.say(SECRET, "let me in")
        assert late.rest() == [f"{WRONG}goodbye"]
        server.password = "another one"
        server.person("dora").say("the new one holds")
        bystanders.hear("the new one holds")
    assert bystanders.messages == ["carl: the old one holds", "dora: the new one holds"]
    for secret in (SECRET, "another one"):
        assert secret not in server.log()


def test_operators_are_none_any_more_when_there_is_a_new_password_for_them(
    start_server: StartServer, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET)
    server = start_server("--op-password-file", str(file))
    op, ann = server.named("op", "ann")
    op.say(f"/op {SECRET}")
    op.expect("You are now an operator")
    server.signal(SIGHUP)
    server.expect_log("reloaded")
    assert answers(op, "/bans")[0] == " * No bans"
    file.write_text("another one")
    server.signal(SIGHUP)
    op.expect(" * You are no longer an operator: the password for /op has changed.")
    op.say("/bans", f"/op {SECRET}", "/op another one")
    for told in (
        "/bans is for operators",
        "Wrong operator password",
        "You are now an operator",
    ):
        op.expect(f" * {told}")
    assert not [line for line in ann.unread() if "operator" in line]


def test_a_file_that_cannot_be_used_any_more_changes_nothing_and_the_log_says_so(
    start_server: StartServer, tmp_path: Path
) -> None:
    file, motd = tmp_path / "password", tmp_path / "motd"
    file.write_text(SECRET)
    motd.write_text("Be kind.")
    server = start_server(environment={"GCHAT_PASSWORD_FILE": str(file), "GCHAT_MOTD": str(motd)})
    server.password = SECRET
    motd.unlink()

    def logged(complaint: str, times: int) -> bool:
        return server.log().count(complaint) == times

    for number, text in enumerate((None, "", "two\nlines"), 1):
        if text is None:
            file.unlink()
        else:
            file.write_text(text)
        server.signal(SIGHUP)
        for path in (file, motd):
            complaint = f"cannot reload {path}: "
            wait_until(partial(logged, complaint, number), f"{number} {complaint}")
    refused = [line for line in server.log().splitlines() if "cannot reload " in line]
    assert all(line.endswith("; its old content stays in force") for line in refused)
    assert server.person().unread() == [" * Be kind."]


def test_a_signal_to_read_files_again_does_nothing_where_there_are_none(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        server.signal(SIGHUP)
        bystanders.talk_on(5)
        server.person("carl")
    assert bystanders.messages == []


MISTAKES: dict[str, tuple[list[str], dict[str, str], int, str]] = {
    "twice": (
        [f"--password={SECRET}", "--password-file=x"],
        {},
        2,
        "--password and --password-file are both set",
    ),
    "empty": ([], {"GCHAT_PASSWORD": ""}, 2, "GCHAT_PASSWORD: empty"),
    "blank": ([], {"GCHAT_OP_PASSWORD": " "}, 2, "GCHAT_OP_PASSWORD: empty"),
    "an empty path": (["--password-file", ""], {}, 2, "--password-file: empty; name a file"),
    "an unset path": ([], {"GCHAT_OP_PASSWORD_FILE": ""}, 2, "GCHAT_OP_PASSWORD_FILE: empty"),
}


@pytest.mark.parametrize(
    ("options", "variables", "status", "why"), MISTAKES.values(), ids=list(MISTAKES)
)
def test_a_password_that_cannot_be_used_is_one_clear_line_at_the_start(
    options: list[str], variables: dict[str, str], status: int, why: str
) -> None:
    ended = run("--port=0", *options, **variables)
    assert ended.returncode == status
    assert ended.stderr.startswith("gchat: ")
    assert why in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""
    assert SECRET not in ended.stderr
