"""/resume TOKEN ID: a program says what it has, since its kernel, or a proxy, had taken more."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from signal import SIGKILL
from socket import MSG_PEEK
from typing import Any

import pytest

from tests.blackbox.connection import JsonProgram
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

COUNT = 500


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    return ["--history", str(tmp_path / "chat.db"), "--rate", "0"]


def named(server: Server, name: str) -> tuple[JsonProgram, str]:
    """A program of that name, and its token."""
    program = server.json_program(name)
    return program, program.ask("/token")["token"]


def read_some(program: JsonProgram, count: int) -> list[dict[str, Any]]:
    """The first `count` messages, while its kernel takes, and acknowledges, all of them."""
    return [program.next_of("say") for _ in range(count)]


def read_rest(program: JsonProgram, last: str) -> list[dict[str, Any]]:
    """All that it is sent up to the message `last`, but for answers."""
    objects = [program.object()]
    while objects[-1].get("text") != last:
        objects.append(program.object())
    return [fields for fields in objects if fields["kind"] not in ("answer", "presence")]


def leave_unread(program: JsonProgram) -> None:
    """Have the kernel acknowledge all that was sent, as a proxy does, and break off."""
    program.send_object(command="/who", ref="all was sent")  # the answer comes behind all else
    wait_until(
        lambda: b'"all was sent"' in program.socket.recv(2**22, MSG_PEEK), "its kernel has all"
    )
    program.reset()


def has_identities(path: str) -> bool:
    """Whether a token is saved in the history file."""
    with closing(sqlite3.connect(path)) as file:
        return bool(file.execute("SELECT count(*) FROM identities").fetchone()[0])


def test_it_gets_all_if_it_had_read_nothing_but_its_token(
    start_server: StartServer, options: list[str]
) -> None:
    server = start_server(*options)
    ann, bob = server.json_program("ann"), server.json_program("bob")
    bob.carry_out(text="before")
    assert ann.next_of("say")["text"] == "before"
    shown = ann.ask("/token")
    for text in ("first", "last"):
        bob.carry_out(text=text)
    leave_unread(ann)
    again = server.json_program()
    again.send_object(command=f"/resume {shown['token']} {shown['place']}")
    assert [fields["text"] for fields in read_rest(again, "last")] == ["first", "last"]


@pytest.mark.parametrize("is_killed", [False, True])
def test_it_gets_exactly_what_it_had_not_read(
    start_server: StartServer, options: list[str], is_killed: bool
) -> None:
    server = start_server(*options)
    ann, token = named(server, "ann")
    bob = server.json_program("bob")
    texts = [str(number) for number in range(COUNT)]
    bob.say(*(f'{{"text": "{text}"}}' for text in texts))
    bob.carry_out(text="end")
    read = read_some(ann, 200)
    leave_unread(ann)
    if is_killed:
        wait_until(lambda: has_identities(options[1]), "the token is in the file")
        server.signal(SIGKILL)
        assert server.wait() == -SIGKILL
        server = start_server(*options)
        bob = server.json_program("bob")
    again = server.json_program()
    again.send_object(command=f"/resume {token} {read[-1]['id']}", ref="back")
    bob.carry_out(text="last")
    rest = [fields for fields in read_rest(again, "last") if fields["kind"] == "say"]
    assert [fields["text"] for fields in [*read, *rest]] == [*texts, "end", "last"]
    ids = [fields["id"] for fields in [*read, *rest]]
    assert ids == sorted(set(ids))


def test_a_message_that_the_server_does_not_know_is_a_gap(
    start_server: StartServer, options: list[str]
) -> None:
    server = start_server(*options)
    ann, token = named(server, "ann")
    ann.reset()
    bob = server.json_program("bob")
    again = server.json_program()
    again.send_object(command=f"/resume {token} another-1", ref="back")
    gap = again.next_of("gap")
    assert gap["missed"] is None
    assert "not known any more" in gap["text"]
    bob.carry_out(text="and on")
    assert again.next_of("say")["text"] == "and on"


@pytest.mark.parametrize("is_killed", [False, True])
def test_what_it_sends_again_is_said_once_and_answered_with_the_first_place(
    start_server: StartServer, options: list[str], is_killed: bool
) -> None:
    server = start_server(*options)
    ann, token = named(server, "ann")
    sent = [{"text": f"line {number}", "ref": number} for number in range(20)]
    for fields in sent[:10]:
        ann.send_object(**fields)
    before = [ann.next_of("ok") for _ in range(10)]
    wait_until(lambda: has_identities(options[1]), "the token is in the file")
    ann.reset()
    if is_killed:
        server.signal(SIGKILL)
        assert server.wait() == -SIGKILL
        server = start_server(*options)
    again = server.json_program()
    again.send_object(command=f"/resume {token} {before[-1]['place']}", ref="back")
    for fields in sent:
        again.send_object(**fields)
    answers = [again.next_of("ok") for _ in range(21)][1:]
    assert answers[:10] == before
    assert len({fields["id"] for fields in answers}) == 20
    with closing(sqlite3.connect(options[1])) as file:
        rows = file.execute("SELECT text FROM messages WHERE kind = 'say' ORDER BY id").fetchall()
    assert [text for (text,) in rows] == [fields["text"] for fields in sent]


def test_what_it_sends_again_in_one_packet_is_answered_behind_what_it_has_missed(
    start_server: StartServer, options: list[str]
) -> None:
    """A program may take the place in an `ok` for that of all it has."""
    server = start_server(*options)
    ann, token = named(server, "ann")
    bob = server.json_program("bob")
    place = ann.carry_out(text="first")[-1]["place"]
    bob.carry_out(text="missed")
    ann.send_object(text="second", ref="second")
    ann.next_of("ok")
    ann.reset()
    again = server.program(
        "/json\n"
        f'{{"command": "/resume {token} {place}", "ref": "back"}}\n'
        '{"text": "second", "ref": "second"}\n'
        '{"text": "third", "ref": "third"}'
    )
    lines = [json.loads(again.line()) for _ in range(6)]
    assert [each.get("text") for each in lines if each["kind"] == "say"] == ["missed"]
    ids = [each["id"] for each in lines if "id" in each]
    assert ids == [2, 3, 4]
