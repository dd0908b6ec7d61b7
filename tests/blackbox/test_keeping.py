"""--keep-days, --keep-messages, /delete: what is not to be kept is gone, also from the file."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from signal import SIGTERM

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.operators import OPERATORS, answers, operator
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

DAY = 86_400.0
SECRET = "hunter2"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


def stop(server: Server) -> None:
    server.signal(SIGTERM)
    assert server.wait() == 0


def texts(file: Path, room: str = "lobby") -> list[str]:
    """What the file has that was said in a room."""
    with closing(sqlite3.connect(file)) as history:
        rows = history.execute(
            "SELECT text FROM messages WHERE room = ? AND kind = 'say' ORDER BY id", (room,)
        )
        return [text for (text,) in rows]


def check(file: Path) -> str:
    """What `gchat.py check` says."""
    command = [sys.executable, "gchat.py", "check", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_what_is_older_than_it_may_be_is_gone_an_hour_after_the_next_start(
    start_server: StartServer, file: Path
) -> None:
    server = start_server("--history", str(file))
    amy = server.person("amy")
    amy.say(*map(str, range(1000)), "/join builds", "built")
    amy.who()
    said = server.json_program("ci").carry_out(text="last of the old")[-1]["id"]
    stop(server)
    with closing(sqlite3.connect(file)) as history, history:
        history.execute("UPDATE messages SET time = time - ?", (10 * DAY,))

    options = ["--history", str(file), "--keep-days", "7"]
    server = start_server(*options)
    server.person("eve").who()
    assert len(texts(file)) == 1001  # its clock may be wrong
    stop(server)
    server = start_server(*options, module="tests.blackbox.server_after_an_hour")
    bystanders = Bystanders(server)
    with bystanders:
        bystanders.talk_on(5)
        wait_until(lambda: not texts(file, "builds"), "it is deleted in a room that nobody is in")
        wait_until(lambda: "999" not in texts(file), "it is deleted in one that is open")
    cy = server.person("cy")
    cy.say("/find built")
    cy.expect("No messages match")
    assert server.json_program("ci").carry_out(text="young")[-1]["id"] > said
    cy.say("/join builds")
    cy.expect("You are in #builds")
    cy.say("/history")
    cy.expect("No messages in #builds are kept any more")
    stop(server)
    assert "young" in texts(file)
    check(file)


def test_of_each_room_so_many_are_kept(start_server: StartServer, file: Path) -> None:
    server = start_server("--history", str(file), "--rate", "0")
    ann = server.person("ann")
    ann.say(*map(str, range(3000)), "/join builds", "built")
    ann.who()
    stop(server)
    server = start_server("--history", str(file), "--keep-messages", "100")
    wait_until(lambda: len(texts(file)) <= 100, "the rest is deleted")
    assert texts(file)[-10:] == [str(number) for number in range(2990, 3000)]
    assert texts(file, "builds") == ["built"]
    stop(server)
    check(file)


def test_one_who_comes_back_is_told_what_was_deleted_meanwhile(
    start_server: StartServer, file: Path
) -> None:
    server = start_server("--history", str(file))
    ann, bob = server.person("ann"), server.person("bob")
    ann.say("/token")
    token = ann.expect("/resume ").split()[-1].strip(".")
    ann.close()
    bob.expect("ann left")
    bob.say(*(f"message {number}" for number in range(300)))
    bob.who()
    stop(server)
    server = start_server("--history", str(file), "--keep-messages", "50")
    wait_until(lambda: len(texts(file)) <= 50, "the rest is deleted")
    again = server.connect()
    again.say(f"/resume {token}")
    lines = again.lines_until("message 299")
    heard = [line for line in lines if line.startswith("bob: message")]
    (gap,) = [line for line in lines if "more was said than is kept" in line]
    assert len(heard) + int(gap.split("You missed ")[1].split()[0]) == 300


def test_what_an_operator_deletes_is_seen_by_nobody_any_more_and_not_in_the_file(
    start_server: StartServer, file: Path
) -> None:
    server = start_server("--history", str(file), environment=OPERATORS)
    bystanders, op = Bystanders(server), operator(server)
    mallory = server.person("mallory")
    mallory.say("/join builds", f"the password is {SECRET}")
    mallory.who()
    op.say(f"/find {SECRET}")
    place = op.expect(SECRET).partition("] ")[2].split()[0]
    with bystanders:
        assert answers(op, f"/delete {place} not here") == [
            " * You deleted a message by mallory: not here"
        ]
        bystanders.talk_on(5)
    assert mallory.expect("op deleted") == " * op deleted a message by mallory: not here"
    assert f"#{place[1:]}" in server.expect_log("deleted a message by mallory: not here")
    assert SECRET not in server.log()
    newcomer = server.person("newcomer")
    assert answers(newcomer, f"/find {SECRET}") == [
        f' * No messages match "{SECRET}" (in all rooms)'
    ]
    newcomer.say("/join builds", "/history")
    shown = newcomer.lines_until("No messages in #builds are kept any more")
    assert not [line for line in shown if SECRET in line]
    assert answers(op, f"/delete {place}") == [f" * {place} is deleted already"]
    assert f"the password is {SECRET}" not in texts(file, "builds")
    export = subprocess.run(
        [sys.executable, "gchat.py", "export", str(file)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "#lobby bob: answer" in export.stdout
    assert SECRET not in export.stdout
    stop(server)
    assert f"password is {SECRET}".encode() not in file.read_bytes()
    assert "1 message deleted, of these" in check(file)


def test_the_words_of_it_are_gone_from_the_file_too_after_the_next_look(
    start_server: StartServer, file: Path
) -> None:
    server = start_server("--history", str(file), environment=OPERATORS)
    op = operator(server)
    op.say(f"a {SECRET}")
    op.say(f"/find {SECRET}")
    place = op.expect(f"op: a {SECRET}").partition("] ")[2].split()[0]
    op.say(f"/delete {place}")
    op.expect("You deleted a message")
    stop(server)
    server = start_server("--history", str(file))

    def merged() -> bool:
        with closing(sqlite3.connect(file)) as history:
            row = history.execute("SELECT value FROM state WHERE name = 'unmerged'").fetchone()
        return bool(row == (0,))

    wait_until(merged, "the index is merged")
    stop(server)
    assert SECRET.encode() not in file.read_bytes()


def test_a_topic_outlasts_the_server(start_server: StartServer, file: Path) -> None:
    server = start_server("--history", str(file))
    ann = server.person("ann")
    ann.say("/topic the weather", "/join builds", "/topic the night's builds", "/topic")
    ann.expect("topic: the night's builds")
    stop(server)
    server = start_server("--history", str(file))
    bob = server.connect()
    bob.expect("Topic: the weather")
    bob.say("/join builds")
    bob.expect("Topic: the night's builds")


def test_without_a_file_a_message_is_deleted_from_memory(start_server: StartServer) -> None:
    server = start_server(environment=OPERATORS)
    op, ann = operator(server), server.person("ann")
    ann.say(f"the password is {SECRET}")
    op.expect(SECRET)
    op.say(f"/find {SECRET}")
    place = op.expect(SECRET).partition("] ")[2].split()[0]
    assert answers(op, f"/delete {place}") == [" * You deleted a message by ann"]
    ann.expect("op deleted a message by ann")
    assert answers(op, f"/find {SECRET}") == [f' * No messages match "{SECRET}" (in all rooms)']
