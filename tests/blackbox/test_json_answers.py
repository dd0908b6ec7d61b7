"""JSON: what answers a request has its ref and, where there are some, facts.

That objects are as docs/json.schema.json says is checked wherever JsonProgram reads them.
"""

from pathlib import Path
from typing import Any, get_args

import pytest

from gchat.commands import TABLE
from gchat.model.answers import Answer
from tests.blackbox.operators import OP_PASSWORD, OPERATORS
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

COMMANDS = (
    f"/nick ci; /op {OP_PASSWORD}; /token; /whois bob; /away lunch; /away; /who; /rooms; "
    "/topic tea; /topic; /join den; /leave; /me waves; /msg bo psst; /reply yes; /ignore zoe; "
    "/ignore; /unignore zoe; /quiet off; /history; /since 1h; /find hello; /find nothing; "
    "/around 2; /time UTC; /bell on; /color on; /redraw on; /json on; /help; /help nick; /why; "
    "/invite; /uptime; /version; /limits; /limits rate 50; /stats; /mute bob 10m spam; "
    "/unmute bob; /ban 10.9.0.0/16 2h; /bans; /unban 10.9.0.0/16; /announce hello; /shutdown 5m; "
    "/shutdown cancel; /delete 2; /kick bob; /forget; /forget yes"
).split("; ")
"""Commands of an operator, each of which is carried out."""

RARE = {"unopened"}
"""Answers that this does not bring about: a thousand rooms would have to be open."""

LEFT_OUT = {"/quit", "/resume", "/release"}
"""Those which the test calls by itself."""


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> Server:
    return start_server("--history", str(tmp_path / "chat.db"), environment=OPERATORS)


def answers(objects: list[dict[str, Any]]) -> set[str]:
    """The facts that are in `objects`, of which all that answer a request have a ref."""
    assert objects[-1]["kind"] == "ok", objects[-1]
    for fields in objects:
        in_room = fields["kind"] in ("say", "action", "notice", "presence")
        assert "ref" in fields or (in_room and "again" not in fields), fields
    return {fields["answer"] for fields in objects if "answer" in fields}


def test_whatever_answers_a_command_has_its_ref_and_every_answer_is_as_the_schema_says(
    server: Server,
) -> None:
    assert {line.split()[0] for line in COMMANDS} == TABLE.keys() - LEFT_OUT
    bob, ci = server.person("bob"), server.json_program()
    bob.say("hello", f"/msg {ci.address} psst")
    ci.next_of("private")
    found = set[str]()
    for command in COMMANDS:
        found |= answers(ci.carry_out(command=command))
    bob.rest()
    wait_until(lambda: ci.carry_out(command="/release bob")[-1]["kind"] == "ok", "bob has left")
    token = ci.ask("/token")["token"]
    ci.send_object(command="/quit", ref="bye")
    assert ci.next_of("answer") == {"kind": "answer", "text": "Goodbye", "ref": "bye"}
    found |= answers(server.json_program().carry_out(command=f"/resume {token}"))
    assert found == {each.answer for each in get_args(Answer)} - RARE


def test_each_of_many_requests_at_once_is_answered_with_its_own_ref(server: Server) -> None:
    ann, ci = server.person("ann"), server.json_program("ci")
    ann.say("hello")
    ci.next_of("say")
    commands = {"/who": "who", "/history": "history", "/rooms": "rooms", "/version": "version"}
    for command in commands:
        ci.send_object(command=command, ref=command)
    for command, answer in commands.items():
        facts = ci.object()
        assert (facts["answer"], facts["ref"]) == (answer, command)
        while (fields := ci.object())["kind"] != "ok":
            assert (fields["text"], fields["ref"]) == ("hello", "/history")
        assert fields["ref"] == command


def test_an_answer_without_a_ref_is_the_same_but_for_that(server: Server) -> None:
    ci = server.json_program("ci")
    with_ref = ci.ask("/who")
    del with_ref["ref"]
    ci.send_object(command="/who")
    ci.say("/who")
    assert [ci.object(), ci.object()] == [with_ref] * 2
