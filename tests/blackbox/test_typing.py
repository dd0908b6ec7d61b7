"""What people type, look for and slip over, at real clients in terminals."""

import subprocess
from signal import SIGTERM

import pytest

from gchat.commands.slips import CUT, ONLY_KEYS
from tests.blackbox.server import Server
from tests.blackbox.terminal import Screen, Terminal
from tests.blackbox.test_clients import OpenTerminal, every_client, needs_nc, sit_down  # noqa: F401
from tests.conftest import StartServer
from tests.field_inputs import SAID, SLIPS

# Slips


@every_client
def test_help_and_quit_without_a_slash_get_a_hint_and_are_not_sent(
    client: str,
    server: Server,
    sit_down: OpenTerminal,  # noqa: F811
) -> None:
    bob = server.person("bob")
    terminal = sit_down(client)
    for word in ("help", "quit", "exit", "?"):
        terminal.type(f"{word}\n")
        terminal.expect(SLIPS[b" exit" if word == "exit" else word.encode()])
    terminal.type("hello\n")
    assert [line.partition(": ")[2] for line in bob.messages_until("hello")] == []


@every_client
def test_arrow_keys_alone_are_not_sent(
    client: str,
    server: Server,
    sit_down: OpenTerminal,  # noqa: F811
) -> None:
    bob = server.person("bob")
    terminal = sit_down(client)
    terminal.type("\x1b[A\x1b[A\n")
    terminal.expect(ONLY_KEYS)
    terminal.type("hello\n")
    assert bob.messages_until("hello") == []


def test_slips_are_answered_and_what_only_resembles_one_is_sent(server: Server) -> None:
    ann, bob = server.named("ann", "bob")
    for line, answer in SLIPS.items():
        ann.send(line + b"\n")
        ann.expect(answer)
    for line, shown in SAID.items():
        ann.send(line + b"\n")
        assert bob.message() == f"ann: {shown}"


@needs_nc
def test_a_line_that_the_terminal_cut_is_told(
    server: Server,
    sit_down: OpenTerminal,  # noqa: F811
) -> None:
    bob = server.person("bob")
    terminal = sit_down("nc")
    terminal.type("x" * 4200 + "\n")
    terminal.expect(CUT[:60])
    assert bob.message().endswith(": " + "x" * 4095)


@needs_nc
def test_nc_is_told_to_press_enter_when_the_server_ends(
    server: Server,
    sit_down: OpenTerminal,  # noqa: F811
) -> None:
    terminal = sit_down("nc")
    server.signal(SIGTERM)
    assert server.wait() == 0
    terminal.expect("The server is going down (in nc, press Enter to leave)")
    terminal.type("\n")
    assert terminal.process.wait(30) is not None


@every_client
def test_the_password_prompt_answers_an_empty_line(client: str, start_server: StartServer) -> None:
    server = start_server(environment={"GCHAT_PASSWORD": "swordfish"})
    server.password = "swordfish"
    host, port = server.address
    with Terminal(client, host, str(port)) as terminal:
        for _ in range(3):
            terminal.expect("Password: (send it as your first line)")
            terminal.type("\n")
        terminal.expect("Password: ")
        terminal.type("swordfish\n")
        terminal.expect("Welcome to gchat")


@needs_nc
def test_a_program_s_output_of_3000_lines_is_not_held_up(server: Server) -> None:
    bob = server.person("bob")
    host, port = server.address
    pipe = f"yes 'line of output' | head -3000 | nc -N {host} {port}"
    ended = subprocess.run(["sh", "-c", pipe], capture_output=True, timeout=60, check=True)
    assert ended.stdout == b""  # among which it would be told that it is too fast
    for _ in range(3000):
        assert bob.message().endswith(": line of output")


# Finding, and times


@pytest.mark.parametrize("with_file", [False, True], ids=["in memory", "with a file"])
def test_what_people_look_for_is_found(
    with_file: bool, start_server: StartServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("history") / "chat.db"
    server = start_server(*(("--history", str(path)) if with_file else ()))
    ann = server.person("ann")
    bob = server.person("bob")
    said = ["我家在上海东边。", "검색하다", "ภาษาไทย", "120c858aa", "deploy", "camelCase"]
    said += ["Straße", "🎉 café"]
    for text in said:
        ann.say(text)
        bob.expect(f"ann: {text}")
    looked_for = ["上海", "검색", "ไทย", "120c858", "ploy", "case", "strasse", "🎉"]
    for wanted, text in zip(looked_for, said, strict=True):
        ann.say(f"/find {wanted} from:ann in:lobby since:yesterday on:today")
        ann.expect("1 message matches:")
        assert ann.line().endswith(f" ann: {text}")
    ann.say("/find zebra in:lobby since:1h")
    ann.expect('No messages match "zebra" (in #lobby, since ')
    ann.say("/find from:nobody-here")
    ann.expect("There are no messages from nobody-here")


def test_times_that_are_shown_are_taken(server: Server) -> None:
    ann = server.person("ann")
    ann.say("/time UTC", "hello", "/history")
    shown = ann.expect("ann: hello").partition(" ann:")[0]
    for when in (shown, "1h30m", "10m ago", "2 hours", "yesterday", "today"):
        ann.say(f"/since {when}")
        assert ann.expect("ann: hello").startswith(shown)
    ann.say("/since soon")
    ann.expect("“soon” is not a time; /since takes 10m, 1h30m, ")


# Commands


def test_people_are_addressed_as_people_do(server: Server) -> None:
    ann, bob = server.named("ann", "bob")
    for typed, told in (("@bob", "hi"), ("bob:", "hi"), ("bo", "Sent to bob, the only name")):
        ann.say(f"/msg {typed} hi")
        ann.expect(told)
        assert bob.message() == "ann -> bob: hi"
    cy = server.person("bobby")
    ann.say("/msg bo psst", "/away lunch", "/who")
    ann.expect("bo may be bob and bobby; type more of the name. Not sent.")
    ann.expect("ann (away)")
    assert not [line for line in (*bob.unread(), *cy.unread()) if "psst" in line]


@needs_nc
def test_a_class_sees_the_screen_that_it_should(server: Server) -> None:
    host, port = server.address
    with Screen() as screen:
        screen.expect("$")
        screen.type(f"nc {host} {port}")
        screen.press("Enter")
        screen.expect("/help lists the commands.")
        screen.type("help")
        screen.press("Enter")
        screen.expect("(to say help, add another word)")
        screen.type("/colour on")
        screen.press("Enter")
        screen.expect("Names are in colour")


@needs_nc
def test_the_words_of_one_who_quits_are_told(
    server: Server,
    sit_down: OpenTerminal,  # noqa: F811
) -> None:
    bob = server.person("bob")
    terminal = sit_down("nc")
    terminal.type("/nick ann\n")
    terminal.expect("You are now ann")
    terminal.type("hello\n")
    bob.expect("ann: hello")
    terminal.type("/quit see you tomorrow\n")
    terminal.expect("Goodbye")
    bob.expect(" * ann left: see you tomorrow")
    cy = server.person("cy")
    cy.say("hello")
    bob.expect("cy: hello")
    cy.say("/quit")
    assert bob.expect("cy left") == " * cy left"
