"""Plain lines for people: names, colours, times, and what clears a half-typed line."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Self
from zlib import crc32

from gchat.model.answers import Answer
from gchat.model.display import Display
from gchat.model.epochs import Place
from gchat.model.events import RoomEvent
from gchat.model.message import Kind, Message, Private, Ref
from gchat.protocol.sentences import sentence
from gchat.text.clock import clock, clock_and_day
from gchat.text.naming import name_key
from gchat.text.phrases import counted

CLEAR_LINE = "\r\x1b[K"
"""To the beginning of the line, and clear all of it: what is half typed there."""

COLORS = (
    26, 27, 28, 29, 30, 31, 32, 33, 61, 62, 63, 64, 67, 68, 94, 97, 98, 99, 100, 128, 129, 130,
    131, 132, 133, 134, 135, 160, 161, 162, 163, 164, 165, 166, 167, 168, 196, 197, 198, 199,
)  # fmt: skip
"""The colours, of the 256 of terminals, that can be read on black and on white (a contrast of
3.5 or more to both, by the formula of WCAG 2), without the greyish ones."""

DEFAULT_COLOR = "\x1b[39m"


@lru_cache(maxsize=1024)
def colored(name: str) -> str:
    """`name` in its colour, which is always the same, in upper and lower case."""
    color = COLORS[crc32(name_key(name).encode()) % len(COLORS)]
    return f"\x1b[38;5;{color}m{name}{DEFAULT_COLOR}"


class PlainVoice:
    """Shows people what happens, in lines of text, as one display setting wants them."""

    heartbeat = b""
    """Nothing: TCP finds out whether the connection lives."""
    lines_are_alike = True
    """Name, time and colours are the same."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._start = CLEAR_LINE if display.redraw else ""
        self._end = display.end

    def answering(self, _ref: Ref) -> Self:
        """The voice in which a request is answered: this one, as plain lines have no refs."""
        return self

    def encoder(self) -> Callable[[Message], bytes]:
        """How messages of a room become lines: empty ones if their kind is not shown.

        What depends on the display alone is decided here, once for many messages.
        """
        display, end = self._display, self._end
        is_plain = not (display.time or display.color or display.redraw)
        hidden = display.hidden

        def encode(message: Message) -> bytes:
            if is_plain and message.kind == Kind.SAY:  # nearly all
                return f"{message.name}: {message.text}{end}".encode()
            if message.kind in hidden:
                return b""
            shown_time = clock(message.time, display.zone) if display.time else ""
            return self._finish(self._sentence(message), shown_time)

        return encode

    def again(self, message: Message, now: float) -> bytes:
        """A message that is shown later: with its time, and its day if that is not today."""
        return self._finish(self._sentence(message), self._time_and_day(message.time, now))

    def found(self, message: Message, now: float) -> bytes:
        """A message that may be of any room: with its place, `#builds/1234`, and its time."""
        line = f"#{message.room}/{message.id} {self._sentence(message).lstrip()}"
        return self._finish(line, self._time_and_day(message.time, now))

    def private(self, private: Private, now: float | None = None) -> bytes:
        """A private message, as both sides see it.

        With its time, and its day if that is not today, if it was said some time before `now`.
        """
        line = f"{self._name(private.name)} -> {self._name(private.to)}: {private.text}"
        if now is not None:
            return self._finish(line, self._time_and_day(private.time, now))
        display = self._display
        return self._finish(line, clock(private.time, display.zone) if display.time else "")

    def answer(self, texts: Iterable[str], _facts: Answer | None = None) -> bytes:
        """What a command answers."""
        return self.notices(texts)

    def notices(self, texts: Iterable[str], _event: RoomEvent | None = None) -> bytes:
        """Lines that the server says to one client alone."""
        return b"".join([self._finish(f" * {text}", "") for text in texts])

    def refusal(self, why: str, _reason: str) -> bytes:
        """Something was not done: the reason, for the client that wanted it."""
        return self.notices([why])

    def accepted(self, _ref: Ref, _place: Place | None = None, _room: str = "") -> bytes:
        """Nothing: lines have no refs."""
        return b""

    def gap(self, missed: int | None, _room: str) -> bytes:
        """Notice that the client missed messages; None if nobody knows how many."""
        return self.notices([gap_text(missed)])

    def _sentence(self, message: Message) -> str:
        """The line that shows `message`, without time and line end."""
        if message.kind == Kind.SAY:
            return f"{self._name(message.name)}: {message.text}"
        if message.kind == Kind.ACTION:
            return f" ** {self._name(message.name)} {message.text}"
        return f" * {sentence(message)}"

    def _name(self, name: str) -> str:
        return colored(name) if self._display.color else name

    def _time_and_day(self, time: float, now: float) -> str:
        return clock_and_day(time, self._display.zone, now)

    def _finish(self, line: str, shown_time: str) -> bytes:
        """`line` with what comes before it and its end, so that it stands alone."""
        if shown_time:
            line = f"[{shown_time}]{line}" if line[0] == " " else f"[{shown_time}] {line}"
        return f"{self._start}{line}{self._end}".encode()


def gap_text(missed: int | None) -> str:
    """Make the notice for a client that missed so many messages while it did not read.

    None is for a client that has resumed, if what followed its last message is unknown.
    """
    if missed is None:
        return "You may have missed messages: what followed your last one is not known any more"
    what = counted(missed, "message") if missed else "some comings and goings"
    return f"You missed {what}: more was said than is kept for a slow reader"
