"""JSON lines for programs, both ways: each line is an object.

What a program is sent, by `kind`:

- `say`, `action`, `notice`, `presence`: what the room sees, with `id` (1, 2, 3, … in its
  room), `time` (UTC), `room`, `name` (who says it, or whom it is about; empty if that is
  nobody), `text`; and `again`, true, if it is shown again because it was asked for;
- `private`: `time`, `name`, `to`, `text`;
- `answer`: `text`, a line of the server's answer to a command;
- `error`: `text`, why something was not done;
- `ok`: what was asked for with a `ref` is done.

What a program sends: `{"text": "hello"}` says it in the room, with `"to": "ann"` to Ann
alone, with `"kind": "action"` as an action; `{"command": "/join builds"}` is any command.
A `ref`, a string or a number, comes back with the `ok` or the `error`.
"""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chat.message import Message, Private
from chat.text import escape

HOW = 'each line is an object, like {"text": "hello"} or {"command": "/help"}'

MAX_REF = 100
"""Characters of a reference; it is sent back."""


class NotARequest(ValueError):
    """Why a line is no request, as a clause that a person can read."""


class Request(NamedTuple):
    """What a program wants."""

    line: str
    """The line that a person would type for it."""
    ref: str | int | None
    """What the answer is to be marked with."""


def read_request(line: bytes) -> Request:
    """What `line` asks for. Raises NotARequest."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise NotARequest(f"that is not a JSON object; {HOW}")
    if unknown := fields.keys() - {"text", "to", "kind", "command", "ref"}:
        raise NotARequest(f"there is no field “{escape(min(unknown)[:40])}”; {HOW}")
    ref = fields.get("ref")
    if not _may_be_ref(ref):
        raise NotARequest(f"a ref is a whole number, or a string of at most {MAX_REF} characters")
    return Request(_typed(fields), ref)


def encode_message(message: Message, again: bool = False) -> bytes:
    """A message of the room's."""
    fields = {
        "kind": message.kind.value,
        "id": message.id,
        "time": _utc(message.time),
        "room": message.room,
        "name": message.name,
        "text": message.text,
    }
    return _encode(fields | {"again": True} if again else fields)


def encode_private(private: Private) -> bytes:
    """What one says to another."""
    when, name, to, text = private
    return _encode({"kind": "private", "time": _utc(when), "name": name, "to": to, "text": text})


def encode_answer(text: str) -> bytes:
    """A line of what the server says to this client alone."""
    return _encode({"kind": "answer", "text": text})


def encode_error(why: str) -> bytes:
    """Why something was not done."""
    return _encode({"kind": "error", "text": why})


def with_ref(kind: str, ref: str | int, **fields: Any) -> bytes:
    """The end of what was asked for with `ref`: it is `ok`, or an `error`."""
    return _encode({"kind": kind, "ref": ref, **fields})


def _typed(fields: dict[str, Any]) -> str:
    wanted = {name: fields[name] for name in ("text", "to", "kind", "command") if name in fields}
    if not all(isinstance(value, str) and value for value in wanted.values()):
        raise NotARequest(f"{', '.join(wanted)} must be strings that are not empty")
    text, to, kind, command = (
        escape(wanted.get(name, "")) for name in ("text", "to", "kind", "command")
    )
    if command.startswith("/") and len(wanted) == 1:
        return command
    if command or not text:
        raise NotARequest(f"it must have either a text or a command, which begins with /; {HOW}")
    if kind == "action" and not to:
        return f"/me {text}"
    if kind not in ("", "say"):
        raise NotARequest("a kind is say or action, and an action is seen by the whole room")
    if to:
        if len(to.split()) != 1:
            raise NotARequest("to is one name")
        return f"/msg {to} {text}"
    return f"/{text}" if text.startswith("/") else text


def _may_be_ref(ref: Any) -> bool:
    if isinstance(ref, str):
        return len(ref) <= MAX_REF
    return ref is None or (type(ref) is int and abs(ref) < 2**63)


def _utc(time: float) -> str:
    """`2026-11-23T10:15:00.123Z`."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _encode(fields: dict[str, Any]) -> bytes:
    # All in ASCII: what some programs take for the end of a line is escaped as well.
    return f"{json.dumps(fields)}\n".encode()
