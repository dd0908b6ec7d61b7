"""Voices: how what happens becomes a client's bytes, one class for each way of speaking."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Protocol

from gchat.model.display import Display
from gchat.model.message import Message, Private, Ref
from gchat.protocol.json_lines import JsonVoice
from gchat.protocol.plain import PlainVoice

MOST_VOICES = 1024
"""Voices that are kept ready, each for one display setting: more than clients choose among."""


class Voice(Protocol):
    """Turns messages and what the server says into bytes, for clients with one display setting."""

    def encoder(self) -> Callable[[Message], bytes]:
        """How messages of a room become lines: empty ones if their kind is not shown."""

    def again(self, message: Message, now: float) -> bytes:
        """A message that is shown again, or later, at the time `now`."""

    def found(self, message: Message, now: float) -> bytes:
        """A message that may be of any room, shown with its place."""

    def private(self, private: Private, now: float | None = None) -> bytes:
        """A private message; `now` if it was said some time before that."""

    def notices(self, texts: Iterable[str]) -> bytes:
        """Lines that the server says to one client alone."""

    def refusal(self, why: str, ref: Ref = None) -> bytes:
        """Something was not done: the reason, with the `ref` of the request if it had one."""

    def gap(self, missed: int | None) -> bytes:
        """Notice that the client missed messages; None if nobody knows how many."""


@lru_cache(MOST_VOICES)
def voice_of(display: Display) -> Voice:
    """The voice for clients with this display setting."""
    return JsonVoice(display) if display.json else PlainVoice(display)


def encoder(display: Display) -> Callable[[Message], bytes]:
    """How messages of a room become lines for clients with this display setting."""
    return voice_of(display).encoder()
