"""JSON lines: docs/programs.md lists all that a program is sent, and its examples work."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import fields as fields_of
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from gchat.model.answers import Answer
from gchat.model.events import RoomEvent
from tests.blackbox.connection import JsonProgram
from tests.blackbox.readme import code_blocks, section
from tests.blackbox.server import ROOT, Server
from tests.blackbox.waiting import DEADLINE

MANUAL = "docs/programs.md"


def kinds_in_manual() -> dict[str, set[str]]:
    """The fields of each kind of object that docs/programs.md lists."""
    fields: dict[str, set[str]] = {}
    received = section("What a program receives", MANUAL)
    rows = re.findall(r"^\| (`[a-z`, ]+`) \| (`[a-z`, ]+`) \|", received, re.M)
    for kinds, names in rows:
        for kind in re.findall(r"\w+", kinds):
            fields[kind] = {"kind", *re.findall(r"\w+", names)}
    return fields


def every_kind(ci: JsonProgram, server: Server) -> list[dict[str, Any]]:
    ann = server.person("ann")
    ann.say("hello", "/me waves", "/topic tea", "/msg ci psst", "done")
    objects = [ci.object()]
    while objects[-1]["text"] != "done":
        objects.append(ci.object())
    ann.close()
    while "left" not in objects[-1]["text"]:
        objects.append(ci.object())
    ci.send(b"\xff\xf6")  # asks as telnet whether the server is there
    objects.append(ci.next_of("info"))
    objects += ci.carry_out(command="/who") + ci.carry_out(command="/nosuch")
    return objects


def test_the_manual_lists_every_kind_and_field_that_a_program_is_sent(server: Server) -> None:
    told = kinds_in_manual()
    objects = every_kind(server.json_program("ci"), server)
    assert {fields["kind"] for fields in objects} == told.keys() - {"gap"}  # takes 100,000 lines
    for fields in objects:
        further = {"id", "place"} if fields["kind"] == "ok" else {"ref"}
        if event := fields.get("event"):
            further = events_in_manual()[event]
        if answer := fields.get("answer"):
            further = {"answer", "ref", *answers_in_manual()[answer]}
        assert fields.keys() - further == told[fields["kind"]] - further, fields


def events_in_manual() -> dict[str, set[str]]:
    """The further fields of each event that docs/programs.md lists."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (`[a-z`, ]+`) \|", section("Events", MANUAL), re.M)
    return {event: set(re.findall(r"\w+", names)) for event, names in rows}


def test_the_manual_lists_every_event_with_its_fields() -> None:
    known = {each.kind: {field.name for field in fields_of(each)} for each in get_args(RoomEvent)}
    assert events_in_manual() == known


def answers_in_manual() -> dict[str, set[str]]:
    """The further fields of each answer that docs/programs.md lists."""
    rows = re.findall(r"^\| `([a-z]+)` \| (`[a-z_`, ]+`) \|", section("Answers", MANUAL), re.M)
    return {answer: set(re.findall(r"\w+", names)) for answer, names in rows}


def test_the_manual_lists_every_answer_with_its_fields() -> None:
    known = {each.answer: {field.name for field in fields_of(each)} for each in get_args(Answer)}
    assert answers_in_manual() == known


def reasons_in_manual() -> list[str]:
    """What docs/programs.md lists of the reasons of refusals."""
    rows = re.findall(r"^\| (`.*?`) \|", section("Reasons", MANUAL), re.M)
    return [reason for row in rows[1:] for reason in re.findall("`(.*?)`", row)]


def test_the_reasons_that_the_manual_lists_are_given() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "gchat").rglob("*.py")]
    known = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
    }
    assert len(reasons_in_manual()) > 20
    assert {*reasons_in_manual()} <= known


def test_the_objects_that_the_manual_has_a_program_send_are_accepted(server: Server) -> None:
    sent = section("What a program sends", MANUAL)
    rows = re.findall(r"^\| `(\{.*?\})` \|", sent, re.M)
    assert len(rows) == 7
    server.person("ann")
    ci = server.json_program("ci")
    for row in rows:
        assert ci.carry_out(**json.loads(row))[-1]["kind"] == "ok", row


@pytest.fixture
def bot() -> str:
    """The program in docs/programs.md."""
    (program,) = code_blocks("A bot in ten lines", MANUAL)
    return program


def test_the_bot_of_the_manual_runs_as_it_stands(server: Server, bot: str) -> None:
    assert len([line for line in bot.split("\n") if line]) == 10
    ann, bob = server.named("ann", "bob")
    assert bot.count('("127.0.0.1", 7878)') == 1
    running = subprocess.Popen(
        [sys.executable, "-c", bot.replace('("127.0.0.1", 7878)', repr(server.address))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        while "clock" not in ann.who():
            pass
        ann.say("what is the !time?", "!time")
        before = datetime.now()
        answer = bob.expect("clock: ")
        clock = {
            f"{when:%H:%M}" for when in (before, datetime.now(), before - timedelta(minutes=1))
        }
        assert answer in {f"clock: ann: it is {time}" for time in clock}
        assert ann.message() == answer
        bob.say("!time")
        assert ann.expect("clock: ").startswith("clock: bob: it is ")
        assert "clock" in bob.who()
    finally:
        running.terminate()
        output, _ = running.communicate(timeout=DEADLINE)
    assert output == b""
