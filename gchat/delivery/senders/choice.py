"""Which sender is used: what was asked for, if the system has it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from gchat.delivery.senders.loop import LoopSender
from gchat.delivery.senders.uring import try_uring
from gchat.hub.connection import Connection


class Sender(Protocol):
    """Sends the same bytes to many."""

    def send(self, data: bytes, connections: Sequence[Connection]) -> list[int]:
        """As LoopSender.send."""

    def close(self) -> None:
        """Nothing more will be sent."""


class Choice(NamedTuple):
    """A sender, and what people are told of it: its name, and why it is not a faster one."""

    sender: Sender
    shown: str


class NoSender(Exception):
    """The system does not have what was asked for; says why, as a clause."""


def choose_sender(wanted: str, on_failure: Callable[[str], None]) -> Choice:
    """The sender that is `wanted`: uring, loop, or auto, which is uring where the system has it.

    `on_failure` is called, with the reason, when that has stopped to work and the loop has taken
    its place. Raises NoSender for uring where there is none.
    """
    if wanted == "loop":
        return Choice(LoopSender(), "loop")
    try:
        return Choice(try_uring(on_failure), "uring")
    except OSError as error:
        why = f"no io_uring here: {error.strerror}"
        if wanted == "uring":
            raise NoSender(why) from error
        return Choice(LoopSender(), f"loop ({why})")
