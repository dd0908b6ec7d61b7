"""Earlier messages of this room."""

import time

from gchat.commands.arguments import message_at, read_message
from gchat.commands.table import MAX_SHOWN, Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.owed import OWED_LIMIT
from gchat.model.answers import Answer, History, Since, moment
from gchat.model.message import Message
from gchat.model.room_log import Cursor, RoomLog
from gchat.protocol.days import day_line
from gchat.protocol.voices import Voice
from gchat.text.clock import clock_and_day
from gchat.text.phrases import NotANumber, as_number, counted
from gchat.text.times import FORMS, past

MOST = 10**9
"""Messages that /history may be asked for: more than there are."""

SHOWN = 20
"""Messages that /history shows without an argument: about a screen of them."""

PORTION = 100
"""Messages that are read from the log at a time, before other commands have their turn."""


@command("[N] [PLACE]", cost=50, reads=True)
def history(hub: Hub, client: Client, count: str, before: str) -> None:
    """show the last N messages (20) here, or N before PLACE

    PLACE is that of a message in this room, such as 1234. Operators also see the place of each,
    such as #builds/1234, which /delete takes.
    For example: /history 50
    """
    try:
        number = as_number(count, 1, MOST) if count else SHOWN
    except NotANumber as error:
        raise Refused(
            f"/history takes how many messages to show: {error}", "not a number"
        ) from None
    log = client.at.log
    if before:
        _show_before(hub, client, log, number, before)
        return
    first = hub.history.back(log, number)
    found = _count(hub, log, first, log.end)
    which = f"The last {'message' if found == 1 else '{}'} in #{log.room}"
    yet = "are kept any more" if log.end.spoken else "yet"
    none = f"No messages in #{log.room} {yet}"
    announce(hub, client, found, which, none, History(log.room, found))
    show(hub, client, log, first, with_places=client.operator)


@command("WHEN", cost=50, reads=True)
def since(hub: Hub, client: Client, when: str) -> None:
    """show the messages since WHEN: 10m, 14:30, yesterday

    Also 1h30m, 2 hours, 10m ago, 14:30:00, 2pm, monday, 2026-11-28 14:30, and every time that you
    are shown. A time of day is the last one. Clocks and days are those of your /time zone.
    For example: /since 10m
    """
    now, zone, log = time.time(), client.display.zone, client.at.log
    begin = past(when, now, zone)
    if begin is None:
        raise Refused(f"“{when[:MAX_SHOWN]}” is not a time; /since takes {FORMS}", "not a time")
    first = hub.history.since(log, begin)
    if first == hub.history.start(log) > 0:
        following = hub.history.after(log, first, 1)
        kept = clock_and_day(following[0].time if following else now, zone, now)
        hub.answer(client, f"Messages before {kept} are no longer kept")
    shown = clock_and_day(begin, zone, now)
    found = _count(hub, log, first, log.end)
    which, none = f"{{}} since {shown}", f"No messages since {shown}"
    announce(hub, client, found, which, none, Since(log.room, moment(begin), found))
    show(hub, client, log, first, with_places=client.operator)


def announce(hub: Hub, client: Client, count: int, which: str, none: str, facts: Answer) -> None:
    """Tell `client` the heading `which` of `count` messages, `{}` being their number; or `none`."""
    ignoring = " (ignored users left out)" if client.ignores.names else ""
    heading = f"{which.format(counted(count, 'message'))}{ignoring}:"
    hub.answer(client, heading if count else none, facts=facts)


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
    end, before = log.end.id if end is None else end, None
    while last < end and not client.lost:
        found = hub.history.after(log, last, min(PORTION, end - last))
        if not found:
            return
        if found[0].id > last + 1:
            hub.answer(client, "(older messages are no longer kept)")
        if found[0].id > end:
            return
        lines, last, before = _portion(client, hub.voice_for(client), found, with_places, before)
        del found
        if lines:
            hub.enqueue(client, lines)
        hub.next_turn(client)


def _portion(
    client: Client, voice: Voice, found: list[Message], with_places: bool, before: float | None
) -> tuple[bytes, int, float | None]:
    """Encode the first of `found`, about OWED_LIMIT bytes, with a line where a day begins.

    `before` is the time of the message that was shown before them, if there is one. Returns the
    lines, their last id, and the time of the last that is shown.
    """
    now = time.time()
    encode = voice.found if with_places else voice.again
    lines, size, last = [], 0, 0
    for message in found:
        last = message.id
        if may_see(client, message):
            if before is not None:
                lines.append(day_line(client.display, before, message.time))
            before = message.time
            lines.append(encode(message, now))
            size += len(lines[-1])
            if size > OWED_LIMIT:
                break
    return b"".join(lines), last, before


def may_see(client: Client, message: Message) -> bool:
    """Whether `message` is no notice and not deleted, and `client` does not ignore its sender."""
    return message.is_spoken and not client.ignores.hides(message.sender, message.name)


def _show_before(hub: Hub, client: Client, log: RoomLog, number: int, typed: str) -> None:
    """Show the last `number` messages before the one whose place is `typed`. Raises Refused."""
    room, place = read_message(typed, log.room)
    if room != log.room:
        raise Refused(f"/history shows messages of this room, #{log.room}", "of another room")
    message = message_at(hub, log, place)
    end = Cursor(message.id - 1, message.spoken_before)
    first = hub.history.back(log, number, end.spoken)
    found = _count(hub, log, first, end)
    which = f"The {'message' if found == 1 else '{}'} before #{room}/{message.id}"
    none = f"No messages before #{room}/{message.id} are kept"
    announce(hub, client, found, which, none, History(room, found))
    show(hub, client, log, first, end.id, with_places=client.operator)


def _count(hub: Hub, log: RoomLog, first: int, end: Cursor) -> int:
    """Count the messages between the id `first` and `end`, but for notices and deleted ones."""
    following = hub.history.after(log, first, 1)
    if not following:
        return 0
    said = end.spoken - following[0].spoken_before
    gone = hub.history.gone_after(log, first) - hub.history.gone_after(log, end.id)
    return max(0, said - gone)
