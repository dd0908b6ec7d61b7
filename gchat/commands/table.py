"""The table of commands: what a line that starts with a slash does.

A command is a function of the same name, in the module that is named after its group. The
docstring of the function is its help: a summary, details, and an example; the first line of the
module's docstring is the title of the group. The function tells the client what it has done, and
raises Refused with a reason if it has done nothing.
"""

import re
import sys
from collections.abc import Callable
from inspect import getdoc
from textwrap import wrap
from typing import NamedTuple

from gchat.commands.suggestions import ALIASES, HINTS, SYNONYMS, nearest
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.store.errors import StoreError

MAX_SHOWN = 40
"""Characters of an unknown command that a refusal repeats: more than any command has, and the
refusal fits on two lines of a terminal."""

LINE_WIDTH = 75
"""Characters of an answer that fit on a terminal of 80 columns behind ` * `."""

EXAMPLE = "For example: "
"""How the last line of a command's docstring begins."""

FREE_TEXTS = ("TEXT", "[TEXT]", "[WHY]", "ACTION", "PASSWORD")
"""Arguments that are taken as they were typed, after one space."""

_COMMAND = re.compile(r"/(?:\??|[^\W\d_][\w-]*)")
"""The first word of a line that counts as a command, known or not."""


class Refused(Exception):
    """A command was not carried out; says why and what to do, as the client reads it.

    `what` is the reason for the server's log, which never holds what a client has typed, and for
    programs, which compare it: it stays the same.
    """

    def __init__(self, why: str, what: str) -> None:
        super().__init__(why)
        self.what = what


class WrongArgument(Exception):
    """Raised by a command that is used wrongly: the answer is its usage."""


class Command(NamedTuple):
    """An entry of the table."""

    name: str
    """As it is typed: `/nick`."""
    arguments: str
    """As the usage shows them: `NAME TEXT`, `[ROOM]` if it may be left out, or nothing."""
    group: str
    """The group of `/help` that lists it."""
    function: Callable[..., None]
    """Called with the hub, the client, and a string for each argument: empty if it is left out."""
    summary: str
    """What it does, in one line without a full stop: `change your name`."""
    details: list[str]
    """The rest of its help, in lines of at most LINE_WIDTH - 2 characters."""
    example: str
    """A line that calls it."""
    cost: int
    """Lines that it counts as, for the rate limit."""
    speaks: bool = False
    """Others see the arguments, so muted clients cannot use it."""
    reads: bool = False
    """The command shows or deletes messages: it waits until those of its client have places."""
    secret: bool = False
    """The arguments are secret: a line that resembles it is never sent to a room (slips.py)."""
    operators_only: bool = False
    in_full: bool = False
    """The command can't be abbreviated: a slip would do something that cannot be undone."""

    @property
    def usage(self) -> str:
        """Name and arguments: `/nick NAME`."""
        return f"{self.name} {self.arguments}".rstrip()

    def split(self, typed: str) -> list[str]:
        """Split `typed` into arguments, the last of which takes the rest. Raises WrongArgument."""
        names, arguments = self.arguments.split(), []
        for expected in names:
            if expected in FREE_TEXTS:  # a message is not changed
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
        """Run the command with the arguments in `typed`. Raises Refused, or Dismissed for /quit."""
        if self.operators_only and not client.operator:
            raise Refused(_why_no_operator(hub, self.name), f"{self.name} is for operators")
        if self.speaks and typed.strip():
            check_may_speak(hub, client)
        try:
            self.function(hub, client, *self.split(typed))
        except WrongArgument:
            example = f", for example: {self.example}" if self.arguments else ""
            raise Refused(
                f"Usage: {self.usage}{example}", f"wrong arguments for {self.name}"
            ) from None
        except StoreError as error:
            raise Refused(
                f"The history file cannot be used now: {error}. Try again later.",
                "history file unusable",
            ) from None


TABLE: dict[str, Command] = {}
"""All commands by name, in the order in which /help lists them."""


REQUESTS: dict[str, Command] = {}
"""What programs alone can ask for, in JSON, by the field of the request that says so."""


def command(
    arguments: str = "",
    *,
    cost: int = 1,
    speaks: bool = False,
    reads: bool = False,
    secret: bool = False,
    operators_only: bool = False,
    in_full: bool = False,
) -> Callable[..., Callable[..., None]]:
    """Enter the decorated function into TABLE; see Command for the parameters."""

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
            reads,
            secret,
            operators_only,
            in_full,
        )
        return function

    return enter


