"""Help, your connection and limits, and the server itself."""

import platform
import time
from collections.abc import Iterable, Iterator
from textwrap import wrap

from gchat import __version__
from gchat.commands.arguments import MAX_TEXT, too_long
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
from gchat.config.settings import WITH_TLS, WITHOUT_TLS
from gchat.hub.client import Client, Dismissed
from gchat.hub.direct_messages import PRIVATE_LIMIT
from gchat.hub.hub import Hub
from gchat.hub.owed import OWED_LIMIT
from gchat.hub.seats import MOST_SEATS
from gchat.model.answers import moment
from gchat.model.server_answers import Help, Invitation, ListedCommand, Uptime, Version, Why
from gchat.runtime.interfaces import hosts_to_type
from gchat.text.addresses import address_of, page_address
from gchat.text.clock import clock_and_day, duration
from gchat.text.phrases import counted, listing

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
        hub.answer(client, *_overview(listed), facts=_facts(TABLE.values()))
    elif name in OPERATORS:
        theirs = [entry for each in OPERATORS_GROUPS for entry in listed[each]]
        hub.answer(client, *_explain_operators(hub, client, listed), facts=_facts(theirs))
    elif group:
        if entry := TABLE.get(f"/{name}"):  # /history is called like its group
            hub.answer(client, *_explain(entry), facts=_facts([entry]))
        hub.answer(client, f"{name}: {title(name)}", *_table(group), EACH, facts=_facts(group))
    elif entry := lookup(f"/{name}"):
        hub.answer(client, *_explain(entry), facts=_facts([entry]))
    else:
        raise Refused(f"No help for {name[:MAX_SHOWN]}; {advice(f'/{name}')}", "unknown command")


def _facts(entries: Iterable[Command]) -> Help:
    return Help(
        [
            ListedCommand(
                entry.name, entry.arguments, entry.group, entry.summary, entry.operators_only
            )
            for entry in entries
        ]
    )


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
    limits, seats = hub.settings.limits, client.seats
    lag, missed = client.behind, sum(seat.missed for seat in seats)
    rooms = [f"#{seat.log.room}" for seat in seats]
    here = "this room" if len(rooms) == 1 else "these rooms"
    hub.answer(
        client,
        f"You are {client.name}, in {listing(rooms, len(rooms), MOST_SEATS)}, connected for "
        f"{duration(time.monotonic() - client.since)}",
        f"You are {counted(lag, 'message')} behind: your connection is too slow for them"
        if lag
        else f"You have received all messages sent to {here} since you came",
        f"You missed {counted(missed, 'message')}, dropped before you read them"
        if missed
        else "You missed no messages",
        f"Line length: at most {hub.settings.max_line} bytes",
        f"Rate limit: a burst of {counted(limits.burst, 'line')}, then {limits.rate} per second "
        "(long lines and some commands count as several)"
        if limits.rate
        else "Rate limit: none",
        *_exceptional(hub, client),
        f"Unread answers: {client.owed_bytes} of {OWED_LIMIT} bytes; above that the server stops "
        "reading from you until you catch up",
        f"Unread direct messages: {client.private_bytes} of {PRIVATE_LIMIT} bytes; above that only "
        "short ones are taken, from those who have sent you little",
        facts=_facts_of(hub, client),
    )


def _facts_of(hub: Hub, client: Client) -> Why:
    limits, now, mute = hub.settings.limits, hub.clock.steady(), hub.mute_of(client)
    return Why(
        name=client.name,
        room=client.log.room,
        rooms=[seat.log.room for seat in client.seats],
        since=moment(time.time() - time.monotonic() + client.since),
        behind=client.behind,
        missed=sum(seat.missed for seat in client.seats),
        operator=client.operator,
        muted=mute.in_force(now) if mute else None,
        max_line=hub.settings.max_line,
        burst=limits.burst if limits.rate else None,
        rate=limits.rate or None,
        idle_timeout=limits.idle_timeout or None,
        unread_answers=client.owed_bytes,
        unread_answers_limit=OWED_LIMIT,
        unread_privates=client.private_bytes,
        unread_privates_limit=PRIVATE_LIMIT,
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
    settings = hub.settings
    is_plain, is_encrypted = (each in settings.join_commands for each in (WITHOUT_TLS, WITH_TLS))
    page = page_address(settings.page_scheme, hosts[0], port) if settings.has_page else ""
    hub.answer(
        client,
        "Others can join with:"
        if for_others
        else "Only from this machine, until the server is started with --host 0.0.0.0:",
        *(_ways_without_tls(hosts, port) if is_plain else []),
        *(_ways_with_tls(hosts, port, settings.fingerprint) if is_encrypted else []),
        *([f"  With a browser: {page}"] if page else []),
        facts=Invitation(
            hosts,
            port,
            for_others,
            is_plain,
            is_encrypted,
            settings.fingerprint,
            page,
        ),
    )


def _ways_without_tls(hosts: list[str], port: int) -> Iterator[str]:
    yield from (f"  nc {host} {port}" for host in hosts)
    yield f"  ncat {hosts[0]} {port}"
    yield f"  telnet {hosts[0]} {port}"
    yield f"  To send a line from a program: echo hello | nc -N {hosts[0]} {port}"


def _ways_with_tls(hosts: list[str], port: int, fingerprint: str) -> Iterator[str]:
    host = f"[{hosts[0]}]" if ":" in hosts[0] else hosts[0]
    yield "Encrypted:"
    yield from (f"  ncat --ssl {host} {port}" for host in hosts)
    yield f"  openssl s_client -quiet -connect {host}:{port}"
    if fingerprint:
        yield f"  The certificate is this server's own. Its SHA-256 fingerprint: {fingerprint}"


@command()
def uptime(hub: Hub, client: Client) -> None:
    """show how long the server has been running

    For example: /uptime
    """
    now = time.time()
    elapsed = hub.clock.elapsed()
    since = clock_and_day(now - elapsed, client.display.zone, now)
    facts = Uptime(moment(now - elapsed), int(elapsed))
    hub.answer(client, f"Up since {since}, for {duration(elapsed)}", facts=facts)


@command()
def version(hub: Hub, client: Client) -> None:
    """show the version

    For example: /version
    """
    python = platform.python_version()
    facts = Version(__version__, python)
    hub.answer(client, f"gchat {__version__}, on Python {python}", facts=facts)


@command("[TEXT]")
def quit(hub: Hub, client: Client, text: str) -> None:
    """leave the chat (in nc, press Enter once more)

    Others in the room are told TEXT with your leaving.
    For example: /quit see you tomorrow
    """
    text = text.strip()
    if len(text) > MAX_TEXT:
        raise too_long("Text", text)
    if not hub.mute_of(client):
        client.farewell = text
    hub.confirm(client, "Goodbye")
    raise Dismissed("quit")
