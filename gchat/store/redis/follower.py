"""Reading what all servers say, in order, and joining a Redis that was restarted."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import gevent

from gchat.store.redis import keys
from gchat.store.redis.chain import Chain
from gchat.store.redis.claims import Claims
from gchat.store.redis.joining import find_common, give_back, join
from gchat.store.redis.link import Command, Link
from gchat.store.redis.outbox import Outbox
from gchat.store.redis.reader import HasForked, check, complete, news_of
from gchat.store.shared import Deleted, Forked, Informed, Letter, News

BLOCK = 1000
"""Milliseconds that Redis waits for news."""

PATIENCE = 3.0
"""Seconds that it may take to say that there are none."""

COUNT = 256
"""Entries of each stream that are read at a time: a millisecond of decoding."""

ROOMS = 32
"""Rooms that are read at a time while there is much to catch up with: Redis has no other bound for
all of them together, and 10,000 entries hold the loop for 28 ms."""

SPARE = 100
"""Rooms that are known and not open, before they are forgotten."""

DELETED = "deleted"
"""What tells of messages that were deleted."""

JOIN_PAUSE = 0.1
"""Seconds until the next look whether the other servers have joined."""


class Follower:
    """Reads the streams with a connection of its own, since Redis makes it wait there."""

    def __init__(self, url: str, node: str, outbox: Outbox, claims: Claims) -> None:
        """`node` is the number of the server."""
        self._link = Link(url, PATIENCE)
        self._outbox = outbox
        self._claims = claims
        self._node = node
        self._inbox = keys.inbox(node)
        self._read_up_to = {self._inbox: "0-0", keys.NEWS: ""}
        self._read_letters = list[str]()
        """The ids of letters that were read, and are to be taken out of the inbox: nobody is to
        find a direct message there."""
        self._behind = list[str]()
        """Rooms that may have more than was read; some of them are read next, and do not wait."""
        self._following = set[str]()
        self.chains: dict[str, Chain] = {}
        """How far each room is known."""
        self.run = ""
        """The run of Redis in which rooms may go on."""
        self._has_joined = self._must_join = False
        self.known: Sequence[str] = ()
        """The servers that were alive last."""

    def begin(self, room: str, chain: Chain) -> None:
        """Learn how far `room` is known, which was opened just now."""
        if room not in self._following:
            self.chains[room] = chain

    def next(self, ends: Mapping[str, int]) -> list[News]:
        """What comes behind `ends`; see SharedStore.follow."""
        self._following = {*ends}
        if len(self.chains) > 2 * len(ends) + SPARE:
            self.chains = {room: each for room, each in self.chains.items() if room in ends}
        for room, end in ends.items():
            chain = self.chains.get(room)
            if chain is None or chain.end != end:
                self.chains[room] = Chain(end, None)
            self._outbox.settle(room, end)
        if self._link.connect() != self.run or self._must_join:
            return self.join(ends)
        return self._read(ends)

    def join(self, rooms: Mapping[str, int] | Sequence[str] = ()) -> list[News]:
        """Give back what this run of Redis has lost of `rooms`, and learn whether they may go on.

        Raises StoreError.
        """
        self._link.connect()
        forks = [fork for room in rooms for fork in self._give_back(room)]
        if forks:
            return forks
        self._claims.give_back(self._link)
        if join(self._link, self._node, self.known, was_here=bool(self.run)):
            self._find_places()
            self.run, self._must_join = self._link.run, False
            self._has_joined = True
            self._behind = [*rooms]
        else:
            gevent.sleep(JOIN_PAUSE)
        return []

    def follows(self, room: str) -> bool:
        """Whether `room` is open here."""
        return room in self._following

    def join_again(self) -> None:
        """Agree with the other servers once more how rooms go on: Redis has lost something."""
        self._must_join = True

    def has_joined_again(self) -> bool:
        """Whether that was so since this was asked last."""
        has_joined, self._has_joined = self._has_joined, False
        return has_joined

    def close(self) -> None:
        """Close the connection."""
        self._link.close()

    def _give_back(self, room: str) -> list[News]:
        try:
            give_back(self._link, room, self.chains[room].recent)
        except HasForked:
            return [self._fork(room)]
        return []

    def _fork(self, room: str) -> Forked:
        """Go back to where the stream of `room` and what is known of it part."""
        common, mark = find_common(self._link, room, self.chains[room].recent)
        self.chains[room] = Chain(common.id, mark)
        self._outbox.forget_places(room)
        return Forked(room, common)

    def _find_places(self) -> None:
        """Learn where to read on in the streams that are no rooms. Raises StoreError.

        If Redis has lost these, their ids may be smaller now: they are times of its clock. Letters
        that were read are deleted before the next ones are read.
        """
        last = self._link.call("XREVRANGE", keys.NEWS, "+", "-", "COUNT", 1)
        end = last[0][0].decode() if last else "0-0"
        if not self.run:
            self._read_up_to[keys.NEWS] = end
        elif _time_of(end) < _time_of(self._read_up_to[keys.NEWS]):
            self._read_up_to[keys.NEWS] = "0-0"
        self._read_up_to[self._inbox] = "0-0"

    def _read(self, ends: Mapping[str, int]) -> list[News]:
        rooms, waits = self._choose(ends)
        names = {keys.log(room).encode(): room for room in rooms}
        streams = [*self._read_up_to, *map(keys.log, rooms)]
        places = [*self._read_up_to.values(), *(f"{ends[room]}-0" for room in rooms)]
        command: list[str | int] = ["XREAD", "COUNT", COUNT, "STREAMS", *streams, *places]
        if waits:
            command[1:1] = ["BLOCK", BLOCK]
        news = list[News]()
        for name, raw in self._call(command) or ():
            if room := names.get(name, ""):
                news += self._news_of(room, raw)
            else:
                self._read_up_to[name.decode()] = raw[-1][0].decode()
                news += self._told(raw) if name.decode() == keys.NEWS else self._letters(raw)
        return news

    def _call(self, command: Command) -> Any:
        if not self._read_letters:
            return self._link.call(*command)
        emptied = "XDEL", self._inbox, *self._read_letters
        _, found = self._link.call_all([emptied, command])
        self._read_letters.clear()
        return found

    def _choose(self, ends: Mapping[str, int]) -> tuple[Sequence[str], bool]:
        """Which rooms are read next, and whether that may wait."""
        if self._behind:
            some, self._behind = self._behind[:ROOMS], self._behind[ROOMS:]
            return [room for room in some if room in ends], False
        return [*ends], True

    def _news_of(self, room: str, raw: Sequence[Any]) -> list[News]:
        chain = self.chains[room]
        found = complete(self._link, room, chain.end, raw)
        try:
            check(chain, found, raw)
        except HasForked:
            return [self._fork(room)]
        news = news_of(self._link, room, chain, found, self._outbox)
        if len(raw) == COUNT:
            self._behind.append(room)
        return news

    def _told(self, raw: Sequence[Any]) -> list[News]:
        news = list[News]()
        for _, fields in raw:
            node, kind, what = json.loads(fields[1])
            if node != self._node:
                news.append(Deleted(*what) if kind == DELETED else Informed(kind, what))
        return news

    def _letters(self, raw: Sequence[Any]) -> list[News]:
        """What came into the inbox of this server. Raises StoreError.

        The time is asked for behind that: this server may have been paused since Redis answered.
        """
        self._read_letters += [number.decode() for number, _ in raw]
        letters = [
            (int(number.partition(b"-")[0]) / 1000, json.loads(fields[1]))
            for number, fields in raw
            if fields[0] == b"letter"
        ]
        if not letters:
            return []
        seconds, microseconds = map(int, self._link.call("TIME"))
        now = seconds + microseconds / 1e6
        return [Letter(server, kind, what, now - sent) for sent, (server, kind, what) in letters]


def _time_of(number: str) -> tuple[int, ...]:
    """The id of an entry, to be compared."""
    return tuple(map(int, number.split("-")))