def request(verb: str, cost: int) -> Callable[..., Callable[..., None]]:
    """Enter the decorated function into REQUESTS: it is called with one argument, a room.

    `cost` is as Command has it.
    """

    def enter(function: Callable[..., None]) -> Callable[..., None]:
        example = f'{{"{verb}": "builds"}}'
        REQUESTS[verb] = Command(verb, "ROOM", "rooms", function, "", [], example, cost)
        return function

    return enter


def is_command(text: str) -> bool:
    """Whether `text` has the form of a command: `/who` has, `/usr/bin`, `/a:` and `//` have not."""
    return text.startswith("/") and _COMMAND.fullmatch(text.split(maxsplit=1)[0]) is not None


def as_said(text: str, by_person: bool) -> str:
    """The message that `text`, which is not a command, stands for: `//who` is `/who` as text.

    A person's `//` always loses its first slash. A program's `// a comment` stays as it is.
    """
    is_quoted = by_person or (is_command(text[1:]) and len(text.split(maxsplit=1)[0]) > 2)
    return text[1:] if text.startswith("//") and is_quoted else text


def is_known(text: str) -> bool:
    """Whether `text`, which has the form of a command, names one."""
    return lookup(text.split(maxsplit=1)[0]) is not None


def read(line: str) -> tuple[Command, str]:
    """Split `line`, which starts with a slash, into its command and the rest. Raises Refused."""
    name = line.split(maxsplit=1)[0]
    return find(name), line[len(name) + 1 :]


def check_may_speak(hub: Hub, client: Client) -> None:
    """Raises Refused if `client` is muted."""
    if mute := hub.mute_of(client):
        raise Refused(f"Not sent: you are muted {mute.tell(hub.clock.steady())}", "muted")


def _why_no_operator(hub: Hub, name: str) -> str:
    if hub.settings.op_password:
        return f"{name} is for operators; /op PASSWORD makes you one"
    return f"{name} is for operators, and this server has none: it has no operator password"


def find(typed: str) -> Command:
    """The command that `typed` names or abbreviates. Raises Refused, with a suggestion."""
    if command := lookup(typed):
        return command
    shown = typed if len(typed) <= MAX_SHOWN else f"{typed[:MAX_SHOWN]}…"
    raise Refused(
        f"Unknown command {shown}; {advice(typed)} (to send it as text: /{shown})",
        "unknown command",
    )


def lookup(typed: str) -> Command | None:
    """The command that `typed` names, or abbreviates unambiguously; None if there is none."""
    name = ALIASES.get(typed.lower(), typed.lower())
    if name in TABLE:
        return TABLE[name]
    begun = [known for known in _begun_by(name) if not TABLE[known].in_full]
    return TABLE[begun[0]] if len(begun) == 1 else None


def advice(typed: str) -> str:
    """What to do instead of the unknown command `typed`, as a clause: `did you mean /quit?`."""
    name = typed[:MAX_SHOWN].lower()  # longer words are near none, and cost time
    if name in HINTS:
        return HINTS[name]
    if name not in SYNONYMS and (begun := _begun_by(name)):
        *some, last = begun
        return (
            f"did you mean {', '.join(some)} or {last}?"
            if some
            else f"{last} must be typed in full"
        )
    near = name if name in SYNONYMS else nearest(name, [*TABLE, *HINTS, *SYNONYMS])
    if near is None:
        return "/help lists the commands"
    return HINTS.get(near) or f"did you mean {SYNONYMS.get(near, near)}?"


def _begun_by(name: str) -> list[str]:
    """The names of the commands that begin with `name`."""
    return [known for known in TABLE if known.startswith(name)] if name != "/" else []


def groups() -> dict[str, list[Command]]:
    """The commands of each group, by its name."""
    listed: dict[str, list[Command]] = {}
    for entry in TABLE.values():
        listed.setdefault(entry.group, []).append(entry)
    return listed


def title(group: str) -> str:
    """The title of a group, as a clause: the first line of its module's docstring."""
    module = sys.modules[groups()[group][0].function.__module__]
    line = (module.__doc__ or "").partition("\n")[0].rstrip(".")
    return line[:1].lower() + line[1:]
