"""What other servers tell of themselves, for operators."""

from typing import Any, NamedTuple

from gchat.hub.asking import answers, ask_all
from gchat.hub.hub import Hub

FIGURES = "figures"


class Figures(NamedTuple):
    """Figures of one server."""

    clients: int
    rooms: int
    messages: int
    """Lines that its clients have said in rooms since its start."""
    loop_delay: float
    """The longest delay of its event loop in the last minute, in seconds."""
    trouble: str
    """What is wrong with its store; empty if nothing is."""


def figures(hub: Hub) -> Figures:
    """The figures of this server."""
    late = hub.watchdog.delay().worst
    messages = hub.stats.messages
    return Figures(len(hub.clients), len(hub.rooms.by_name), messages, late, hub.store.trouble)


def figures_elsewhere(hub: Hub) -> tuple[dict[str, Figures], list[str]]:
    """The figures of other servers, by their numbers; and the servers that have not answered."""
    found, silent = ask_all(hub, FIGURES, None)
    return {server: Figures(*each) for server, each in sorted(found.items())}, silent


@answers(FIGURES)
def _tell(hub: Hub, what: Any) -> Figures:
    return figures(hub)
