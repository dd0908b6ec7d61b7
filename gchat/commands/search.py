"""Finding what was said: in this room as far as memory goes, or in all rooms in the file."""

import time

from gchat.commands.arguments import log_of, place_wanted, too_long
from gchat.commands.history import announce, may_see, show
from gchat.commands.table import Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.protocol.voices import voice_of
from gchat.store.errors import StoreError, TookTooLong
from gchat.text.naming import name_key
from gchat.text.phrases import counted
from gchat.text.query import NotAQuery, Query, read_query

MOST_FOUND = 50
"""Messages that are shown."""

PORTION = 100
"""Messages that are taken from a log at a time."""

CANDIDATES = 20
"""Messages that are taken from the file at a time: each may be as long as a line may be."""

SLICE = 0.001
"""Seconds for which a log is searched at a time."""

MAX_WANTED = 200
"""Characters that are searched for: some texts take their length times that of the wanted one."""

AROUND = 5
"""Messages and notices on both sides of one that are looked at."""

LAST_PLACE = 2**62


@command("TEXT", cost=100)
def find(hub: Hub, client: Client, wanted: str) -> None:
    """show the last messages with TEXT in them, in upper or lower case

    If the server keeps a history file: in all rooms, by words, "a phrase", the beginning of a
    word*, and from:NAME in:ROOM since:2d. Otherwise in this room, by any part of the text.
    For example: /find deploy
    """
    wanted = wanted.strip()
    if len(wanted) > MAX_WANTED:
        raise too_long("what to find", wanted, MAX_WANTED)
    if hub.store.is_kept:
        _find_in_file(hub, client, wanted)
        return
    found = _search(hub, client, wanted.casefold())
    _tell_number(hub, client, len(found))
    for number in reversed(found):
        show(hub, client, client.log, number - 1, number, with_places=True)


@command("PLACE", cost=20)
def around(hub: Hub, client: Client, place: str) -> None:
    """show what was said before and after a message that /find has shown

    Also all of a message whose beginning was shown when you came in. For a message in this room its
    number is enough.
    For example: /around #builds/1234
    """
    room, number = place_wanted(place, client.log.room)
    log = log_of(hub, room)
    first = max(hub.history.start(log), number - 1 - AROUND)
    end = min(log.end.id, number + AROUND)
    if first >= end:
        raise Refused(f"nothing is kept of #{room}/{number}", "a place")
    show(hub, client, log, first, end)


def _tell_number(hub: Hub, client: Client, count: int) -> None:
    last = "the last " if count == MOST_FOUND else ""
    announce(hub, client, count, f"{last}{{}} with that", "no message here has that in it")


def _find_in_file(hub: Hub, client: Client, wanted: str) -> None:
    try:
        query = read_query(wanted, time.time(), client.display.zone)
    except NotAQuery as error:
        raise Refused(f"that cannot be found: {error}", "a query") from None
    if left := hub.history.complete_index():
        hub.tell(client, f"the last {counted(left, 'message')} cannot be found yet")
    found = _places(hub, client, query)
    _tell_number(hub, client, len(found))
    for room, number in reversed(found):
        for message in hub.history.after(log_of(hub, room), number - 1, 1):
            # It may have been deleted since it was found.
            if message.id == number and message.is_spoken and not client.lost:
                hub.enqueue(client, voice_of(client.display).found(message, time.time()))
        client.wait_until_answers_are_read()


def _places(hub: Hub, client: Client, query: Query) -> list[tuple[str, int]]:
    """The rooms and ids of the last messages that `query` matches, the very last first."""
    found, before = list[tuple[str, int]](), LAST_PLACE
    while len(found) < MOST_FOUND and not client.lost:
        try:
            hits = hub.archive.find(query, before, CANDIDATES)
        except TookTooLong:
            raise Refused("that takes too long; say more about it", "a query") from None
        except StoreError:
            hub.faults.report("cannot search the history for %s", client)
            raise Refused("the history file cannot be read; it is in the log", "a query") from None
        for _, message in hits:
            by_them = not query.sender or name_key(message.name) == query.sender
            if by_them and may_see(client, message):
                found.append((message.room, message.id))
        if len(hits) < CANDIDATES:
            break
        before, _ = hits[-1]
        hub.command_gate.pass_through()
    return found[:MOST_FOUND]


def _search(hub: Hub, client: Client, wanted: str) -> list[int]:
    """The ids of the last messages in memory with `wanted` in them, the very last first.

    Gives way to others again and again.
    """
    log, found = client.log, list[int]()
    end = log.end.id
    while end > log.start.id and len(found) < MOST_FOUND and not client.lost:
        first = max(log.start.id, end - PORTION)
        deadline = time.perf_counter() + SLICE
        for message in reversed(log.after(first, end - first)):
            if wanted in message.text.casefold() and may_see(client, message):
                found.append(message.id)
            end = message.id - 1
            if len(found) == MOST_FOUND or time.perf_counter() > deadline:
                break
        hub.command_gate.pass_through()
    return found
