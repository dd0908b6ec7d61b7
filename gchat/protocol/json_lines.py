"""JSON lines for programs, both ways: each line is an object.

What a program is sent, by `kind`:

- `say`, `action`, `notice`, `presence`: what the room sees, with `id` (1, 2, 3, … in its
  room), `time` (UTC), `room`, `name` (who says it, or whom it is about; empty if that is
  nobody), `text`; and `again`, true, if it is shown again because it was asked for;
- `private`: `time`, `name`, `to`, `text`;
- `answer`: `text`, a line that the server says to this one alone, mostly of an answer;
- `gap`: `missed`, how many messages were gone before they could be sent, null if that is not
  known; and `text`;
- `error`: `text`, why something was not done;
- `ok`: what was asked for with a `ref` is done; with the `id` that it has in the room, if it
  is seen there.

What a program sends: `{"text": "hello"}` says it in the room, with `"to": "ann"` to Ann
alone, with `"kind": "action"` as an action; `{"command": "/join builds"}` is any command.
A `ref`, a string or a whole number, comes back with the `ok` or the `error`. A command may also
be sent as it is typed: `/join builds`.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from gchat.model.display import Display
from gchat.model.message import Message, Private, Ref
from gchat.protocol.plain import gap_text
from gchat.text.safe import escape, visible

FIELDS = frozenset({"text", "to", "kind", "command"})
"""What a request may have, besides a reference."""

HOW = 'each line is an object, like {"text": "hello"} or {"command": "/help"}'

MAX_REF = 100
"""Characters of a reference."""


class NotARequest(ValueError):
    """Why a line is no request, as a clause that a person can read."""

    ref: Ref = None
    """What it was to be marked with, as far as that could be read."""


class Request(NamedTuple):
    """What a program wants."""

    line: str
    """The command that a person would type for it; or what is to be said in the room."""
    ref: Ref
    is_command: bool = True
    said: str = ""
    """What the room is to see, as it was sent; empty if it is to see nothing."""


def read_request(line: bytes) -> Request:
    """What `line` asks for. Raises NotARequest."""
    if line.startswith(b"/") and not line.startswith(b"//"):
        return Request(visible(line), None)
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise NotARequest(f"Not a JSON object; {HOW}")
    if unknown := fields.keys() - FIELDS - {"ref"}:
        raise NotARequest(f"Unknown field “{escape(min(unknown)[:40])}”; {HOW}")
    ref = fields.get("ref")
    if not _may_be_ref(ref):
        raise NotARequest(f"A ref is a whole number, or a string of at most {MAX_REF} characters")
    try:
        command = _command(fields)
        said = "" if "command" in fields or "to" in fields else fields["text"]
        return Request(command or escape(said), ref, bool(command), said)
    except NotARequest as error:
        error.ref = ref
        raise


def encode_message(message: Message, again: bool = False) -> bytes:
    """A message of the room's."""
    fields = {
        "kind": message.kind,
        "id": message.id,
        "time": _utc(message.time),
        "room": message.room,
        "name": message.name,
        "text": message.text,
    }
    return _encode(fields | {"again": True} if again else fields)


class JsonVoice:
    """Tells programs what happens: each line is a JSON object."""

    def __init__(self, display: Display) -> None:
        self._hidden = display.hidden

    def encoder(self) -> Callable[[Message], bytes]:
        """How messages of a room become lines: empty ones if their kind is not shown."""
        hidden = self._hidden
        return lambda message: b"" if message.kind in hidden else encode_message(message)

    def again(self, message: Message, _now: float) -> bytes:
        """A message that is shown again because it was asked for: it is marked so."""
        return encode_message(message, again=True)

    found = again

    def private(self, private: Private, _now: float | None = None) -> bytes:
        """A private message, as both sides get it."""
        when, name, to, text = private
        fields = {"kind": "private", "time": _utc(when), "name": name, "to": to, "text": text}
        return _encode(fields)

    def notices(self, texts: Iterable[str]) -> bytes:
        """Lines that the server says to one client alone."""
        return b"".join([_encode({"kind": "answer", "text": text}) for text in texts])

    def refusal(self, why: str, ref: Ref = None) -> bytes:
        """Something was not done: the reason, with the `ref` of the request if it had one."""
        if ref is None:
            return _encode({"kind": "error", "text": why})
        return with_ref("error", ref, text=why)

    def gap(self, missed: int | None) -> bytes:
        """Notice that the client missed messages; None if nobody knows how many."""
        return _encode({"kind": "gap", "missed": missed, "text": gap_text(missed)})


def with_ref(kind: str, ref: Ref, **fields: Any) -> bytes:
    """The end of what was asked for with `ref`: it is `ok`, or an `error`."""
    return _encode({"kind": kind, "ref": ref, **fields})


def _command(fields: dict[str, Any]) -> str:
    """The command that does what `fields` ask for; empty if that is to say something in the room.

    Raises NotARequest.
    """
    for name in FIELDS & fields.keys():
        if not isinstance(fields[name], str) or not fields[name]:
            raise NotARequest(f"The field {name} must be a string that is not empty")
    text, to, kind, command = (
        escape(fields.get(name, "")) for name in ("text", "to", "kind", "command")
    )
    if command.startswith("/") and not (command.startswith("//") or text or to or kind):
        return command
    if command or not text:
        raise NotARequest(f"A request needs a text, or a command that begins with /; {HOW}")
    if kind == "action" and not to:
        return f"/me {text}"
    if kind not in ("", "say"):
        raise NotARequest("The kind is say or action, and an action goes to the whole room")
    if to:
        if len(to.split()) != 1:
            raise NotARequest("The field to must be one name")
        return f"/msg {to} {text}"
    return ""


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
