"""Messages in, bytes out: how each kind of message looks to a client."""

from collections.abc import Callable, Iterable

from gchat.model.display import Display
from gchat.model.message import Kind, Message, Private
from gchat.protocol import json_lines
from gchat.protocol.plain import finish, sentence, shown_name
from gchat.text.clock import clock, clock_and_day
from gchat.text.phrases import counted


def encoder(display: Display) -> Callable[[Message], bytes]:
    """How messages become lines for `look`: empty ones if it shows nothing of their kind.

    What depends on the look alone is decided here, once for many messages.
    """
    is_plain = not (display.time or display.color or display.redraw or display.json)
    hidden = {Kind.GONE}
    if not display.presence:
        hidden.add(Kind.PRESENCE)
    if not display.notices:
        hidden.add(Kind.NOTICE)
    end = display.end

    def encode(message: Message) -> bytes:
        if is_plain and message.kind == Kind.SAY:  # nearly all
            return f"{message.name}: {message.text}{end}".encode()
        if message.kind in hidden:
            return b""
        if display.json:
            return json_lines.encode_message(message)
        time = clock(message.time, display.zone) if display.time else ""
        return finish(sentence(message, display), display, time)

    return encode


def encode_with_time(message: Message, display: Display, now: float) -> bytes:
    """The same for one that is shown again later: with its time, and its day if that is not today.

    In JSON it is marked as shown again.
    """
    if display.json:
        return json_lines.encode_message(message, again=True)
    return finish(
        sentence(message, display), display, clock_and_day(message.time, display.zone, now)
    )


def encode_found(message: Message, display: Display, now: float) -> bytes:
    """The same with its place as well, `#builds/1234`, since it may be of any room."""
    if display.json:
        return json_lines.encode_message(message, again=True)
    line = f"#{message.room}/{message.id} {sentence(message, display).lstrip()}"
    return finish(line, display, clock_and_day(message.time, display.zone, now))


def encode_private(private: Private, display: Display, now: float | None = None) -> bytes:
    """What one says to another, as both of them see it.

    With its time, and its day if that is not today, if it was said some time before `now`.
    """
    if display.json:
        return json_lines.encode_private(private)
    line = (
        f"{shown_name(private.name, display)} -> {shown_name(private.to, display)}: {private.text}"
    )
    if now is not None:
        return finish(line, display, clock_and_day(private.time, display.zone, now))
    return finish(line, display, clock(private.time, display.zone) if display.time else "")


def encode_notices(texts: Iterable[str], display: Display) -> bytes:
    """What the server says to one client alone, a line each."""
    if display.json:
        return b"".join(map(json_lines.encode_answer, texts))
    return b"".join([finish(f" * {text}", display, "") for text in texts])


def encode_refusal(why: str, display: Display) -> bytes:
    """That something was not done, to the one who wanted it."""
    return json_lines.encode_error(why) if display.json else encode_notices([why], display)


def encode_gap(missed: int, display: Display) -> bytes:
    """What a client is told for which `missed` messages came and went while it did not read."""
    what = counted(missed, "message") if missed else "some comings and goings"
    text = f"you missed {what}: more was said than is kept for a slow reader"
    return json_lines.encode_gap(missed, text) if display.json else encode_notices([text], display)
