"""docs/json.schema.json: it is a schema, strict, and of what the program sends and takes."""

import json
from contextlib import suppress
from dataclasses import fields as fields_of_class
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gchat.model.answers import Answer
from gchat.model.events import RoomEvent
from gchat.protocol.json_lines import VERSION
from gchat.protocol.json_requests import NotARequest, read_request
from tests.json_schema import (
    DEFINITIONS,
    SCHEMA,
    check_sent,
    fields_of,
    names_of,
    validator,
)

OK = {"kind": "ok", "ref": 1}


def test_it_is_a_schema_of_the_version_that_is_announced() -> None:
    validator("request").check_schema(SCHEMA)
    assert SCHEMA["title"] == f"gchat: JSON lines, version {VERSION}"
    assert fields_of("answer-json")["version"] == {"const": VERSION}


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    used = {part.partition('"')[0] for part in json.dumps(SCHEMA).split("#/$defs/")[1:]}
    assert used == DEFINITIONS.keys()


def test_it_takes_no_other_fields() -> None:
    for name in names_of("sent") + names_of("request"):
        definition = DEFINITIONS[name]
        strict = "unevaluatedProperties" if "$ref" in definition else "additionalProperties"
        assert definition[strict] is False, name


@pytest.mark.parametrize("kind", ["event", "answer"])
def test_it_has_the_fields_of_all_facts(kind: str) -> None:
    classes = {each.kind: each for each in get_args(RoomEvent)}
    if kind == "answer":
        classes = {each.answer: each for each in get_args(Answer)}
    base = {kind, *fields_of("message" if kind == "event" else "answered"), "kind"}
    named = [name for name in names_of("sent") if name.startswith(f"{kind}-")]
    assert {name.removeprefix(f"{kind}-") for name in named} == classes.keys()
    for name in named:
        facts = {field.name for field in fields_of_class(classes[name.removeprefix(f"{kind}-")])}
        assert fields_of(name).keys() == base | facts, name
        assert set(DEFINITIONS[name]["required"]) >= facts, name


@pytest.mark.parametrize(
    "wrong",
    [
        OK | {"more": 1},
        OK | {"id": 1},
        OK | {"id": 1, "place": "7f-1"},
        OK | {"ref": None},
        {"kind": "ok"},
        {"kind": "nosuch"},
        {"kind": "answer", "answer": "nosuch", "text": ""},
        {"kind": "answer", "answer": "token", "token": 7, "room": "a", "place": "1-1", "text": ""},
        {"kind": "answer", "answer": "token", "token": "x", "text": "", "more": 1},
        {"kind": "answer", "answer": "token", "text": ""},
        {"kind": "info", "text": "x", "ref": 1},
    ],
)
def test_what_it_does_not_know_is_found(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_sent(wrong)
    assert not validator("sent").is_valid(wrong)


def test_what_it_knows_is_fine() -> None:
    placed = OK | {"id": 1, "place": "7f-1", "room": "lobby"}
    gap = {"kind": "gap", "room": "lobby", "missed": None, "text": ""}
    for fine in (OK, placed, gap):
        check_sent(fine)
        assert validator("sent").is_valid(fine)


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text("ab /\n", max_size=4)
    | st.sampled_from(["say", "action", "notice", "/who", "//who", "ann", "ann bob", "x" * 101])
    | st.sampled_from(["#", "#den", "##den", "den\n"])
    | st.dictionaries(st.sampled_from(["den", "#den", "", "a b"]), st.sampled_from(["7f-1", "", 1]))
)
FIELD = st.sampled_from(
    ["text", "to", "kind", "command", "ref", "other", "room", "join", "leave", "resume", "places"]
)


@given(st.dictionaries(FIELD, VALUES))
@example({"text": "a", "kind": "action", "to": "ann"})
@example({"text": "a", "to": "ann "})
@example({"command": "/who", "kind": "say"})
@example({"command": "/who", "room": "#den"})
@example({"text": "a", "to": "ann", "room": "den"})
@example({"resume": "a b", "places": {"#den": "7f-1"}})
@example({"resume": "a b", "places": {"den": "no-place"}})
@example({"text": "a", "ref": 2**63})
@example({"text": "a", "ref": 1 - 2**63})
def test_it_takes_just_the_requests_that_the_program_takes(fields: dict[str, Any]) -> None:
    is_taken = False
    with suppress(NotARequest):
        is_taken = bool(read_request(json.dumps(fields).encode()))
    assert validator("request").is_valid(fields) == is_taken
