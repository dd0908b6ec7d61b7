"""docs/json.schema.json, which whatever JSON clients are sent in tests is checked against.

The check needs the package jsonschema; without it, only tests/unit/protocol/test_json_schema.py
fails.
"""

import json
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "docs/json.schema.json"

SCHEMA: dict[str, Any] = json.loads(FILE.read_text("utf-8"))

DEFINITIONS: dict[str, dict[str, Any]] = SCHEMA["$defs"]

Which = tuple[str, str | None, str | None]
"""What says which object one is: `kind`, `event` and `answer`."""


@cache
def validator(name: str) -> Any:
    """The validator of the definition `name`."""
    jsonschema: Any = import_module("jsonschema")
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": DEFINITIONS})


def names_of(union: str) -> list[str]:
    """The names of the definitions of which the definition `union` is one."""
    return [each["$ref"].rpartition("/")[2] for each in DEFINITIONS[union]["oneOf"]]


def fields_of(name: str) -> dict[str, Any]:
    """The fields of a definition, with those of the one that it adds to."""
    definition = DEFINITIONS[name]
    base = definition.get("$ref", "").rpartition("/")[2]
    return {**(fields_of(base) if base else {}), **definition.get("properties", {})}


def _which(name: str) -> list[Which]:
    fields = fields_of(name)
    event, answer = (fields.get(field, {}).get("const") for field in ("event", "answer"))
    kind = fields["kind"]
    return [(each, event, answer) for each in kind.get("enum", [kind.get("const")])]


_VALIDATORS: dict[Which, Any] = (
    {which: validator(name) for name in names_of("sent") for which in _which(name)}
    if find_spec("jsonschema")
    else {}
)
"""Trying one after the other would take ten times as long."""


def check_sent(fields: dict[str, Any]) -> None:
    """Fail if an object that a program is sent is not as the schema says."""
    if not _VALIDATORS:
        return
    which = (fields["kind"], fields.get("event"), fields.get("answer"))
    assert which in _VALIDATORS, f"{FILE.name} knows no such object: {fields}"
    for error in _VALIDATORS[which].iter_errors(fields):
        raise AssertionError(f"not as {FILE.name} says: {error.message}: {fields}")
