"""What newcomers are shown that whoever runs the server decides: --motd and --replay."""

import re
from pathlib import Path

import pytest

from tests.blackbox.connection import TIME, Person
from tests.blackbox.safety import assert_safe
from tests.blackbox.server import Server
from tests.conftest import StartServer


@pytest.fixture
def motd(tmp_path: Path) -> Path:
    file = tmp_path / "motd"
    file.write_text("Be kind.\nThe build is green.\n")
    return file


def shown_to(server: Server) -> list[str]:
    """What a newcomer is shown after the welcome."""
    return server.person().unread()


def test_the_message_of_the_day_is_shown_with_the_welcome_and_to_nobody_else(
    start_server: StartServer, motd: Path
) -> None:
    server = start_server("--motd", str(motd))
    assert shown_to(server) == [" * Be kind.", " * The build is green."]
    assert server.program("/version", "hello").line().startswith(" * gchat ")
    ann = server.person("ann")
    ann.say("/join builds")
    ann.expect("You are in #builds")
    assert not [line for line in ann.unread() if "kind" in line]


def test_the_message_of_the_day_comes_before_the_topic_and_what_was_said(
    start_server: StartServer, motd: Path
) -> None:
    server = start_server("--motd", str(motd))
    ann = server.person("ann")
    ann.say("/topic tea", "hello")
    ann.who()
    *before, topic, said = shown_to(server)
    assert before == [" * Be kind.", " * The build is green."]
    assert topic == " * Topic: tea"
    assert re.fullmatch(f"{TIME}ann: hello", said)


def test_a_message_of_the_day_that_changes_is_shown_as_it_is_now(
    start_server: StartServer, motd: Path
) -> None:
    server = start_server("--motd", str(motd))
    shown_to(server)
    motd.write_text("The build is red.")
    assert shown_to(server) == [" * The build is red."]
    new = motd.with_name("new")
    new.write_text("The build is blu.")
    new.replace(motd)
    assert shown_to(server) == [" * The build is blu."]
    motd.write_text("")
    assert shown_to(server) == []


def test_a_message_of_the_day_that_cannot_be_read_any_more_stays_and_the_log_says_so_once(
    start_server: StartServer, motd: Path
) -> None:
    server = start_server("--motd", str(motd))
    motd.unlink()
    for _ in range(2):
        assert shown_to(server) == [" * Be kind.", " * The build is green."]
    assert server.log().count("the old text stays") == 1
    motd.write_text("x" * 4097)
    assert shown_to(server) == [" * Be kind.", " * The build is green."]
    assert "4096 bytes" in server.expect_log("longer than")
    motd.write_text("Back again.")
    assert shown_to(server) == [" * Back again."]


def test_a_message_of_the_day_drives_no_terminal(start_server: StartServer, motd: Path) -> None:
    motd.write_bytes(b"\x1b[2Jclear\r\n\xff\xfe \xe2\x80\xae\n\xc2\x9b31m\tred\x07")
    server = start_server("--motd", str(motd))
    shown = shown_to(server)
    assert shown == [" * \\x1b[2Jclear", " * \\xff\\xfe \\u202e", " * \\x9b31m\tred\\x07"]
    for line in shown:
        assert_safe(line.encode())


def test_the_message_of_the_day_can_be_given_in_the_environment(
    start_server: StartServer, motd: Path
) -> None:
    server = start_server(environment={"GCHAT_MOTD": str(motd)})
    assert shown_to(server)[0] == " * Be kind."


@pytest.mark.parametrize("count", [0, 3, 25])
def test_so_many_messages_are_shown_again_on_coming_to_the_server_and_to_a_room(
    start_server: StartServer, count: int
) -> None:
    server = start_server("--replay", str(count))
    for program in (
        server.program(*(f"lobby {n}" for n in range(30))),
        server.program("/join builds", *(f"builds {n}" for n in range(30))),
    ):
        program.end_input()
        program.rest()
    newcomer = server.person()
    assert_are_the_last(newcomer, "lobby", count)
    newcomer.say("/join builds")
    newcomer.expect("You are in #builds")
    assert_are_the_last(newcomer, "builds", count)


def assert_are_the_last(newcomer: Person, room: str, count: int) -> None:
    shown = newcomer.unread()
    assert [line.partition(": ")[2] for line in shown] == [
        f"{room} {n}" for n in range(30 - count, 30)
    ]
    assert all(re.match(TIME, line) for line in shown)
