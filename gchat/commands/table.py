"""The table of commands: what a line that starts with a slash does.

A command is a function, called like it and in a module called like its group. Its docstring
is its help: a line that `/help` shows beside others, what else there is to know, and an
example. It tells the client what came of it, and raises Refused with a reason if nothing did.
"""

import re
import time
from collections.abc import Callable
from difflib import get_close_matches
from inspect import getdoc
from textwrap import wrap
from typing import NamedTuple

from gchat.hub.client import Client
from gchat.hub.hub import Hub

MAX_SHOWN = 40
"""Characters of an unknown command that are repeated to the one who typed it."""

LINE_WIDTH = 75
"""Characters that fit on a narrow terminal behind what a notice begins with."""

EXAMPLE = "For example: "
"""What the last line of a command's docstring begins with."""

FREE_TEXTS = ("TEXT", "[TEXT]", "[WHY]", "ACTION", "PASSWORD")
"""Arguments that are taken as they were typed, behind one blank."""

MEANT = {
    typed: meant
    for meant, others in {
        "/help": "/? /commands /man",
        "/nick": "/name /user",
        "/away": "/back /afk",
        "/me": "/action /emote",
        "/msg": "/m /tell /whisper /pm /dm /query /private /notice",
        "/rooms": "/list /channels",
        "/join": "/j /channel",
        "/leave": "/part /lobby",
        "/who": "/names /users /ls",
        "/ignore": "/block",
        "/history": "/last /log",
        "/find": "/search /grep",
        "/time": "/timestamp /date /tz",
        "/color": "/colour /colors",
        "/op": "/oper /sudo /admin",
        "/announce": "/wall /broadcast",
        "/mute": "/gag /silence",
        "/bans": "/banned /banlist",
        "/quit": "/exit /bye /logout /q /disconnect",
    }.items()
    for typed in others.split()
}
"""What people type who know other places, and what they mean."""


_COMMAND = re.compile(r"/(?:\??|[^\W\d_][\w-]*)")
"""What the word of a command is like, whether there is one or not."""


class Refused(Exception):
    """Something was not done; says why and what to do, as a person reads it.

    `what` names it for the server's log, which never holds what anybody has typed.
    """

    def __init__(self, why: str, what: str) -> None:
        super().__init__(why)
        self.what = what


class WrongArgument(Exception):
    """Raised by a command that cannot be used like this: the usage is all there is to say."""


class Command(NamedTuple):
    """An entry of the table."""

    name: str
    """As it is typed: `/nick`."""
    arguments: str
    """As the usage shows them: `NAME TEXT`, `[ROOM]` if it may be left out, or nothing."""
    group: str
    """With which others it is listed."""
    function: Callable[..., None]
    """Called with the hub, the client, and a string for each argument: empty if left out."""
    summary: str
    """What it does, in a line."""
    details: list[str]
    """What else there is to know, in lines."""
    example: str
    """How it may be typed."""
    cost: int
    """For how many lines it counts, where these are limited."""
    speaks: bool
    """Others see what is typed: it is not for the muted."""
    secret: bool
    """What is typed is for nobody else: a line that looks like it is never said (see slips.py)."""
    operators_only: bool
    in_full: bool
    """It cannot be cut short: a slip would do what cannot be undone."""

    @property
    def usage(self) -> str:
        """How it is typed: `/nick NAME`."""
        return f"{self.name} {self.arguments}".rstrip()

    def split(self, typed: str) -> list[str]:
        """The arguments in `typed`, the last of which takes all the rest. Raises WrongArgument."""
        names, arguments = self.arguments.split(), []
        for expected in names:
            if expected in FREE_TEXTS:  # what somebody says is not changed
                argument, typed = typed if typed.strip() else "", ""
            elif expected == names[-1]:
                argument, typed = typed.strip(), ""
            else:
                typed = typed.lstrip()
                argument = typed.split(maxsplit=1)[0] if typed else ""
                typed = typed[len(argument) + 1 :]
            if not (argument or expected.startswith("[")):
                raise WrongArgument
            arguments.append(argument)
        if typed.strip():
            raise WrongArgument
        return arguments

    def carry_out(self, hub: Hub, client: Client, typed: str) -> None:
        """Do it, with the arguments in `typed`. Raises Refused, or Dismissed for /quit."""
        if self.operators_only and not client.operator:
            raise Refused(_why_no_operator(hub, self.name), f"{self.name}, which is an operator's")
        if self.speaks and typed.strip():
            check_may_speak(hub, client)
        try:
            self.function(hub, client, *self.split(typed))
        except WrongArgument:
            example = f", for example: {self.example}" if self.arguments else ""
            raise Refused(
                f"usage: {self.usage}{example}", f"{self.name} with wrong arguments"
            ) from None


