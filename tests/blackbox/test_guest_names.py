"""--guest-names: no user can read the address of another one, whatever they ask for."""

from pathlib import Path

import pytest

from tests.blackbox.server import Server
from tests.conftest import StartServer


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> Server:
    return start_server("--guest-names", "--history", str(tmp_path / "chat.db"))


def test_newcomers_are_guests_in_all_that_others_are_told(server: Server) -> None:
    ann = server.person()
    ann.say("/nick ann")
    ann.expect("You are now ann")
    bob, program = server.person(), server.program()
    program.say("from a program")
    bob.say("hello", "/me waves", "/join builds")
    ann.expect("guest-2 left")
    bob.say("/leave")
    ann.expect("guest-2 joined")
    ann.say(
        "/who", "/whois guest-2", "/whois guest-3", "/history", "/find hello", "/msg guest-2 psst"
    )
    seen = ann.lines_until("-> guest-2")
    assert "guest-2: hello" in "\n".join(seen)
    bob.say("/whois guest-2")
    assert bob.address in bob.expect("guest-2: in #lobby")  # its own
    bob.say("/reply yes", "/nick bob")
    told = [*seen, *ann.lines_until("guest-2 is now bob")]
    for person in (bob, program):
        assert not [line for line in told if person.address.partition(":")[2] in line]


def test_nobody_can_be_called_like_a_guest(server: Server) -> None:
    ann = server.person()
    for name in ("guest-1", "Guest-99"):
        ann.say(f"/nick {name}")
        assert "for newcomers who have taken none" in ann.expect("Names like")
    assert ann.who() == ["guest-1"]


def test_the_log_has_the_address_beside_the_guest(server: Server) -> None:
    ann = server.person()
    server.expect_log(f"join guest-1 ({ann.address})")
