"""Messages in, bytes out: how each kind of message looks to a client."""

from collections.abc import Callable, Iterable

from gchat.model.look import Look, colored
from gchat.model.message import Kind, Message, Private
from gchat.protocol import jsonlines
from gchat.text.clock import clock, clock_and_day
from gchat.text.safe import counted

CLEAR_LINE = "\r\x1b[K"
"""To the beginning of the line, and clear all of it: what is half typed there."""


def encoder(look: Look) -> Callable[[Message], bytes]:
    """How messages become lines for `look`: empty ones if it shows nothing of their kind.

    What depends on the look alone is decided here, once for many messages.
    """
    is_plain = not (look.time or look.color or look.redraw or look.json)
    hidden = {Kind.GONE}
    if not look.presence:
        hidden.add(Kind.PRESENCE)
    if not look.notices:
        hidden.add(Kind.NOTICE)
    end = look.end

    def encode(message: Message) -> bytes:
        if is_plain and message.kind == Kind.SAY:  # nearly all
            return f"{message.name}: {message.text}{end}".encode()
        if message.kind in hidden:
            return b""
        if look.json:
            return jsonlines.encode_message(message)
        time = clock(message.time, look.zone) if look.time else ""
        return _finish(_line(message, look), look, time)

    return encode


def encode_with_time(message: Message, look: Look, now: float) -> bytes:
    """The same for one that is shown again later: with its time, and its day if that is not today.

    In JSON it is marked as shown again.
    """
    if look.json:
        return jsonlines.encode_message(message, again=True)
    return _finish(_line(message, look), look, clock_and_day(message.time, look.zone, now))


def encode_found(message: Message, look: Look, now: float) -> bytes:
    """The same with its place as well, `#builds/1234`, since it may be of any room."""
    if look.json:
        return jsonlines.encode_message(message, again=True)
    line = f"#{message.room}/{message.id} {_line(message, look).lstrip()}"
    return _finish(line, look, clock_and_day(message.time, look.zone, now))


def encode_private(private: Private, look: Look, now: float | None = None) -> bytes:
    """What one says to another, as both of them see it.

    With its time, and its day if that is not today, if it was said some time before `now`.
    """
    if look.json:
        return jsonlines.encode_private(private)
    line = f"{_name(private.name, look)} -> {_name(private.to, look)}: {private.text}"
    if now is not None:
        return _finish(line, look, clock_and_day(private.time, look.zone, now))
    return _finish(line, look, clock(private.time, look.zone) if look.time else "")


def encode_notices(texts: Iterable[str], look: Look) -> bytes:
    """What the server says to one client alone, a line each."""
    if look.json:
        return b"".join(map(jsonlines.encode_answer, texts))
    return b"".join([_finish(f" * {text}", look, "") for text in texts])


def encode_refusal(why: str, look: Look) -> bytes:
    """That something was not done, to the one who wanted it."""
    return jsonlines.encode_error(why) if look.json else encode_notices([why], look)


def encode_gap(missed: int, look: Look) -> bytes:
    """What a client is told for which `missed` messages came and went while it did not read."""
    what = counted(missed, "message") if missed else "some comings and goings"
    text = f"you missed {what}: more was said than is kept for a slow reader"
    return jsonlines.encode_gap(missed, text) if look.json else encode_notices([text], look)


def _line(message: Message, look: Look) -> str:
    if message.kind == Kind.SAY:
        return f"{_name(message.name, look)}: {message.text}"
    if message.kind == Kind.ACTION:
        return f" ** {_name(message.name, look)} {message.text}"
    return f" * {message.text}"


def _name(name: str, look: Look) -> str:
    return colored(name) if look.color else name


def _finish(line: str, look: Look, shown_time: str) -> bytes:
    """`line` from what comes before it, so that it stands alone, to its end."""
    start = CLEAR_LINE if look.redraw else ""
    if shown_time:
        start += f"[{shown_time}]" if line[0] == " " else f"[{shown_time}] "
    return f"{start}{line}{look.end}".encode()
