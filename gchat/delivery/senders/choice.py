"""Which sender is used: what was asked for, if the system has it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from gchat.delivery.senders.loop import LoopSender
from gchat.delivery.senders.uring import try_uring
from gchat.hub.connection import Connection


class Sender(Protocol):
    """Sends the same bytes to many."""

    @property
    def at_a_time(self) -> int:
        """As LoopSender.at_a_time."""

    def send(self, data: bytes, connections: Sequence[Connection]) -> list[int]:
        """As LoopSender.send."""

    def close(self) -> None:
        """Nothing more will be sent."""


class Choice(NamedTuple):
    """A sender, and what people are told of it: its name, and why it is not a faster one."""

    sender: Sender
    shown: str
    threads: int
    """How many native threads send besides the event loop's."""


class NoSender(Exception):
    """The system does not have what was asked for; says why, as a clause."""


def choose_sender(wanted: str, threads: int, on_failure: Callable[[str], None]) -> Choice:
    """The sender that is `wanted`: uring, loop, or auto, which is uring where the system has it.

    So many `threads` send by io_uring besides the event loop's, where the system allows it.
    `on_failure` is called, with the reason, when io_uring has stopped to work and the loop has
    taken its place. Raises NoSender for uring where there is none.
    """
    if wanted == "loop":
        return Choice(LoopSender(), "loop", 0)
    try:
        return _choose_uring(threads, on_failure)
    except OSError as error:
        why = f"no io_uring here: {error.strerror}"
        if wanted == "uring":
            raise NoSender(why) from error
        return Choice(LoopSender(), f"loop ({why})", 0)


def _choose_uring(threads: int, on_failure: Callable[[str], None]) -> Choice:
    """With threads, or without if these cannot be had. Raises OSError."""
    why = ""
    if threads:
        try:
            shown = f"uring, {threads} send thread{'s' * (threads > 1)}"
            return Choice(try_uring(on_failure, threads), shown, threads)
        except OSError as error:
            why = f" (no send threads here: {error.strerror})"
    return Choice(try_uring(on_failure), f"uring{why}", 0)
