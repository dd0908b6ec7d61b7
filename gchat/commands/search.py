"""Searching the messages."""

import time

from gchat.commands.arguments import log_of, read_place, too_long
from gchat.commands.history import announce, may_see, show
from gchat.commands.table import Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.message import Message
from gchat.protocol.voices import voice_of
from gchat.store.errors import StoreError, TookTooLong
from gchat.text.naming import name_key
from gchat.text.phrases import counted
from gchat.text.query import NotAQuery, Query, read_query

MOST_FOUND = 50
"""Messages that /find shows, the latest ones: about two screens."""

PORTION = 100
"""Messages that are read from a log at a time."""

CANDIDATES = 20
"""Messages that are read from the file at a time: each may be as long as --max-line."""

SLICE = 0.001
"""Seconds for which a log is searched at a time: a delay of others that nobody notices."""

BUDGET = 1.0
"""Seconds that a search may take, those of other searches not counted. One of a whole log in memory
takes a tenth of that; one in a file that takes more matches nearly everything."""

MAX_WANTED = 200
"""Characters of a search text: the worst messages take their length times the text's."""

AROUND = 5
"""Messages and notices that /around shows on either side."""

LAST_PLACE = 2**62
"""Above every row of the history file."""


@command("TEXT", cost=20, reads=True)
def find(hub: Hub, client: Client, wanted: str) -> None:
    """search the messages, in upper or lower case

    With a history file, it searches all rooms for words, "a phrase", the beginning of a word*,
    and from:NAME in:ROOM since:2d. Without one, it searches this room for any part of a text.
    For example: /find deploy
    """
    wanted = wanted.strip()
    if len(wanted) > MAX_WANTED:
        raise too_long("Search text", wanted, MAX_WANTED)
    if hub.store.is_kept:
        _find_in_file(hub, client, wanted)
        return
    found = _search(hub, client, wanted.casefold())
    _tell_number(hub, client, wanted, len(found))
    for number in reversed(found):
        show(hub, client, client.log, number - 1, number, with_places=True)


@command("PLACE", cost=20, reads=True)
def around(hub: Hub, client: Client, place: str) -> None:
    """show a message from /find with its neighbours

    It also shows the whole of a message that was shortened when you joined. For a message of this
    room, the number is enough.
    For example: /around #builds/1234
    """
    room, number = read_place(place, client.log.room)
    log = log_of(hub, room)
    first = max(hub.history.start(log), number - 1 - AROUND)
    end = min(log.end.id, number + AROUND)
    if first >= end:
        raise Refused(f"There is no message #{room}/{number}", "no such message")
    show(hub, client, log, first, end)


def _tell_number(hub: Hub, client: Client, wanted: str, count: int) -> None:
    if count == MOST_FOUND:
        which = "The last {} that match"
    else:
        which = "{} matches" if count == 1 else "{} match"
    quoted = wanted if '"' in wanted else f'"{wanted}"'
    announce(hub, client, count, which, f"No messages match {quoted}")


def _find_in_file(hub: Hub, client: Client, wanted: str) -> None:
    try:
        query = read_query(wanted, time.time(), client.display.zone)
    except NotAQuery as error:
        raise Refused(str(error), "not a query") from None
    if left := hub.history.complete_index():
        hub.tell(client, f"Not searched, as not indexed yet: {counted(left, 'new message')}")
    found = _places(hub, client, query)
    _tell_number(hub, client, wanted, len(found))
    for room, number in reversed(found):
        for message in hub.history.after(log_of(hub, room), number - 1, 1):
            # The message may have been deleted since it was found.
            if message.id == number and message.is_spoken and not client.lost:
                hub.enqueue(client, voice_of(client.display).found(message, time.time()))
        with hub.command_gate.paused(client.owner):
            client.wait_until_answers_are_read()


def _places(hub: Hub, client: Client, query: Query) -> list[tuple[str, int]]:
    """Find the rooms and ids of the latest messages that match `query`, latest first."""
    found, before, spent = list[tuple[str, int]](), LAST_PLACE, 0.0
    while len(found) < MOST_FOUND and not client.lost:
        if spent > BUDGET:
            raise _timed_out()
        try:
            with hub.command_gate.paused(client.owner):
                hits, seconds = _find_some(hub, client, query, before)
            spent += seconds
        except TookTooLong:
            raise _timed_out() from None
        except StoreError:
            hub.faults.report("cannot search the history for %s", client)
            raise Refused(
                "The history file cannot be read; details are in the server's log",
                "history not readable",
            ) from None
        for _, message in hits:
            is_from_sender = not query.sender or name_key(message.name) == query.sender
            if is_from_sender and may_see(client, message):
                found.append((message.room, message.id))
        if len(hits) < CANDIDATES:
            break
        before, _ = hits[-1]
    return found[:MOST_FOUND]


def _find_some(
    hub: Hub, client: Client, query: Query, before: int
) -> tuple[list[tuple[int, Message]], float]:
    """Search the file for the next CANDIDATES, when it is the turn of `client` to do so.

    Returns them, and the seconds that it took, which count as time of the client's.
    """
    with hub.search_gate.hold(client.owner, first=client.operator):
        began = time.perf_counter()
        try:
            hits = hub.archive.find(query, before, CANDIDATES)
        finally:
            seconds = time.perf_counter() - began
            hub.search_gate.charge(client.owner, seconds)
    return hits, seconds


def _timed_out() -> Refused:
    return Refused("The search timed out; add words to narrow it down", "search timed out")


def _search(hub: Hub, client: Client, wanted: str) -> list[int]:
    """Find the ids of the latest messages in memory with `wanted`, which is casefolded, in them.

    Latest first. Gives way to other commands every SLICE seconds.
    """
    log, found, spent = client.log, list[int](), 0.0
    end = log.end.id
    while end > log.start.id and len(found) < MOST_FOUND and not client.lost:
        first = max(log.start.id, end - PORTION)
        began = time.perf_counter()
        for message in reversed(log.after(first, end - first)):
            if wanted in message.text.casefold() and may_see(client, message):
                found.append(message.id)
            end = message.id - 1
            if len(found) == MOST_FOUND or time.perf_counter() > began + SLICE:
                break
        spent += time.perf_counter() - began
        if spent > BUDGET:
            raise _timed_out()
        hub.next_turn(client)
    return found
