"""JSON lines for programs: each line is an object. What they send is read in json_requests.

What a program is sent, by `kind`:

- `say`, `action`, `notice`, `presence`: what the room sees, with `id` (1, 2, 3, … in its
  room), `place` (the id behind the room's epoch: what `/resume` takes), `time` (UTC), `room`,
  `name` (who says it, or whom it is about; empty if that is nobody), `text`; and `again`, true,
  if it is shown again because it was asked for. A `presence` or a `notice` says in `event` what
  happened, with the fields of that event (model.events);
- `private`: `time`, `name`, `to`, `text`;
- `answer`: what a command answers, as `text` and as facts: `answer` says which, with its fields
  (model.answers);
- `info`: `text`, what the server says to this one alone without being asked; with `event` and
  its fields if that is what has happened to it, such as a mute;
- `gap`: `missed`, how many messages of `room` were gone before they could be sent, null if that is
  not known; and `text`;
- `error`: why something was not done, as `text`, and as `reason` in words that stay the same;
- `ok`: what was asked for with a `ref` is done; with the `id` and the `place` that it has in the
  `room`, if it is seen there.

Whatever answers a request has the `ref` of the request.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gchat.model.answers import Answer, moment
from gchat.model.display import Display
from gchat.model.epochs import Place
from gchat.model.events import ABOUT_PRESENCE, RoomEvent, event_of
from gchat.model.message import Kind, Message, Private, Ref
from gchat.protocol.plain import gap_text
from gchat.protocol.sentences import sentence_of

VERSION = 1
"""Of the format, which docs/json.schema.json describes. It changes if programs have to: not for
further kinds of objects, answers and events, and not for further fields."""


def encode_message(message: Message) -> bytes:
    """A message of the room's."""
    return _encode(_message_fields(message))


def _message_fields(message: Message) -> dict[str, Any]:
    fields = {
        "kind": message.kind,
        "id": message.id,
        "place": str(Place(message.id, message.epoch)),
        "time": _utc(moment(message.time)),
        "room": message.room,
        "name": message.name,
        "text": message.text,
    }
    if event := event_of(message):
        fields |= _event_fields(event, message.name)
    return fields


def _event_fields(event: RoomEvent, name: str) -> dict[str, Any]:
    """What an event has besides what all messages have, and a sentence for people."""
    kind = Kind.PRESENCE if event.kind in ABOUT_PRESENCE else Kind.NOTICE
    return {"kind": kind, "event": event.kind, **asdict(event), "text": sentence_of(event, name)}


class JsonVoice:
    """Tells programs what happens: each line is a JSON object."""

    heartbeat = b""
    """Nothing: TCP finds out whether the connection lives."""
    lines_are_alike = False
    """Each has its own id."""

    def __init__(self, display: Display, ref: Ref = None) -> None:
        """`ref` is that of the request which all that is said answers, if there is one."""
        self._hidden = display.hidden
        self._display = display
        self._mark = {} if ref is None else {"ref": ref}

    def answering(self, ref: Ref) -> "JsonVoice":
        """The voice in which a request with this `ref` is answered."""
        return JsonVoice(self._display, ref)

    def encoder(self) -> Callable[[Message], bytes]:
        """How messages of a room become lines: empty ones if their kind is not shown."""
        hidden = self._hidden
        return lambda message: b"" if message.kind in hidden else encode_message(message)

    def again(self, message: Message, _now: float) -> bytes:
        """A message that is shown again because it was asked for: it is marked so."""
        return _encode({**_message_fields(message), "again": True, **self._mark})

    found = again

    def private(self, private: Private, _now: float | None = None) -> bytes:
        """A private message, as both sides get it."""
        fields = {
            "kind": "private",
            "time": moment(private.time),
            "name": private.name,
            "to": private.to,
            "text": private.text,
        }
        return _encode(fields | self._mark)

    def answer(self, texts: Iterable[str], facts: Answer | None = None) -> bytes:
        """What a command answers, in one object; nothing if there is neither a text nor a fact."""
        text = "\n".join(texts)
        if not (text or facts):
            return b""
        told = {"answer": facts.answer, **asdict(facts)} if facts else {}
        return _encode({"kind": "answer", **told, "text": text, **self._mark})

    def notices(self, texts: Iterable[str], event: RoomEvent | None = None) -> bytes:
        """Lines that the server says to one client alone, unasked: what `event` means for it."""
        facts = {"event": event.kind, **asdict(event)} if event else {}
        return b"".join([_encode({"kind": "info", **facts, "text": text}) for text in texts])

    def refusal(self, why: str, reason: str) -> bytes:
        """Something was not done: `why`, and the `reason` in a few words that stay the same."""
        return _encode({"kind": "error", "reason": reason, "text": why, **self._mark})

    def accepted(self, ref: Ref, place: Place | None = None, room: str = "") -> bytes:
        """What was asked for with `ref` is done, and is at `place` in `room` if it is in one."""
        fields = {} if place is None else {"id": place.id, "place": str(place), "room": room}
        return _encode({"kind": "ok", "ref": ref, **fields})

    def gap(self, missed: int | None, room: str) -> bytes:
        """Notice that the client missed messages in `room`; None if nobody knows how many."""
        text = gap_text(missed)
        return _encode({"kind": "gap", "room": room, "missed": missed, "text": text})


def _utc(time: datetime) -> str:
    """`2026-11-23T10:15:00.123Z`."""
    return f"{time.isoformat(timespec='milliseconds')[:-6]}Z"


def _encode(fields: dict[str, Any]) -> bytes:
    # All in ASCII: what some programs take for the end of a line is escaped as well.
    return f"{_ENCODER.encode(fields)}\n".encode()


_ENCODER = json.JSONEncoder(default=_utc)
