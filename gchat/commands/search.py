"""Searching the messages."""

import time
from math import isfinite

from gchat.commands.arguments import log_of, message_at, read_message, too_long
from gchat.commands.finding import find as find_places
from gchat.commands.history import announce, show
from gchat.commands.table import Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.answers import Around, Found
from gchat.model.epochs import Place
from gchat.text.clock import clock_and_day
from gchat.text.phrases import counted
from gchat.text.query import NotAQuery, Query, read_query, typed_terms

MOST_FOUND = 50
"""Messages that /find shows, the latest ones: about two screens."""

MAX_WANTED = 200
"""Characters of a search text: the worst messages take their length times the text's."""

AROUND = 5
"""Messages and notices that /around shows on either side."""


@command("TEXT", cost=20, reads=True)
def find(hub: Hub, client: Client, wanted: str) -> None:
    """search the messages of all rooms for parts of their text

    Case and accents do not matter. Of several words, all must be there; "a phrase" as it stands.
    from:NAME in:ROOM since:2d before:14:30 on:monday narrow it down (times as for /since).
    For example: /find deploy from:ann
    """
    wanted = wanted.strip()
    if len(wanted) > MAX_WANTED:
        raise too_long("Search text", wanted, MAX_WANTED)
    try:
        query = read_query(wanted, time.time(), client.display.zone)
    except NotAQuery as error:
        raise Refused(str(error), "not a query") from None
    unsearched = _tell_uncovered(hub, client)
    found = find_places(hub, client, query, MOST_FOUND)
    if found:
        which = "{} matches" if len(found) == 1 else "{} match"
        which = "The last {} that match" if len(found) == MOST_FOUND else which
        announce(hub, client, len(found), which, "", Found(len(found), unsearched))
        _show_found(hub, client, found)
    else:
        why = _why_nothing(hub, client, wanted, query)
        hub.answer(client, why, facts=Found(0, unsearched))


@command("PLACE", cost=20, reads=True)
def around(hub: Hub, client: Client, place: str) -> None:
    """show a message from /find with its neighbours

    It also shows the whole of a message that was shortened when you joined. For a message of this
    room, the number is enough.
    For example: /around #builds/1234
    """
    room, at = read_message(place, client.at.log.room)
    log = log_of(hub, room)
    message = message_at(hub, log, at)
    place = str(Place(message.id, message.epoch))
    hub.answer(client, facts=Around(room, message.id, place))
    first = max(hub.history.start(log), at.id - 1 - AROUND)
    show(hub, client, log, first, min(log.end.id, at.id + AROUND), with_places=True)


def _tell_uncovered(hub: Hub, client: Client) -> int:
    """Tell what the search leaves out, as it has no place in the index yet; returns how many."""
    left = hub.history.complete_index()
    if left.new:
        what = counted(left.new, "new message")
        hub.answer(client, f"Not searched, as not indexed yet: {what}; try again later")
    if left.old:
        what = counted(left.old, "older message")
        hub.answer(client, f"Not searched, as not indexed yet: {what}; try again in some minutes")
    return left.new + left.old


def _show_found(hub: Hub, client: Client, found: list[tuple[str, int]]) -> None:
    """Show messages, the latest of which comes first, each if it was not deleted meanwhile."""
    for room, number in reversed(found):
        for message in hub.history.after(log_of(hub, room), number - 1, 1):
            if message.id == number and message.is_spoken and not client.lost:
                hub.enqueue(client, hub.voice_for(client).found(message, time.time()))
        with hub.command_gate.paused(client.owner):
            client.wait_until_answers_are_read()


def _why_nothing(hub: Hub, client: Client, wanted: str, query: Query) -> str:
    """What was looked for in vain, and where; or that there is no such room or sender."""
    is_open = query.room in ("", *hub.rooms.by_name)
    if not (is_open or find_places(hub, client, Query(room=query.room), 1)):
        return f"There is no room #{query.room}, and no messages of it; /rooms lists the rooms"
    if query.sender and not find_places(hub, client, Query(sender=query.sender), 1):
        return f"There are no messages from {query.sender}: they may have had another name then"
    now, zone = time.time(), client.display.zone
    where = [f"in #{query.room}" if query.room else "in all rooms"]
    if query.sender:
        where.append(f"from {query.sender}")
    if query.since:
        where.append(f"since {clock_and_day(query.since, zone, now)}")
    if isfinite(query.before):
        where.append(f"before {clock_and_day(query.before, zone, now)}")
    terms = " and ".join(f'"{term}"' for term in typed_terms(wanted, now, zone))
    return f"No messages match{f' {terms}' if terms else ''} ({', '.join(where)})"
