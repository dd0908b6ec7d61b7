"""Earlier messages of this room."""

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
"""Messages that /history shows without an argument: about a screen of them."""

PORTION = 100
"""Messages that are read from the log at a time, before other commands have their turn."""


@command("[N]", cost=50, reads=True)
def history(hub: Hub, client: Client, count: str) -> None:
    """show the last N messages of this room, or the last 20

    For example: /history 50
    """
    if count and not (count.isdecimal() and len(count) < 10 and int(count)):
        raise WrongArgument
    log = client.log
    first = hub.history.back(log, int(count or SHOWN))
    found = _count_from(hub, log, first)
    which = f"The last {'message' if found == 1 else '{}'} in #{log.room}"
    yet = "are kept any more" if log.end.spoken else "yet"
    announce(hub, client, found, which, f"No messages in #{log.room} {yet}")
    show(hub, client, log, first)


@command("WHEN", cost=50, reads=True)
def since(hub: Hub, client: Client, when: str) -> None:
    """show the messages since WHEN: 10m, 2h, 1d or 14:30

    10m, 2h and 1d mean so long ago, 14:30 the last time that the clock showed it.

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
        hub.tell(client, f"Messages before {kept} are no longer kept")
    shown = clock_and_day(begin, zone, now)
    found = _count_from(hub, log, first)
    announce(hub, client, found, f"{{}} since {shown}", f"No messages since {shown}")
    show(hub, client, log, first)


def announce(hub: Hub, client: Client, count: int, which: str, none: str) -> None:
    """Tell `client` the heading `which` of `count` messages, `{}` being their number; or `none`."""
    ignoring = " (ignored users left out)" if client.ignores.names else ""
    hub.tell(client, f"{which.format(counted(count, 'message'))}{ignoring}:" if count else none)


def show(
    hub: Hub,
    client: Client,
    log: RoomLog,
    last: int,
    end: int | None = None,
    with_places: bool = False,
) -> None:
    """Queue for `client` the messages after the id `last`, up to `end` or the end of the log.

    `encode` makes lines of them. Waits whenever the client has unread answers; holds no messages
    that the log has dropped meanwhile.
    """
    end = end or log.end.id
    while last < end and not client.lost:
        found = hub.history.after(log, last, min(PORTION, end - last))
        if not found:
            return
        if found[0].id > last + 1:
            hub.tell(client, "(older messages are no longer kept)")
        if found[0].id > end:
            return
        lines, last = _portion(client, found, with_places)
        del found
        if lines:
            hub.enqueue(client, lines)
        hub.next_turn(client)


def _portion(client: Client, found: list[Message], with_places: bool) -> tuple[bytes, int]:
    """Encode the first of `found`, about OWED_LIMIT bytes; return the lines and their last id."""
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
    """Whether `message` is no notice and not deleted, and `client` does not ignore its sender."""
    return message.is_spoken and not client.ignores.hides(message.sender, message.name)


def _count_from(hub: Hub, log: RoomLog, first: int) -> int:
    """Count the messages after the id `first`, without notices and deleted messages."""
    following = hub.history.after(log, first, 1)
    if not following:
        return 0
    said = log.end.spoken - following[0].spoken_before
    return max(0, said - hub.history.gone_after(log, first))