TABLE: dict[str, Command] = {}
"""All commands by their name, in the order in which /help lists them."""


def command(
    arguments: str = "",
    *,
    cost: int = 1,
    speaks: bool = False,
    secret: bool = False,
    operators_only: bool = False,
    in_full: bool = False,
) -> Callable[..., Callable[..., None]]:
    """Enter a function into the table, with the marks that Command has."""

    def enter(function: Callable[..., None]) -> Callable[..., None]:
        summary, _, details = (getdoc(function) or "").partition("\n")
        *sentences, example = details.strip().splitlines()
        lines = wrap(" ".join(sentences), LINE_WIDTH - 2)
        group = function.__module__.rpartition(".")[2]
        name = f"/{function.__name__}"
        TABLE[name] = Command(
            name,
            arguments,
            group,
            function,
            summary,
            lines,
            example.removeprefix(EXAMPLE),
            cost,
            speaks,
            secret,
            operators_only,
            in_full,
        )
        return function

    return enter


def is_command(text: str) -> bool:
    """Whether the first word of `text` could be a command: `/usr/bin`, `/a:` and `//` could not."""
    return text.startswith("/") and _COMMAND.fullmatch(text.split(maxsplit=1)[0]) is not None


def as_said(text: str, by_person: bool) -> str:
    """How `text`, which is no command, is said: without the slash that kept it from being one.

    A person's second slash always means that. A program may send `// a comment`.
    """
    is_quoted = by_person or (is_command(text[1:]) and len(text.split(maxsplit=1)[0]) > 2)
    return text[1:] if text.startswith("//") and is_quoted else text


def is_known(text: str) -> bool:
    """Whether `text`, which could be a command, is one."""
    return _known(text.split(maxsplit=1)[0]) is not None


def read(line: str) -> tuple[Command, str]:
    """The command in `line`, which starts with a slash, and what follows it. Raises Refused."""
    name = line.split(maxsplit=1)[0]
    return find(name), line[len(name) + 1 :]


def check_may_speak(hub: Hub, client: Client) -> None:
    """Raises Refused if `client` is muted."""
    if mute := hub.mute_of(client):
        raise Refused(f"nothing was sent: you are muted {mute.tell(time.time())}", "a muted one")


def _why_no_operator(hub: Hub, name: str) -> str:
    if hub.settings.op_password:
        return f"{name} is for operators; /op PASSWORD makes you one"
    return f"{name} is for operators, and there are none: nobody has set a password for them"


def find(typed: str) -> Command:
    """The command that `typed` means, cut short unless it is `in_full`. Raises Refused."""
    if command := _known(typed):
        return command
    shown = typed[:MAX_SHOWN]
    name = shown.lower()  # comparing longer ones costs, and shows nothing
    begun = _begun_by(name)
    near = get_close_matches(name, [*TABLE, *MEANT], n=1, cutoff=0.5) if name != "/" else []
    nearest = MEANT.get(near[0], near[0]) if near else None
    if begun and name not in MEANT:
        *some, last = begun
        if some:
            advice = f"it may be {', '.join(some)} or {last}"
        else:
            advice = f"{last} has to be typed in full"
    elif nearest:
        advice = f"did you mean {nearest}?"
    else:
        advice = "/help lists the commands"
    raise Refused(
        f"there is no command {shown}; {advice} (to say it, type another / before it)",
        "an unknown command",
    )


def _known(typed: str) -> Command | None:
    """The one command that is called `typed`, or begins so and may be cut short."""
    name = typed.lower()
    if name in TABLE:
        return TABLE[name]
    begun = [known for known in _begun_by(name) if not TABLE[known].in_full]
    return TABLE[begun[0]] if len(begun) == 1 else None


def _begun_by(name: str) -> list[str]:
    """The names of the commands that begin with `name`."""
    return [known for known in TABLE if known.startswith(name)] if name != "/" else []


def groups() -> dict[str, list[Command]]:
    """The commands of each group, by its name."""
    listed: dict[str, list[Command]] = {}
    for entry in TABLE.values():
        listed.setdefault(entry.group, []).append(entry)
    return listed
