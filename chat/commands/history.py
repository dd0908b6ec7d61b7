"""Looking back: what was said in this room, as far as it is kept."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from chat.client import OWED_LIMIT, Client
from chat.clock import clock_and_day, past
from chat.commands.table import WrongArgument, command
from chat.hub import Hub
from chat.log import RoomLog
from chat.loop import give_way
from chat.message import Message
from chat.wire import encode_with_time

SHOWN = 20
"""Messages that /history shows if it is not told how many."""

MOST_FOUND = 50
"""Messages that /find shows."""

PORTION = 100
"""Messages that are taken from the log at a time."""

MAX_LOOKED_THROUGH = 200_000
CHARACTERS_TO_FETCH = 400
"""Characters that are looked through at a time, which takes about a millisecond; and how many of
them it would take the time of that a message takes besides its text."""


@command("[N]")
def history(hub: Hub, client: Client, count: str) -> None:
    """show the last N messages of this room again, or the last 20, with their times

    For example: /history 50
    """
    if count and not (count.isdecimal() and len(count) < 10 and int(count)):
        raise WrongArgument
    log = client.log
    first = log.back(int(count or SHOWN))
    found = _count_from(log, first)
    _announce(hub, client, found, f"the last {{}} in #{log.room}", "nothing has been said here yet")
    _show(hub, client, _read(log, first))


@command("WHEN")
def since(hub: Hub, client: Client, when: str) -> None:
    """show what was said in this room since WHEN: 10m, 2h or 1d ago, or 14:30

    For example: /since 10m
    """
    now, zone, log = time.time(), client.look.zone, client.log
    begin = past(when, now, zone)
    if begin is None:
        raise WrongArgument
    first = log.since(begin)
    if first == log.start.id > 0:
        kept = clock_and_day(log.after(first, 1)[0].time, zone, now)
        hub.tell(client, f"what was said before {kept} is no longer kept")
    shown = clock_and_day(begin, zone, now)
    found = _count_from(log, first)
    _announce(hub, client, found, f"{{}} since {shown}", f"nothing was said since {shown}")
    _show(hub, client, _read(log, first))


@command("TEXT")
def find(hub: Hub, client: Client, wanted: str) -> None:
    """show the last messages of this room with TEXT in them, in upper or lower case

    For example: /find deploy
    """
    folded = wanted.casefold()
    matching = (
        message
        for message in _read_back(client.log)
        if folded in message.text.casefold() and _may_see(client, message)
    )
    found = list(islice(matching, MOST_FOUND))
    last = "the last " if len(found) == MOST_FOUND else ""
    _announce(hub, client, len(found), f"{last}{{}} with that", "no message here has that in it")
    _show(hub, client, reversed(found))


def _announce(hub: Hub, client: Client, count: int, which: str, none: str) -> None:
    """The line before `count` messages that will be shown, or that there are `none`."""
    number = "1 message" if count == 1 else f"{count} messages"
    ignoring = ", without those of whom you ignore" if client.ignores.names else ""
    hub.tell(client, f"{which.format(number)}{ignoring}:" if count else none)


def _show(hub: Hub, client: Client, messages: Iterable[Message]) -> None:
    """Owe `client` those of `messages` that it may see, no faster than it reads them."""
    now = time.time()
    lines: list[bytes] = []
    size = 0
    for message in messages:
        if _may_see(client, message):
            lines.append(encode_with_time(message, client.look, now))
            size += len(lines[-1])
        if size > OWED_LIMIT:
            hub.owe(client, b"".join(lines))
            lines.clear()
            size = 0
            client.wait_until_answers_are_read()
    if lines:
        hub.owe(client, b"".join(lines))


def _may_see(client: Client, message: Message) -> bool:
    return message.kind.is_spoken and not client.ignores.hides(message.sender, message.name)


def _count_from(log: RoomLog, first: int) -> int:
    """How many messages that people have said are behind the id `first`."""
    following = log.after(first, 1)
    return log.end.spoken - following[0].spoken + following[0].kind.is_spoken if following else 0


def _read(log: RoomLog, first: int) -> Iterator[Message]:
    """What is behind the id `first` now, giving way to others meanwhile."""
    end = log.end.id
    while first < end and (messages := log.after(first, min(PORTION, end - first))):
        yield from messages
        first = messages[-1].id
        give_way()


def _read_back(log: RoomLog) -> Iterator[Message]:
    """All that is kept, the last first, giving way to others meanwhile."""
    end, looked_through = log.end.id, 0
    while end > log.start.id:
        first = max(log.start.id, end - PORTION)
        for message in reversed(log.after(first, end - first)):
            yield message
            looked_through += CHARACTERS_TO_FETCH + len(message.text)
            if looked_through > MAX_LOOKED_THROUGH:
                looked_through = 0
                give_way()
        end = first
