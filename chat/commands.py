"""What a client can do besides talk: a table of commands.

A command is a function; its name is the command's, its docstring the help. It
tells the client what came of it, and raises Refused with a reason if nothing did.
"""

from collections.abc import Callable
from difflib import get_close_matches
from inspect import getdoc
from itertools import islice
from typing import NamedTuple

from chat.client import Client, Dismissed
from chat.hub import Hub, NameTaken
from chat.text import NotAName, as_name, listing, nearest_name

NAMES_SHOWN = 100
"""How many names /who lists: what fits on a screen, and is no burden to owe."""


MAX_SHOWN = 40
"""Characters of an unknown command that are repeated to the one who typed it."""

MEANT = dict.fromkeys(("/exit", "/bye", "/leave", "/logout", "/q", "/disconnect"), "/quit")
"""What people type who know other places, and what they mean."""


class Refused(Exception):
    """Something was not done; says why and what to do, as a person reads it.

    `what` names it for the server's log, which never holds what anybody has typed.
    """

    def __init__(self, why: str, what: str) -> None:
        super().__init__(why)
        self.what = what


class Command(NamedTuple):
    """An entry of the table."""

    name: str
    """As it is typed: `/nick`."""
    arguments: str
    """As the usage shows them: `NAME`, or nothing."""
    run: Callable[[Hub, Client, str], None]
    help: str
    """What it does, in a line."""

    @property
    def usage(self) -> str:
        """How it is typed: `/nick NAME`."""
        return f"{self.name} {self.arguments}".rstrip()


TABLE: dict[str, Command] = {}
"""All commands by their name, in the order in which /help lists them."""


def run(hub: Hub, client: Client, line: str) -> None:
    """Carry out `line`, which starts with a slash. Raises Refused, or Dismissed for /quit."""
    name, *rest = line.split(maxsplit=1)
    command = TABLE.get(name.lower())
    if command is None:
        raise Refused(_unknown(name), "an unknown command")
    if bool(rest) != bool(command.arguments):
        raise Refused(f"usage: {command.usage}", f"{command.name} with wrong arguments")
    command.run(hub, client, rest[0].rstrip() if rest else "")


def _unknown(name: str) -> str:
    shown = name[:MAX_SHOWN]
    typed = shown.lower()  # comparing longer ones costs, and shows nothing
    nearest = MEANT.get(typed) or next(iter(get_close_matches(typed, TABLE, n=1, cutoff=0.5)), None)
    advice = f"did you mean {nearest}?" if nearest else "/help lists the commands"
    return f"there is no command {shown}; {advice} (to say it, type another / before it)"


def _command(arguments: str = "") -> Callable[..., Callable[[Hub, Client, str], None]]:
    def enter(function: Callable[[Hub, Client, str], None]) -> Callable[[Hub, Client, str], None]:
        name = f"/{function.__name__}"
        TABLE[name] = Command(name, arguments, function, (getdoc(function) or "").strip())
        return function

    return enter


@_command()
def help(hub: Hub, client: Client, argument: str) -> None:
    """list the commands"""
    width = max(len(command.usage) for command in TABLE.values())
    hub.tell(
        client,
        "what you type goes to everybody here, but for lines that start with a slash:",
        *(f"  {command.usage:<{width}}  {command.help}" for command in TABLE.values()),
        f"  {'//TEXT':<{width}}  say TEXT with one slash before it",
    )


@_command()
def who(hub: Hub, client: Client, argument: str) -> None:
    """list who is here"""
    room = hub.room_of(client)
    with hub.lock:
        total = len(room.clients)
        # No more than are shown: sorting ten thousand would be felt by everybody.
        names = [other.name for other in islice(room.clients.values(), NAMES_SHOWN + 1)]
    hub.tell(client, f"#{room.name}, {total} here: {listing(sorted(names), total, NAMES_SHOWN)}")


@_command("NAME")
def nick(hub: Hub, client: Client, argument: str) -> None:
    """be called NAME"""
    try:
        name = as_name(argument)
        hub.rename(client, name)
    except NotAName as error:
        free = hub.free_name(nearest_name(argument))
        raise Refused(f"that cannot be a name: {error}; {free} is free", "a name") from None
    except NameTaken as error:
        raise Refused(f"the name {name} is taken; {error.free} is free", "a name") from None
    hub.tell(client, f"you are now {name}")


@_command()
def quit(hub: Hub, client: Client, argument: str) -> None:
    """leave (nc then waits for one more Enter)"""
    hub.tell(client, "goodbye")
    raise Dismissed("quit")
