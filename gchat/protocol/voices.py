"""Voices: how what happens becomes a client's bytes, one class for each way of speaking."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Protocol, Self

from gchat.model.answers import Answer
from gchat.model.display import Display
from gchat.model.epochs import Place
from gchat.model.events import RoomEvent
from gchat.model.message import SPOKEN, Message, Private, Ref
from gchat.model.runs import COUNT, EPOCH, KIND, REF, TEXT, Run, message_from, messages_of
from gchat.protocol.event_stream import EventStream
from gchat.protocol.json_lines import JsonVoice
from gchat.protocol.plain import PlainVoice
from gchat.protocol.websocket_voice import WebSocketVoice

MOST_VOICES = 1024
"""Voices that are kept ready, each for one display setting: more than clients choose among."""


MARK = "\0"
"""Stands for a text, in which it cannot be."""


class Voice(Protocol):
    """Turns messages and what the server says into bytes, for clients with one display setting."""

    heartbeat: bytes
    """What shows now and then that the connection lives, and means nothing; mostly empty."""

    lines_are_alike: bool
    """Whether the lines of a run that people have said differ in their texts alone."""

    def answering(self, ref: Ref) -> Self:
        """The voice in which a request with this `ref` is answered."""

    def encoder(self) -> Callable[[Message], bytes]:
        """How messages of a room become lines: empty ones if their kind is not shown."""

    def again(self, message: Message, now: float) -> bytes:
        """A message that is shown again, or later, at the time `now`."""

    def found(self, message: Message, now: float) -> bytes:
        """A message that may be of any room, shown with its place."""

    def private(self, private: Private, now: float | None = None) -> bytes:
        """A private message; `now` if it was said some time before that."""

    def answer(self, texts: Iterable[str], facts: Answer | None = None) -> bytes:
        """What a command answers: lines for people, and the same as facts for programs."""

    def notices(self, texts: Iterable[str], event: RoomEvent | None = None) -> bytes:
        """Lines that the server says to one client alone, unasked: what `event` means for it."""

    def refusal(self, why: str, reason: str) -> bytes:
        """Something was not done: `why`, and the `reason` in a few words that stay the same."""

    def accepted(self, ref: Ref, place: Place | None = None, room: str = "") -> bytes:
        """What was asked for with `ref` is done, and is at `place` in `room` if it is in one."""

    def gap(self, missed: int | None, room: str) -> bytes:
        """Notice that the client missed messages in `room`; None if nobody knows how many."""


def _lines(display: Display) -> Voice:
    return JsonVoice(display) if display.json else PlainVoice(display)


VOICES: Mapping[str, Callable[[Display], Voice]] = {
    "": _lines,
    "events": EventStream,
    "websocket": WebSocketVoice,
}
"""The table of voices, by what Display.framing calls them. One more way of speaking is a module
here, and an entry in this table."""


@lru_cache(MOST_VOICES)
def voice_of(display: Display) -> Voice:
    """The voice for clients with this display setting."""
    return VOICES[display.framing](display)


def accepted(display: Display, ref: Ref, place: Place | None = None, room: str = "") -> bytes:
    """What a client has asked for with `ref` is done, and is at `place` in `room` if it is in one.

    It has asked in JSON, and is told so in JSON, even if that was to speak plain lines.
    """
    return voice_of(display._replace(json=True)).accepted(ref, place, room)


def encoder(display: Display) -> Callable[[Message], bytes]:
    """How messages of a room become lines for clients with this display setting."""
    return voice_of(display).encoder()


def run_encoder(display: Display, encode: Callable[[Message], bytes]) -> Callable[[Run], bytes]:
    """How runs become lines for clients with this display setting; `encode` is its `encoder`."""
    if voice_of(display).lines_are_alike:
        return partial(_encode_alike, encode)
    return partial(_encode_each, encode)


def _encode_each(encode: Callable[[Message], bytes], run: Run) -> bytes:
    return b"".join(map(encode, messages_of(run)))


def _encode_alike(encode: Callable[[Message], bytes], run: Run) -> bytes:
    """Encode the first message of a run, and put the other texts where its text is."""
    if run[COUNT] == 1 or run[KIND] not in SPOKEN:
        return _encode_each(encode, run)
    first = message_from((*run[:TEXT], MARK, run[EPOCH], run[REF]))
    head, _, end = encode(first).decode().partition(MARK)
    texts = run[TEXT].replace("\n", end + head)
    return f"{head}{texts}{end}".encode()
