"""/resume: who lost the connection goes on where they were, in each way that one can come back."""

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from socket import MSG_PEEK

import pytest

from tests.blackbox.connection import Person
from tests.blackbox.kernel import WINDOW_PROBE, server_side
from tests.blackbox.operators import ABUSER
from tests.blackbox.server import Server
from tests.blackbox.waiting import DEADLINE, wait_until
from tests.conftest import StartServer

SMALL = 4096
"""Bytes that a connection takes for one who does not read; the kernel doubles them."""


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    return ["--history", str(tmp_path / "chat.db"), "--rate", "0"]


@pytest.fixture
def server(start_server: StartServer, options: list[str]) -> Server:
    return start_server(*options)


def named(server: Server, name: str, receive_buffer: int | None = None) -> tuple[Person, str]:
    """Somebody of that name, and their token."""
    person = server.person(receive_buffer=receive_buffer)
    person.say(f"/nick {name}")
    person.name = name
    person.expect("/token shows how")
    person.say("/token")
    return person, person.expect("To come back after a lost connection").rpartition("/resume ")[2]


def back(server: Server, token: str) -> Person:
    """Somebody who has shown `token`."""
    person = server.person()
    person.say(f"/resume {token}")
    person.expect("Welcome back! You are ann")
    return person


def restart(start_server: StartServer, server: Server, options: list[str], how: Signals) -> Server:
    server.signal(how)
    assert server.wait() == (0 if how == SIGTERM else -how)
    return start_server(*options)


def messages(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith(" * ")]


def test_after_a_lost_connection_one_gets_what_was_missed(server: Server) -> None:
    ann, token = named(server, "ann")
    bob = server.person("bob")
    ann.say("/join builds", "/time UTC")
    ann.expect("Times are shown")
    bob.say("/join builds", "heard")
    ann.expect("bob: heard")
    ann.unread()  # with what it sends, its kernel acknowledges what it has got
    ann.reset()
    bob.expect("ann left")
    bob.say("missed", "/msg ann psst")
    bob.expect("ann is not here; your message is stored until they come back")
    again = back(server, token)
    assert again.line() == " * You missed 1 message:"
    bob.say("and on")
    said = messages(again.lines_until("bob: and on"))
    assert [re.sub(r"^\[.*?\] ", "", line) for line in said] == [
        "bob -> ann: psst",
        "bob: missed",
        "bob: and on",
    ]
    again.say("here I am")
    assert bob.expect("here I am") == "ann: here I am"


def test_the_token_may_be_the_first_line(server: Server) -> None:
    ann, token = named(server, "ann")
    bob = server.person("bob")
    ann.expect("bob joined")
    ann.unread()
    ann.close()
    bob.expect("ann left")
    bob.say("missed")
    bob.unread()
    answer = subprocess.run(
        ["nc", "-N", server.address[0], str(server.address[1])],
        input=f"/resume {token}\nhello\n",
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    ).stdout
    assert answer.splitlines() == [
        " * Welcome back! You are ann in #lobby, with bob",
        " * You missed 1 message:",
        "bob: missed",
    ]
    assert bob.line() == " * ann joined"
    assert bob.line() == "ann: hello"
    assert bob.line() == " * ann left"


def test_a_connection_that_hangs_is_ended_and_what_it_has_not_got_comes_again(
    server: Server,
) -> None:
    ann, token = named(server, "ann", SMALL)
    bob = server.person("bob")
    ann.expect("bob joined")
    count = 2000
    bob.say(*(f"{number} {'x' * 100}" for number in range(count)), "/msg ann psst")
    bob.expect("bob -> ann: psst")
    wait_until(lambda: server_side(ann).timer == WINDOW_PROBE, "it takes no more")
    taken = ann.socket.recv(2**20, MSG_PEEK).count(b"x\n")
    again = back(server, token)
    bob.say("the last one")
    private, *missed, _ = messages(again.lines_until("bob: the last one"))
    assert "bob -> ann: psst" in private
    # Nothing is missing between what the one has taken and what comes to the other.
    assert [int(line.split()[1]) for line in missed] == list(range(taken, count))
    bob.say("/who")
    assert bob.expect(" here: ").endswith("2 here: ann and bob")


