"""What there is to know about the server, and the way out."""

import platform
import time
from collections.abc import Iterator
from textwrap import wrap

from gchat import __version__
from gchat.commands.table import LINE_WIDTH, TABLE, Command, command, find, groups
from gchat.commands.talk import PRIVATE_LIMIT
from gchat.hub.client import Client, Dismissed
from gchat.hub.hub import Hub
from gchat.hub.owed import OWED_LIMIT
from gchat.runtime.interfaces import hosts_to_type
from gchat.text.addresses import address_of
from gchat.text.clock import clock_and_day, duration
from gchat.text.phrases import counted


@command("[COMMAND]")
def help(hub: Hub, client: Client, topic: str) -> None:
    """list the commands, or explain one

    Groups of commands can be asked for as well: /help people.
    For example: /help nick
    """
    listed = groups()
    if not topic:
        width = max(map(len, listed)) + 2
        hub.tell(
            client,
            "what you type goes to everybody in the room; commands start with /",
            *(
                f"  {group if first else '':<{width}}{line}"
                for group, entries in listed.items()
                for first, line in _lines(entries, LINE_WIDTH - width)
            ),
            "/help COMMAND explains one. //TEXT says TEXT with one slash before it.",
        )
        return
    group = listed.get(topic.lower(), [])
    if not group or f"/{topic.lower()}" in TABLE:  # some are called like their group
        entry = find("/" + topic.removeprefix("/"))
        hub.tell(
            client,
            f"{entry.usage}: {entry.summary}",
            *(f"  {line}" for line in entry.details),
            f"  for example: {entry.example}",
        )
    if group:
        width = max(len(entry.usage) for entry in group)
        hub.tell(client, *(f"{entry.usage:<{width}}  {entry.summary}" for entry in group))


def _lines(entries: list[Command], width: int) -> Iterator[tuple[bool, str]]:
    """The usages of `entries` in lines of `width` characters; True with the first line."""
    tied = "  ".join(entry.usage.replace(" ", "\N{NO-BREAK SPACE}") for entry in entries)
    for index, line in enumerate(wrap(tied, width, break_on_hyphens=False)):
        yield index == 0, line.replace("\N{NO-BREAK SPACE}", " ")


@command()
def why(hub: Hub, client: Client) -> None:
    """tell your limits, and whether you have got all that was said

    For example: /why
    """
    lag, limits = client.lag, hub.settings.limits
    hub.tell(
        client,
        f"you are {client.name}, in #{client.log.room}, connected for "
        f"{duration(time.time() - client.since)}",
        f"you are behind by {counted(lag, 'message')}: your connection takes them no faster"
        if lag
        else "you have got all that was said in this room since you came",
        f"you have missed {counted(client.missed, 'message')}, gone before you read them"
        if client.missed
        else "you have missed nothing",
        f"a line may have {hub.settings.max_line} bytes",
        f"of your lines, {limits.burst} are taken at once, then {limits.rate} a second; long ones "
        "and some commands count for several"
        if limits.rate
        else "your lines are taken as fast as you send them",
        *_exceptional(hub, client),
        f"answers that wait for you to read them take {client.owed_bytes} bytes; over {OWED_LIMIT} "
        "you are not listened to until you have",
        f"what others said to you alone, and waits, takes {client.private_bytes} bytes; over "
        f"{PRIVATE_LIMIT} it is refused",
    )


def _exceptional(hub: Hub, client: Client) -> list[str]:
    """What holds for few."""
    lines = []
    if hub.settings.limits.idle_timeout:
        idle = duration(hub.settings.limits.idle_timeout)
        lines.append(f"who sends nothing for {idle} is disconnected, with a warning before")
    if mute := hub.mute_of(client):
        lines.append(f"you are muted {mute.tell(time.time())}")
    if client.operator:
        lines.append("you are an operator; /help operators lists what you may do")
    return lines


@command()
def invite(hub: Hub, client: Client) -> None:
    """show how others can join from here

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
        "others can join with:"
        if for_others
        else "only from this machine, until the server is started with --host 0.0.0.0:",
        *(f"  nc {host} {port}" for host in hosts),
        f"  ncat {hosts[0]} {port}",
        f"  telnet {hosts[0]} {port}",
        f"  and to post a line from a program: echo hello | nc -N {hosts[0]} {port}",
    )


@command()
def uptime(hub: Hub, client: Client) -> None:
    """tell how long the server has been running

    For example: /uptime
    """
    now = time.time()
    since = clock_and_day(hub.started, client.display.zone, now)
    hub.tell(client, f"up since {since}, for {duration(now - hub.started)}")


@command()
def version(hub: Hub, client: Client) -> None:
    """tell which program this is

    For example: /version
    """
    hub.tell(client, f"gchat {__version__}, on Python {platform.python_version()}")


@command()
def quit(hub: Hub, client: Client) -> None:
    """leave (nc then waits for one more Enter)

    For example: /quit
    """
    hub.confirm(client, "goodbye")
    raise Dismissed("quit")
