"""JSON requests of programs: each line is an object that asks for something.

`{"text": "hello"}` says it in the room, with `"to": "ann"` to Ann alone, with `"kind": "action"` as
an action; `{"command": "/topic tea"}` is any command. A program may be in several rooms:
`{"join": "builds"}` enters one besides those that it is in, `{"leave": "builds"}` leaves one, and
`"room": "builds"` says which one a text or a command is for; without it, that is the first.
`{"resume": TOKEN, "places": {"builds": PLACE}}` comes back, behind these places.

A `ref`, a string or a whole number, comes back with the answers and the `ok` or the `error`; a text
that is sent once more with its `ref` is not said again. A command may also be sent as it is typed:
`/join builds`.
"""

import json
import re
from typing import Any, NamedTuple

from gchat.model.epochs import read_place
from gchat.model.message import Ref
from gchat.text.safe import escape, visible

FIELDS = frozenset({"text", "to", "kind", "command", "room", "join", "leave", "resume"})
"""What a request may have that is a string."""

OTHER_FIELDS = frozenset({"ref", "places"})

HOW = 'each line is an object, like {"text": "hello"} or {"command": "/help"}'

ALONE = {"join": set[str](), "leave": set[str](), "resume": {"places"}}
"""Fields that make up a request of their own, and what may come with each besides a ref."""

ROOMS = ("room", "join", "leave")
"""Fields that name a room, with a # before it or without."""

_ROOM = re.compile(r"^#?[^\s#]\S*$")

MAX_REF = 100
"""Characters of a reference."""


class NotARequest(ValueError):
    """Why a line is no request, as a clause that a person can read."""

    ref: Ref = None
    """What it was to be marked with, as far as that could be read."""


class Request(NamedTuple):
    """What a program wants."""

    line: str
    """The command that a person would type for it; what is to be said in the room; or the room to
    join or to leave."""
    ref: Ref
    is_command: bool = True
    said: str = ""
    """What the room is to see, as it was sent; empty if it is to see nothing."""
    shown: str = ""
    """What was sent, as the room will see it."""
    room: str = ""
    """The room that it is for; empty if none is named."""
    verb: str = ""
    """What people cannot type: `join` or `leave`; else empty."""


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
    if unknown := fields.keys() - FIELDS - OTHER_FIELDS:
        raise NotARequest(f"Unknown field “{escape(min(unknown)[:40])}”; {HOW}")
    ref = fields.pop("ref", None)
    if not _may_be_ref(ref):
        raise NotARequest(f"A ref is a whole number, or a string of at most {MAX_REF} characters")
    try:
        return _request(fields, ref)
    except NotARequest as error:
        error.ref = ref
        raise


def password_in(line: bytes) -> str | None:
    """The password that `line` tells, `{"password": "open sesame"}`; None if it tells none.

    On a server with a password, a client of WebSocket tells it so before all else.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or fields.keys() != {"password"}:
        return None
    return fields["password"] if isinstance(fields["password"], str) else None


def _request(fields: dict[str, Any], ref: Ref) -> Request:
    """The request that `fields` are, besides the `ref`. Raises NotARequest."""
    _check_strings(fields)
    for verb, others in ALONE.items():
        if verb in fields:
            if more := fields.keys() - others - {verb}:
                raise NotARequest(f"A request to {verb} has no field {min(more)}")
            if verb == "resume":
                return Request(_resume(fields), ref)
            return Request(escape(fields[verb]), ref, verb=verb)
    if "places" in fields:
        raise NotARequest("The field places comes with resume")
    room = fields.get("room", "").removeprefix("#")
    if room and "to" in fields:
        raise NotARequest("A direct message is in no room: leave the field room out")
    text = escape(fields.get("text", ""))  # once: that of 64 KiB may take 20 ms
    command = _command(fields, text)
    if "command" in fields or "to" in fields:
        return Request(command, ref, room=room)
    return Request(command or text, ref, bool(command), fields["text"], text, room)


def _check_strings(fields: dict[str, Any]) -> None:
    for name in FIELDS & fields.keys():
        if not isinstance(fields[name], str) or not fields[name]:
            raise NotARequest(f"The field {name} must be a string that is not empty")
        if name != "to" and ("\n" in fields[name] or "\r" in fields[name]):
            raise NotARequest(f"The field {name} must be one line: send an object for each line")
        if name in ROOMS and not _ROOM.search(fields[name]):
            raise NotARequest(f"The field {name} must be the name of a room")


def _command(fields: dict[str, Any], text: str) -> str:
    """The command that does what `fields` ask for; empty if that is to say something in the room.

    `text` is the field text, escaped. Raises NotARequest.
    """
    to, kind, command = (escape(fields.get(name, "")) for name in ("to", "kind", "command"))
    if command.startswith("/") and not (command.startswith("//") or text or to or kind):
        return command
    if command or not text:
        raise NotARequest(f"A request needs a text, or a command that begins with /; {HOW}")
    if kind == "action" and not to:
        return f"/me {text}"
    if kind not in ("", "say"):
        raise NotARequest("The kind is say or action, and an action goes to the whole room")
    if to:
        if to.split() != [to]:
            raise NotARequest("The field to must be one name")
        return f"/msg {to} {text}"
    return ""


def _resume(fields: dict[str, Any]) -> str:
    """The command that comes back as `fields` say: `/resume TOKEN #builds/3f2a91c-12`."""
    places = fields.get("places", {})
    if not isinstance(places, dict) or not all(map(_is_place_in_room, places.items())):
        raise NotARequest("The places are an object: of each room, the place of its last message")
    words = [f"#{room.removeprefix('#')}/{place}" for room, place in places.items()]
    return " ".join(map(escape, ["/resume", fields["resume"], *words]))


def _is_place_in_room(item: tuple[str, Any]) -> bool:
    room, place = item
    return bool(_ROOM.search(room) and isinstance(place, str) and read_place(place))


def _may_be_ref(ref: Any) -> bool:
    if isinstance(ref, str):
        return len(ref) <= MAX_REF
    return ref is None or (type(ref) is int and abs(ref) < 2**63)
