"""Users of other servers that share the store, and what their servers answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gchat.commands.arguments import MAX_TEXT, bare_name
from gchat.commands.table import Refused
from gchat.hub.asking import NotAsked, Unanswered, ask, ask_all
from gchat.hub.client import Client
from gchat.hub.direct_messages import Recipient, find_elsewhere
from gchat.hub.hub import Hub
from gchat.store.errors import StoreError
from gchat.text.addresses import NobodyComesFrom, NotANetwork, read_network


def user_elsewhere(hub: Hub, typed: str) -> Recipient | None:
    """The user of another server whose name was typed, if nobody here is called so.

    Waits. Raises Refused.
    """
    name = bare_name(typed)
    if not hub.store.is_shared or hub.names.holder(name) or _is_network(name):
        return None
    try:
        found = find_elsewhere(hub, name[:MAX_TEXT])
    except StoreError as error:
        raise Refused(
            f"Nothing was done: {name[:MAX_TEXT]} may be at another server, and the store does not "
            f"answer: {error}. Try again later.",
            "store away",
        ) from None
    return found if found and found.server else None


def ask_server_of(hub: Hub, client: Client, user: Recipient, kind: str, *what: Any) -> Any:
    """Have the server of `user` do something, which begins with its number. Raises Refused.

    Returns what it answers.
    """
    with refusing(), hub.command_gate.paused(client.owner):
        answer = ask(hub, user.server, kind, [user.number, *what])
    if answer is None:
        raise Refused(f"{user.name} is not here", "no such name")
    return answer


def ask_every_server(hub: Hub, client: Client, kind: str, what: Any, undone: str) -> list[Any]:
    """What all other servers answer. Raises Refused if one does not: then `undone` is told."""
    with hub.command_gate.paused(client.owner):
        found, silent = ask_all(hub, kind, what)
    if silent:
        raise Refused(
            f"{undone}: another server does not answer. Try again later.",
            "other server does not answer",
        )
    return [*found.values()]


@contextmanager
def refusing() -> Iterator[None]:
    """Raises Refused if another server does not answer what it is asked within."""
    try:
        yield
    except NotAsked as why:
        raise Refused(f"Nothing was done: {why}. Try again later.", "other server away") from None
    except Unanswered:
        raise Refused(
            "It is not known whether that was done: the user's server does not answer",
            "other server does not answer",
        ) from None


def _is_network(typed: str) -> bool:
    """Whether `typed` is an address or a network, and no name."""
    try:
        read_network(typed)
    except NotANetwork:
        return False
    except NobodyComesFrom:
        return True
    return True
