"""Looking back: what was said in this room, as far as it is kept."""

import time

from gchat.commands.table import WrongArgument, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.owed import OWED_LIMIT
from gchat.model.message import Message
from gchat.model.room_log import RoomLog
from gchat.protocol.voices import voice_of
from gchat.text.clock import clock_and_day, past
from gchat.text.phrases import counted

SHOWN = 20
"""Messages that /history shows if it is not told how many."""

PORTION = 100
"""Messages that are taken from the log at a time."""


@command("[N]", cost=50)
def history(hub: Hub, client: Client, count: str) -> None:
    """show the last N messages of this room again, or the last 20, with their times

    For example: /history 50
    """
    if count and not (count.isdecimal() and len(count) < 10 and int(count)):
        raise WrongArgument
    log = client.log
    first = hub.history.back(log, int(count or SHOWN))
    found = _count_from(hub, log, first)
    which = f"the last {'message' if found == 1 else '{}'} in #{log.room}"
    none = (
        "nothing that was said here is kept" if log.end.spoken else "nothing has been said here yet"
    )
    announce(hub, client, found, which, none)
    show(hub, client, log, first)


@command("WHEN", cost=50)
def since(hub: Hub, client: Client, when: str) -> None:
    """show what was said in this room since WHEN: 10m, 2h or 1d ago, or 14:30

    For example: /since 10m
    """
    now, zone, log = time.time(), client.display.zone, client.log
    begin = past(when, now, zone)
    if begin is None:
        raise WrongArgument
    first = hub.history.since(log, begin)
    if first == hub.history.start(log) > 0:
        following = hub.history.after(log, first, 1)
        kept = clock_and_day(following[0].time if following else now, zone, now)
        hub.tell(client, f"what was said before {kept} is no longer kept")
    shown = clock_and_day(begin, zone, now)
    found = _count_from(hub, log, first)
    announce(hub, client, found, f"{{}} since {shown}", f"nothing was said since {shown}")
    show(hub, client, log, first)


def announce(hub: Hub, client: Client, count: int, which: str, none: str) -> None:
    """The line before `count` messages that will be shown, or that there are `none`."""
    ignoring = ", without those of whom you ignore" if client.ignores.names else ""
    hub.tell(client, f"{which.format(counted(count, 'message'))}{ignoring}:" if count else none)


def show(
    hub: Hub,
    client: Client,
    log: RoomLog,
    last: int,
    end: int | None = None,
    with_places: bool = False,
) -> None:
    """Show `client` what follows the id `last`, up to `end` or what is said now.

    No faster than it is read, and nothing is held on to that the log has forgotten meanwhile.
    """
    end = end or log.end.id
    while last < end and not client.lost:
        found = hub.history.after(log, last, min(PORTION, end - last))
        if not found:
            return
        if found[0].id > last + 1:
            hub.tell(client, "what came here is no longer kept")
        if found[0].id > end:
            return
        lines, last = _portion(client, found, with_places)
        del found
        if lines:
            hub.enqueue(client, lines)
            client.wait_until_answers_are_read()
        hub.command_gate.pass_through()


def _portion(client: Client, found: list[Message], with_places: bool) -> tuple[bytes, int]:
    """The first lines of `found`, and the id that they end with."""
    voice, now = voice_of(client.display), time.time()
    encode = voice.found if with_places else voice.again
    lines, size, last = [], 0, 0
    for message in found:
        last = message.id
        if may_see(client, message):
            lines.append(encode(message, now))
            size += len(lines[-1])
            if size > OWED_LIMIT:
                break
    return b"".join(lines), last


def may_see(client: Client, message: Message) -> bool:
    """Whether somebody has said `message` whom `client` does not ignore."""
    return message.is_spoken and not client.ignores.hides(message.sender, message.name)


def _count_from(hub: Hub, log: RoomLog, first: int) -> int:
    """How many messages that people have said are behind the id `first`, without what is gone."""
    following = hub.history.after(log, first, 1)
    if not following:
        return 0
    said = log.end.spoken - following[0].spoken_before
    return max(0, said - hub.history.gone_after(log, first))
