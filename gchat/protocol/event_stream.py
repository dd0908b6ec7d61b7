"""The voice for browsers' EventSource: JSON objects as server-sent events.

What the room sees is an event without a name, as EventSource takes it in `onmessage`, and has the
place of the message as its id: the browser sends the last one as `Last-Event-ID` when it comes
back. All else has its kind as its name: `gap`, `info`, `error`, `private`, `answer`.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
from collections.abc import Callable, Iterable

from gchat.model.answers import Answer
from gchat.model.display import Display
from gchat.model.epochs import Place
from gchat.model.events import RoomEvent
from gchat.model.message import Message, Private, Ref
from gchat.protocol.json_lines import JsonVoice, encode_message


class EventStream:
    """Tells a browser what happens: each JSON object is an event."""

    heartbeat = b":\n\n"
    """A comment, which browsers pass over, and proxies take for a sign of life."""
    lines_are_alike = False
    """Each has its own id."""

    def __init__(self, display: Display) -> None:
        self._hidden = display.hidden
        self._json = JsonVoice(display)

    def answering(self, _ref: Ref) -> "EventStream":
        """The voice in which a request is answered: this one, as nobody asks on such a stream."""
        return self

    def encoder(self) -> Callable[[Message], bytes]:
        """How messages of a room become events: none if their kind is not shown."""
        hidden = self._hidden
        return lambda message: b"" if message.kind in hidden else _of_room(message)

    def again(self, message: Message, now: float) -> bytes:
        """A message that is shown again because it was asked for."""
        return _named(self._json.again(message, now))

    found = again

    def private(self, private: Private, now: float | None = None) -> bytes:
        """A private message, as both sides get it."""
        return _named(self._json.private(private, now))

    def answer(self, texts: Iterable[str], facts: Answer | None = None) -> bytes:
        """What a command answers."""
        return _named(self._json.answer(texts, facts))

    def notices(self, texts: Iterable[str], event: RoomEvent | None = None) -> bytes:
        """Lines that the server says to one client alone, unasked."""
        return _named(self._json.notices(texts, event))

    def refusal(self, why: str, reason: str) -> bytes:
        """Something was not done: `why`, and the `reason` in a few words that stay the same."""
        return _named(self._json.refusal(why, reason))

    def accepted(self, ref: Ref, place: Place | None = None, room: str = "") -> bytes:
        """What was asked for with `ref` is done, and is at `place` in `room` if it is in one."""
        return _named(self._json.accepted(ref, place, room))

    def gap(self, missed: int | None, room: str) -> bytes:
        """Notice that the client missed messages in `room`; None if nobody knows how many."""
        return _named(self._json.gap(missed, room))


def _of_room(message: Message) -> bytes:
    place = Place(message.id, message.epoch)
    return b"id: %b\ndata: %b\n" % (str(place).encode(), encode_message(message))


def _named(lines: bytes) -> bytes:
    """Events of JSON lines, each named as the kind of its object."""
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (json.loads(line)["kind"].encode(), line)
        for line in lines.splitlines()
    )
