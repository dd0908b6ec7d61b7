"""Help, your connection and limits, and the server itself."""

import platform
import time
from collections.abc import Iterator
from textwrap import wrap

from gchat import __version__
from gchat.commands.table import (
    LINE_WIDTH,
    MAX_SHOWN,
    TABLE,
    Command,
    Refused,
    advice,
    command,
    groups,
    lookup,
    title,
)
from gchat.commands.talk import PRIVATE_LIMIT
from gchat.hub.client import Client, Dismissed
from gchat.hub.hub import Hub
from gchat.hub.owed import OWED_LIMIT
from gchat.runtime.interfaces import hosts_to_type
from gchat.text.addresses import address_of
from gchat.text.clock import clock_and_day, duration
from gchat.text.phrases import counted

OPERATORS = ("operators", "operator")
"""Words with which /help lists all that operators can do: these groups together."""

OPERATORS_GROUPS = ("moderation", "admin")

EACH = "/help COMMAND explains one of them, with an example."
"""The last line of a list of commands."""


@command("[COMMAND|GROUP]")
def help(hub: Hub, client: Client, topic: str) -> None:
    """list the commands, or explain a command or a group

    The groups are the words on the left in the list of commands. /help operators lists all that
    operators can do.
    For example: /help nick
    """
    name, listed = topic.lower().removeprefix("/"), groups()
    group = listed.get(name, []) if not topic.startswith("/") else []
    if not topic:
        hub.tell(client, *_overview(listed))
    elif name in OPERATORS:
        hub.tell(client, *_explain_operators(hub, client, listed))
    elif group:
        if entry := TABLE.get(f"/{name}"):  # /history is called like its group
            hub.tell(client, *_explain(entry))
        hub.tell(client, f"{name}: {title(name)}", *_table(group), EACH)
    elif entry := lookup(f"/{name}"):
        hub.tell(client, *_explain(entry))
    else:
        raise Refused(f"No help for {name[:MAX_SHOWN]}; {advice(f'/{name}')}", "unknown command")


def _overview(listed: dict[str, list[Command]]) -> Iterator[str]:
    width = max(map(len, listed)) + 2
    yield "Everybody in this room sees what you type; commands start with /:"
    for group, entries in listed.items():
        for is_first, line in _lines(entries, LINE_WIDTH - width):
            yield f"  {group if is_first else '':<{width}}{line}"
    yield "/help COMMAND explains a command, /help GROUP a group such as people."
    yield "To send a text that starts with /, type another / before it: //TEXT."


def _explain(entry: Command) -> Iterator[str]:
    yield f"{entry.usage}: {entry.summary}"
    for line in entry.details:
        yield f"  {line}"
    yield f"  for example: {entry.example}"


def _explain_operators(hub: Hub, client: Client, listed: dict[str, list[Command]]) -> Iterator[str]:
    if client.operator:
        state = "you are one"
    elif hub.settings.op_password:
        state = "/op PASSWORD makes you one"
    else:
        state = "this server has none, as it has no operator password"
    yield f"What operators can do ({state}):"
    for group in OPERATORS_GROUPS:
        yield from _table(listed[group])
    yield EACH


def _table(entries: list[Command]) -> Iterator[str]:
    """Usages and summaries of `entries` in two columns."""
    width = max(len(entry.usage) for entry in entries)
    for entry in entries:
        yield f"{entry.usage:<{width}}  {entry.summary}"


def _lines(entries: list[Command], width: int) -> Iterator[tuple[bool, str]]:
    """Wrap the usages of `entries` to lines of `width` characters; True comes with the first."""
    tied = "  ".join(entry.usage.replace(" ", "\N{NO-BREAK SPACE}") for entry in entries)
    for index, line in enumerate(wrap(tied, width, break_on_hyphens=False)):
        yield index == 0, line.replace("\N{NO-BREAK SPACE}", " ")


@command()
def why(hub: Hub, client: Client) -> None:
    """show your connection, limits and missed messages

    For example: /why
    """
    lag, limits = client.lag, hub.settings.limits
    hub.tell(
        client,
        f"You are {client.name}, in #{client.log.room}, connected for "
        f"{duration(time.monotonic() - client.since)}",
        f"You are {counted(lag, 'message')} behind: your connection is too slow for them"
        if lag
        else "You have received all messages sent to this room since you came",
        f"You missed {counted(client.missed, 'message')}, dropped before you read them"
        if client.missed
        else "You missed no messages",
        f"Line length: at most {hub.settings.max_line} bytes",
        f"Rate limit: a burst of {counted(limits.burst, 'line')}, then {limits.rate} per second "
        "(long lines and some commands count as several)"
        if limits.rate
        else "Rate limit: none",
        *_exceptional(hub, client),
        f"Unread answers: {client.owed_bytes} of {OWED_LIMIT} bytes; above that the server stops "
        "reading from you until you catch up",
        f"Unread direct messages: {client.private_bytes} of {PRIVATE_LIMIT} bytes; above that new "
        "ones are refused",
    )


def _exceptional(hub: Hub, client: Client) -> list[str]:
    """The lines of /why that few clients see."""
    lines = []
    if hub.settings.limits.idle_timeout:
        idle = duration(hub.settings.limits.idle_timeout)
        lines.append(
            f"Idle timeout: clients that send nothing for {idle} are disconnected, after a warning"
        )
    if mute := hub.mute_of(client):
        lines.append(f"You are muted {mute.tell(hub.clock.steady())}")
    if client.operator:
        lines.append("You are an operator; /help operators lists what you can do")
    return lines


@command()
def invite(hub: Hub, client: Client) -> None:
    """show how others can join

    For example: /invite
    """
    own, port = client.connection.local_address[:2]
    own = own.removeprefix("::ffff:")
    hosts = hosts_to_type(hub.settings.addresses)
    if own in hosts or not address_of(own).is_loopback:  # where the one who asks has joined
        hosts = list(dict.fromkeys([own, *hosts]))
    for_others = not all(address_of(host).is_loopback for host in hub.settings.addresses)
    hub.tell(
        client,
        "Others can join with:"
        if for_others
        else "Only from this machine, until the server is started with --host 0.0.0.0:",
        *(f"  nc {host} {port}" for host in hosts),
        f"  ncat {hosts[0]} {port}",
        f"  telnet {hosts[0]} {port}",
        f"  To send a line from a program: echo hello | nc -N {hosts[0]} {port}",
    )


@command()
def uptime(hub: Hub, client: Client) -> None:
    """show how long the server has been running

    For example: /uptime
    """
    now = time.time()
    elapsed = hub.clock.elapsed()
    since = clock_and_day(now - elapsed, client.display.zone, now)
    hub.tell(client, f"Up since {since}, for {duration(elapsed)}")


@command()
def version(hub: Hub, client: Client) -> None:
    """show the version

    For example: /version
    """
    hub.tell(client, f"gchat {__version__}, on Python {platform.python_version()}")


@command()
def quit(hub: Hub, client: Client) -> None:
    """leave the chat (in nc, press Enter once more)

    For example: /quit
    """
    hub.confirm(client, "Goodbye")
    raise Dismissed("quit")
