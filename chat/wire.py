"""Messages in, bytes out: how each kind of message looks to a line client."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from chat.message import Kind, Message


class Look(NamedTuple):
    """How a client wants its lines. Clients with the same look share the bytes."""

    end: str = "\n"
    """What ends a line: a terminal behind telnet needs the carriage return as well."""


PLAIN = Look()
TELNET = Look(end="\r\n")


def encode(message: Message, look: Look) -> bytes:
    """`message` as the line that a client sees."""
    return f"{_line(message)}{look.end}".encode()


def encode_with_time(message: Message, look: Look, now: float) -> bytes:
    """The same for one that is shown again later: with its time, and its day if that is not today.

    In the server's zone.
    """
    said, today = time.localtime(message.time), time.localtime(now)
    form = "%H:%M" if said[:3] == today[:3] else "%Y-%m-%d %H:%M"
    return f"[{time.strftime(form, said)}] {_line(message)}{look.end}".encode()


def encode_notices(texts: Iterable[str], look: Look) -> bytes:
    """What the server says to one client alone, a line each."""
    return "".join(f" * {text}{look.end}" for text in texts).encode()


def gap_notice(missed: int) -> str:
    """What a client is told for which `missed` messages came and went while it did not read."""
    if not missed:
        return "you missed some comings and goings: more was said than is kept for a slow reader"
    messages = "1 message" if missed == 1 else f"{missed} messages"
    return f"you missed {messages}: more was said than is kept for a slow reader"


def _line(message: Message) -> str:
    if message.kind is Kind.SAY:
        return f"{message.name}: {message.text}"
    return f" * {message.text}"