def test_one_that_does_not_read_keeps_a_token_from_its_owner_for_seconds_at_most(
    server: Server,
) -> None:
    ann, token = named(server, "ann")
    bob = server.person("bob")
    stalled = server.person(receive_buffer=SMALL)
    bob.say(*(f"{number} {'x' * 100}" for number in range(4000)), "/who")
    bob.expect(" here: ")  # so all of it is said
    wait_until(lambda: server_side(stalled).timer == WINDOW_PROBE, "it takes no more")
    stalled.say(f"/resume {token}")
    ann.reset()
    bob.expect("ann left")
    again = server.person()

    def is_back() -> bool:
        again.say(f"/resume {token}")
        return "Welcome back! You are ann" in again.expect(" * ")

    again.unread()
    wait_until(is_back, "the owner is let in")  # not only when the stalled one counts as vanished
    assert "ann" in server.who()


def test_one_who_comes_back_elsewhere_ends_the_other_connection_politely(server: Server) -> None:
    ann, token = named(server, "ann")
    bob = server.person("bob")
    ann.expect("bob joined")
    again = back(server, token)
    assert ann.rest()[-1] == (" * Disconnected: your token was used on another connection")
    assert not [line for line in bob.unread() if "ann" in line and "left" in line]
    bob.say("hello")
    again.expect("bob: hello")


@pytest.mark.parametrize("how", [SIGTERM, SIGKILL])
def test_it_all_holds_over_the_end_of_the_server(
    start_server: StartServer, server: Server, options: list[str], how: Signals
) -> None:
    ann, token = named(server, "ann")
    bob, bobs_token = named(server, "bob")
    ann.say("/join builds", "/ignore cy")
    ann.expect("You now ignore cy")
    bob.say("/join builds", "heard")
    ann.expect("bob: heard")
    ann.unread()  # with what it sends, its kernel acknowledges what it has got
    ann.reset()
    bob.expect("ann left")
    bob.say("missed", "/msg ann psst")
    bob.expect("is stored until")
    wait_until(lambda: _is_in_the_file(options), "the file has it all")
    server = restart(start_server, server, options, how)

    stranger = server.person()
    stranger.say("/nick ann")
    stranger.expect("The name ann is reserved for a user who has left")
    stranger.say("/join builds", f"/resume {bobs_token}")
    stranger.expect("Welcome back! You are bob")
    stranger.say("missed, too", "/history 1")
    stranger.expect("] bob: missed, too")  # it has its place
    again = back(server, token)
    assert again.line() == " * You missed 2 messages:"
    assert "bob -> ann: psst" in again.line()
    assert again.message() == "bob: missed"
    assert again.message() == "bob: missed, too"
    again.say("/ignore")
    assert again.expect("You ignore") == " * You ignore cy"


def _is_in_the_file(options: list[str]) -> bool:
    """Whether Ann is, as she was at last, and what Bob has said since."""
    with closing(sqlite3.connect(options[1])) as file:
        rows = file.execute(
            "SELECT room, state ->> '$.ignored[0]' FROM identities JOIN places USING (number)"
            " ORDER BY number"
        )
        is_ann = rows.fetchone() == ("builds", "cy")
        said = file.execute("SELECT count(*) FROM messages WHERE text = 'missed'").fetchone()
        return bool(is_ann and said == (1,))


def test_what_one_has_said_under_ones_token_can_be_deleted_after_a_restart(
    start_server: StartServer, server: Server, options: list[str]
) -> None:
    ann, token = named(server, "ann")
    ann.say("the password is hunter2")
    ann.unread()
    server = restart(start_server, server, options, SIGTERM)
    again = back(server, token)
    again.say("/find hunter2", "/forget", "/forget yes", "/find hunter2", "/history")
    again.expect("ann: the password is hunter2")
    again.expect("Delete 1 message of yours for good? /forget yes does it")
    again.expect("Deleted 1 message of yours")
    again.expect("No messages match")
    again.expect("No messages in #lobby are kept any more")
    again.close()
    server.signal(SIGTERM)
    assert server.wait() == 0
    assert b"password is hunter2" not in Path(options[1]).read_bytes()


def test_tokens_cannot_be_guessed_at_will(server: Server) -> None:
    ann, token = named(server, "ann")
    ann.close()
    guesser = server.person(source=ABUSER)
    for number in range(10):
        guesser.say(f"/resume lusab-babad-gutih-{number}")
    for _ in range(10):
        guesser.expect("Unknown or expired token")
    guesser.say(f"/resume {token}")
    guesser.expect("Too many wrong tokens from your address; try again in")
    assert server.expect_log("wrong token").endswith(f"from {ABUSER}")
    assert token not in server.log()
    back(server, token)
