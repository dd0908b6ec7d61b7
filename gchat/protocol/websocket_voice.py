"""The voice for WebSocket: each JSON object is a frame of text.

The objects are those of JSON lines (json_lines), without the end of the line.
"""

from collections.abc import Callable, Iterable

from gchat.model.answers import Answer
from gchat.model.display import Display
from gchat.model.epochs import Place
from gchat.model.events import RoomEvent
from gchat.model.message import Message, Private, Ref
from gchat.protocol.json_lines import JsonVoice
from gchat.protocol.websocket_frames import Opcode, frame

ALIVE = b'{"kind": "alive"}'
"""What a page can see: it is not told of pings, and would not notice that its server is gone."""


class WebSocketVoice:
    """Tells a client what happens: each JSON object is a frame."""

    heartbeat = frame(b"", Opcode.PING) + frame(ALIVE)
    """For proxies, and for a page."""
    lines_are_alike = False
    """Each has its own id."""

    def __init__(self, display: Display, ref: Ref = None) -> None:
        self._display = display
        self._json = JsonVoice(display, ref)

    def answering(self, ref: Ref) -> "WebSocketVoice":
        """The voice in which a request with this `ref` is answered."""
        return WebSocketVoice(self._display, ref)

    def encoder(self) -> Callable[[Message], bytes]:
        """How messages of a room become frames: none if their kind is not shown."""
        encode = self._json.encoder()

        def encode_frame(message: Message) -> bytes:
            line = encode(message)
            return frame(line[:-1]) if line else b""

        return encode_frame

    def again(self, message: Message, now: float) -> bytes:
        """A message that is shown again because it was asked for."""
        return framed(self._json.again(message, now))

    found = again

    def private(self, private: Private, now: float | None = None) -> bytes:
        """A private message, as both sides get it."""
        return framed(self._json.private(private, now))

    def answer(self, texts: Iterable[str], facts: Answer | None = None) -> bytes:
        """What a command answers."""
        return framed(self._json.answer(texts, facts))

    def notices(self, texts: Iterable[str], event: RoomEvent | None = None) -> bytes:
        """Lines that the server says to one client alone, unasked."""
        return framed(self._json.notices(texts, event))

    def refusal(self, why: str, reason: str) -> bytes:
        """Something was not done: `why`, and the `reason` in a few words that stay the same."""
        return framed(self._json.refusal(why, reason))

    def accepted(self, ref: Ref, place: Place | None = None, room: str = "") -> bytes:
        """What was asked for with `ref` is done, and is at `place` in `room` if it is in one."""
        return framed(self._json.accepted(ref, place, room))

    def gap(self, missed: int | None, room: str) -> bytes:
        """Notice that the client missed messages in `room`; None if nobody knows how many."""
        return framed(self._json.gap(missed, room))


def framed(lines: bytes) -> bytes:
    """A frame for each of `lines`, which are ASCII."""
    return b"".join([frame(line) for line in lines.split(b"\n") if line])
