"""Clients that listen by HTTP: `/ROOM/raw`, `/ROOM/json` and `/ROOM/sse`.

They are in the room like all others, in a cohort with those that read as they do. They say nothing:
whatever they send behind the request ends their visit.
"""

import time
from contextlib import suppress
from typing import NamedTuple

from gchat.commands import Refused
from gchat.commands.rooms import opening
from gchat.doors.http_allowance import Allowance
from gchat.doors.http_refusals import problem_of
from gchat.doors.newcomer import Newcomer
from gchat.doors.reception import Reception
from gchat.doors.visit import Visit
from gchat.hub import membership
from gchat.hub.client import Client, Dismissed
from gchat.hub.hub import Hub
from gchat.hub.last_seen import Continuation, continue_behind
from gchat.model.display import PROGRAM
from gchat.model.epochs import read_place
from gchat.model.room_log import Cursor, RoomLog
from gchat.protocol.http_answers import EVENTS, LINES, TEXT, Problem, stream
from gchat.protocol.http_requests import Request
from gchat.protocol.http_routes import Route
from gchat.protocol.voices import voice_of
from gchat.runtime.loop import wait_for
from gchat.text.times import FORMS, past

MESSAGES_TO_A_LINE = 100
"""Earlier messages that are read for what a line costs in the rate limit."""

MOST_LINES = 500
"""What reading earlier messages costs at the most, in lines."""

_JSON = PROGRAM._replace(json=True, presence=True, notices=True)

READERS = {
    "raw": (TEXT, PROGRAM),
    "json": (LINES, _JSON),
    "sse": (EVENTS, _JSON._replace(framing="events")),
}
"""What each way of reading a room is called in HTTP, and how its lines look."""


class Beginning(NamedTuple):
    """What a client that listens is sent at first, and how long it stays."""

    head: bytes
    is_gap: bool
    """Messages before its cursor may be missing."""
    only_once: bool
    """It wants what was said by now, and no more."""


class Listening(Visit):
    """The visit of a client that listens by HTTP."""

    __slots__ = ("_beginning",)

    def __init__(self, hub: Hub, client: Client, beginning: Beginning) -> None:
        super().__init__(hub, client)
        self._beginning: Beginning | None = beginning

    def stay(self) -> None:
        """Send what is said in the room until the client breaks off, or once."""
        if self._begin().only_once:
            return
        connection = self._client.connection
        membership.listen(self._hub, self._client)
        while not self._ended:
            wait_for(connection.readable)
            with suppress(BlockingIOError):  # it only seemed to be readable
                if connection.recv(1):
                    raise Dismissed("sent something behind its request")
                self._ended = True

    def _begin(self) -> Beginning:
        """Owe the client the headers, and what it has to know; returns how it begins."""
        hub, client, beginning = self._hub, self._client, self._beginning
        self._beginning = None
        assert beginning
        hub.owe(client, beginning.head)
        if beginning.is_gap:
            hub.owe(client, voice_of(client.display).gap(None, client.log.room))
        return beginning


def head_of(asked: Route) -> bytes:
    """How the answer to a request to read a room begins."""
    return stream(READERS[asked.page][0])


def listener_for(
    reception: Reception,
    allowance: Allowance,
    newcomer: Newcomer,
    request: Request,
    asked: Route,
) -> Listening:
    """The visit of a client that wants to read a room. Raises Problem."""
    hub = reception.hub
    allowance.pay_for_room(newcomer.network, asked.room)
    try:
        with (
            opening(hub, asked.room),
            membership.kept_open(hub, asked.room, newcomer.network) as room,
        ):
            found = _place(hub, room.log, request, asked)
            behind = room.log.end.id - found.cursor.id
            allowance.pay(newcomer.network, 1 + min(MOST_LINES, behind // MESSAGES_TO_A_LINE))
            client = reception.new_client(newcomer.connection, newcomer.address, room.log)
    except Refused as refused:
        raise problem_of(refused) from None
    client.display = READERS[asked.page][1]
    client.enter(room.log, found.cursor)
    only_once = asked.query.get("poll", "0") != "0"
    return Listening(hub, client, Beginning(head_of(asked), found.is_gap, only_once))


def _place(hub: Hub, log: RoomLog, request: Request, asked: Route) -> Continuation:
    """Where the client begins to read. Raises Problem and StoreError."""
    last = request.headers.get("last-event-id", "")
    since = last or asked.query.get("since", "all" if "poll" in asked.query else "")
    if not since:
        return Continuation(log.end, False)
    if since == "all":
        return Continuation(_cursor_behind(hub, log, hub.history.start(log)), False)
    if place := read_place(since):
        return continue_behind(hub, log, place, log.end)
    begin = None if last else past(since, time.time(), None)
    if begin is None:
        raise Problem(
            400,
            f"since= takes the place of a message, such as 3f2a91c-1234, all, or {FORMS}",
            "not a time",
        )
    return Continuation(_cursor_behind(hub, log, hub.history.since(log, begin)), False)


def _cursor_behind(hub: Hub, log: RoomLog, last: int) -> Cursor:
    following = hub.history.after(log, last, 1)
    return Cursor(following[0].id - 1, following[0].spoken_before) if following else log.end
