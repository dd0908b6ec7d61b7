"""Searching the history file, or what is in memory: the same query finds the same in both."""

import time
from collections.abc import Iterator
from heapq import heapify, heappop, heapreplace
from itertools import islice

from gchat.commands.history import may_see
from gchat.commands.table import Refused
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.message import SPOKEN, Message
from gchat.model.room_log import RoomLog
from gchat.runtime.waited import seconds_waited
from gchat.store.errors import StoreError, TookTooLong
from gchat.text.query import Query

PORTION = 100
"""Messages that are read from a log at a time."""

CANDIDATES = 50
"""Messages that are found in the file at a time: each may be as long as --max-line."""

SLICE = 0.001
"""Seconds for which a log is searched at a time: a delay of others that nobody notices."""

BUDGET = 1.0
"""Seconds that a search may take, those not counted in which it waits for others or for a lock. One
of a whole log in memory takes a fifth of that; one in a file that takes more matches nearly
everything, or has a single character to look for."""

LAST_PLACE = 2**62
"""Above every row of the history file."""


def find(hub: Hub, client: Client, query: Query, most: int) -> list[tuple[str, int]]:
    """Find the rooms and ids of the latest messages that match `query` and `client` may see.

    At most `most`, the latest first. Raises Refused.
    """
    search = _find_in_file if hub.store.is_kept else _find_in_memory
    # Not the messages: they may be long, and who has asked may be slow to read them.
    places = (
        (message.room, message.id)
        for message in search(hub, client, query)
        if may_see(client, message)
    )
    return list(islice(places, most))


def _find_in_file(hub: Hub, client: Client, query: Query) -> Iterator[Message]:
    before, spent = LAST_PLACE, 0.0
    while before and not client.lost:
        if spent > BUDGET:
            raise _timed_out()
        try:
            with hub.searching(client):
                began = _worked()
                before, found = hub.archive.find(query, before, CANDIDATES)
                spent += _worked() - began
        except TookTooLong:
            raise _timed_out() from None
        except StoreError:
            hub.faults.report("cannot search the history for %s", client)
            raise Refused(
                "The history file cannot be read; details are in the server's log",
                "history not readable",
            ) from None
        yield from found


def _worked() -> float:
    """A clock that stands still while the search waits for a thread or a lock."""
    return time.perf_counter() - seconds_waited()


def _find_in_memory(hub: Hub, client: Client, query: Query) -> Iterator[Message]:
    """Search the logs of all rooms, a slice at a time: first the one with the latest message left.

    Gives way to other commands in between.
    """
    spent, rooms = 0.0, [_Unsearched(room.log) for room in hub.rooms.by_name.values()]
    rooms = [each for each in rooms if each.latest and query.room in ("", each.log.room)]
    heapify(rooms)
    found = list[Message]()
    while rooms and not client.lost:
        began = time.perf_counter()
        rooms[0].search(query, found)
        if rooms[0].latest:
            heapreplace(rooms, rooms[0])
        else:
            heappop(rooms)
        spent += time.perf_counter() - began
        # What is found is told when no room has later messages left.
        found.sort(key=_time_and_id)
        while found and not (rooms and found[-1].time < rooms[0].latest):
            yield found.pop()
        if spent > BUDGET:
            raise _timed_out()
        hub.next_turn(client)
    yield from reversed(found)


class _Unsearched:
    """What is left of a log to be searched, from its end to its start."""

    def __init__(self, log: RoomLog) -> None:
        self.log = log
        self._end = log.end.id
        self.latest = log.latest if log.end.id > log.start.id else 0.0
        """The time of the last message that is left; 0 if none is."""

    def __lt__(self, other: "_Unsearched") -> bool:
        """Whether this log comes before `other`: it has the later message."""
        return self.latest > other.latest

    def search(self, query: Query, found: list[Message]) -> None:
        """Add the messages among the next PORTION that match; or fewer, if they take SLICE."""
        first = max(self.log.start.id, self._end - PORTION)
        stop = time.perf_counter() + SLICE
        self.latest = 0.0
        for message in reversed(self.log.after(first, self._end - first)):
            if time.perf_counter() > stop:
                self.latest = message.time
                return
            _, _, sent, room, kind, _, name, text, *_ = message
            if query.matches(sent, room, name, text) and kind in SPOKEN:
                found.append(message)
            self._end -= 1
        if following := self.log.after(self._end - 1, 1) if self._end > self.log.start.id else []:
            self.latest = following[0].time


def _time_and_id(message: Message) -> tuple[float, int]:
    return message.time, message.id


def _timed_out() -> Refused:
    return Refused("The search timed out; add words to narrow it down", "search timed out")
