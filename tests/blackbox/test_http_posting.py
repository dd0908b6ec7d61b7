"""HTTP: what is said with POST, as whom, and what that costs."""

from pathlib import Path
from shutil import which
from signal import SIGTERM

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import JsonProgram
from tests.blackbox.http_clients import curl, post
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer
from tests.json_schema import check_sent

pytestmark = [
    pytest.mark.skipif(not which("curl"), reason="curl is not installed"),
]


def test_each_line_of_a_body_is_said(server: Server) -> None:
    person = server.person()
    answer = post(server, "/lobby?name=ci", "1", "", "2", "/quit", "3")
    assert answer.status == 200
    assert answer.fields["ids"] == list(range(answer.fields["ids"][0], answer.fields["ids"][0] + 4))
    assert (answer.fields["room"], answer.fields["name"]) == ("lobby", "ci")
    assert answer.fields["place"].endswith(f"-{answer.fields['ids'][-1]}")
    assert person.messages_until("ci: 3") == ["ci: 1", "ci: 2", "ci: /quit"]


def test_the_ids_are_those_that_others_are_shown(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--history", str(tmp_path / "chat.db"))
    program = server.json_program()
    answer = post(server, "/lobby", *map(str, range(200)))
    shown = [program.next_of("say") for _ in range(200)]
    assert [each["id"] for each in shown] == answer.fields["ids"]
    assert shown[-1]["place"] == answer.fields["place"]


def test_a_chunked_body_and_one_that_waits_to_be_asked_for_are_said(server: Server) -> None:
    person = server.person()
    chunked = ("-H", "Transfer-Encoding: chunked")
    assert post(server, "/lobby", "chunked", options=chunked).status == 200
    person.expect(": chunked")
    assert post(server, "/lobby", "asked", options=("-H", "Expect: 100-continue")).status == 200
    person.expect(": asked")


def test_a_name_is_held_for_a_request_and_is_free_afterwards(server: Server) -> None:
    person = server.person()
    for number in range(3):
        assert post(server, "/lobby?name=ci", f"run {number}").status == 200
        person.expect(f"ci: run {number}")
    assert post(server, "/lobby", "with basic", options=("-u", "ci:")).fields["name"] == "ci"
    person.say("/nick ci")
    person.expect("You are now ci")


def test_a_name_that_somebody_has_is_refused_with_the_reason(server: Server) -> None:
    person = server.person("ann")
    answer = post(server, "/lobby?name=Ann", "I am Ann")
    assert (answer.status, answer.fields["reason"]) == (409, "name taken")
    assert "taken (by ann" in answer.fields["text"]
    check_sent(answer.fields)
    assert post(server, "/lobby?name=a%20b", "x").status == 400
    assert post(server, "/lobby?name=" + "a" * 99, "x").status == 400
    person.say("/who")
    assert ": " not in person.expect(" here: ").partition(" here: ")[2]


def test_a_repetition_with_its_key_is_not_said_again(server: Server) -> None:
    person = server.person()
    key = ("-H", "Idempotency-Key: 4711")
    first = post(server, "/lobby", "once", options=key)
    assert post(server, "/lobby", "once", options=key) == first
    other = post(server, "/lobby", "twice", options=key)
    assert (other.status, other.fields["reason"]) == (422, "key used before")
    post(server, "/builds", "elsewhere", options=key)
    post(server, "/lobby", "the end")
    assert len(person.messages_until(": the end")) == 1


def test_what_cannot_be_said_is_refused_and_nothing_of_it_is_said(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        secret = post(server, "/lobby", "fine", "/op secret")
        assert (secret.status, secret.fields["reason"]) == (400, "what may be a secret")
        assert post(server, "/lobby", "").fields["reason"] == "nothing to say"
        assert post(server, "/lobby", "x" * 66_000).status == 413
        assert post(server, "/no%20room", "x").status == 404
        bystanders.talk_on(5)
    assert bystanders.heard == []


def with_token(server: Server, name: str) -> tuple[JsonProgram, str]:
    """A program called `name`, and its token."""
    program = server.json_program(name)
    return program, program.ask("/token")["token"]


def test_a_token_speaks_as_whom_it_stands_for(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--history", str(tmp_path / "chat.db"))
    person = server.person()
    bot, token = with_token(server, "bot")
    answer = post(server, "/lobby", "while it is there", options=("-u", f"bot:{token}"))
    assert (answer.status, answer.fields["name"]) == (200, "bot")
    person.expect("bot: while it is there")
    answer = post(server, "/builds", "by header", options=("-H", f"Gchat-Token: {token}"))
    assert answer.status == 200
    person.say("hello")
    assert bot.next_of("say")["text"] == "hello"  # and not what it has said itself
    bot.close()
    wait_until(lambda: curl(server, "/healthz").fields["clients"] == 1, "it is gone")
    assert post(server, "/lobby?name=bot", "in its name").fields["reason"] == "name reserved"
    assert post(server, "/lobby", "and after", options=("-u", f":{token}")).status == 200
    person.expect("bot: and after")
    back = server.json_program()
    back.carry_out(command=f"/resume {token}")
    assert back.ask("/forget")["count"] == 3  # they are its own


@pytest.mark.parametrize(
    ("shown", "status", "reason"),
    [
        ("bot:lusab-babad-gutih-tugad", 401, "unknown token"),
        ("bot:x", 401, "unknown token"),
        ("ann:{token}", 409, "another name"),
    ],
)
def test_a_token_that_is_none_is_refused(
    start_server: StartServer, tmp_path: Path, shown: str, status: int, reason: str
) -> None:
    server = start_server("--history", str(tmp_path / "chat.db"))
    _, token = with_token(server, "bot")
    answer = post(server, "/lobby", "x", options=("-u", shown.format(token=token)))
    assert (answer.status, answer.fields["reason"]) == (status, reason)


def test_without_a_history_file_there_are_no_tokens(server: Server) -> None:
    answer = post(server, "/lobby", "x", options=("-u", "bot:lusab-babad-gutih-tugad"))
    assert (answer.status, answer.fields["reason"]) == (401, "no history file")


def test_who_is_muted_is_so_with_the_token_as_well(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(
        "--history", str(tmp_path / "chat.db"), environment={"GCHAT_OP_PASSWORD": "secret"}
    )
    op = server.person("op")
    op.say("/op secret")
    op.expect("You are now an operator")
    bot, token = with_token(server, "bot")
    op.say("/mute bot")
    op.expect("bot is muted")
    for _ in range(2):
        answer = post(server, "/lobby", "x", options=("-u", f"bot:{token}"))
        assert (answer.status, answer.fields["reason"]) == (403, "muted")
        bot.close()
        wait_until(lambda: curl(server, "/healthz").fields["clients"] == 1, "it is gone")


def test_with_a_token_a_key_holds_over_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    options = ("--history", str(tmp_path / "chat.db"))
    server = start_server(*options)
    bot, token = with_token(server, "bot")
    how = ("-u", f"bot:{token}", "-H", "Idempotency-Key: 4711")
    first = post(server, "/lobby", "once", "and once more", options=how)
    assert post(server, "/lobby", "once", "and once more", options=how) == first
    bot.close()
    server.wait_until_empty()
    server.signal(SIGTERM)
    assert server.wait() == 0
    other = start_server(*options)
    again = post(other, "/lobby", "once", "and once more", options=how)
    assert again.fields == first.fields
    assert post(other, "/lobby", "x", options=("-u", f"bot:{token}")).status == 200
    lines = curl(other, "/lobby/raw?poll=1").body.splitlines()
    assert [line for line in lines if line.startswith("bot")] == [
        "bot: once", "bot: and once more", "bot: x",
    ]  # fmt: skip


@pytest.mark.options("--rate=1", "--burst=5")
def test_reading_back_costs_as_well(server: Server) -> None:
    statuses = [curl(server, "/lobby/raw?poll=1").status for _ in range(6)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


@pytest.mark.options("--rate=1", "--burst=5")
def test_posts_cost_what_their_lines_cost(server: Server) -> None:
    assert post(server, "/lobby", *"123").status == 200
    answer = post(server, "/lobby", *"456")
    assert (answer.status, answer.fields["reason"]) == (429, "too fast")
    assert int(answer.headers["retry-after"]) >= 1
