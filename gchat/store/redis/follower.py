"""Reading what all servers say, in order, and joining a Redis that was restarted."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import starmap
from typing import Any

import gevent

from gchat.store.redis import keys
from gchat.store.redis.chain import Chain
from gchat.store.redis.claims import Claims
from gchat.store.redis.deletions import all_deleted
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

MOST_FOLLOWED = 200
"""Rooms that are followed one by one. Redis pays for each of them whenever it waits: with 1,000
rooms and 100 lines a second, three and a half times what it costs to be told which room has
something new, and to read that."""

KNOWN_NEWS = 2000
"""News that are known if they are read again: more than Redis keeps."""

DELETED = "deleted"
"""What tells of messages that were deleted."""

HERE = "here"
"""What a server tells that has started, before clients come to it."""

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
        self._first_news = "0-0"
        """The id of the last news that came before this server."""
        self._known_news = deque[str](maxlen=KNOWN_NEWS)
        """The ids of the last news that were read: these may be read again."""
        self._behind = dict[str, None]()
        """Rooms that may have more than was read; some of them are read next, and do not wait."""
        self._said = 0
        """The number of the last entry of the stream `said`, if that is followed."""
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
        if len(ends) > MOST_FOLLOWED:
            self._behind.update(dict.fromkeys(ends.keys() - self._following))
        self._following = {*ends}
        if len(self.chains) > 2 * len(ends) + SPARE:
            self.chains = {room: each for room, each in self.chains.items() if room in ends}
        for room, end in ends.items():
            chain = self.chains.get(room)
            if chain is None or chain.end != end:
                self.chains[room] = Chain(end, None)
        self._outbox.settle_all(ends)
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
            self._read_up_to.pop(keys.SAID, None)
            self.run, self._must_join = self._link.run, False
            self._has_joined = True
            self._behind = dict.fromkeys(rooms)
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
        end, _ = self._last_of(keys.NEWS)
        if not self.run:
            self._read_up_to[keys.NEWS] = self._first_news = end
        elif _time_of(end) < _time_of(self._read_up_to[keys.NEWS]):
            self._read_up_to[keys.NEWS] = "0-0"
        self._read_up_to[self._inbox] = "0-0"

    def _last_of(self, stream: str) -> tuple[str, Sequence[bytes]]:
        """The id of the last entry of `stream`, and its fields; 0-0 if there is none."""
        last = self._link.call("XREVRANGE", stream, "+", "-", "COUNT", 1)
        return (last[0][0].decode(), last[0][1]) if last else ("0-0", ())

    def _read(self, ends: Mapping[str, int]) -> list[News]:
        self._follow_many(ends)
        rooms, waits = self._choose(ends)
        names = {keys.log(room).encode(): room for room in rooms}
        streams = [*self._read_up_to, *map(keys.log, rooms)]
        places = [*self._read_up_to.values(), *(f"{ends[room]}-0" for room in rooms)]
        command: list[str | int] = ["XREAD", "COUNT", COUNT, "STREAMS", *streams, *places]
        if waits:
            command[1:1] = ["BLOCK", BLOCK]
        news, done = list[News](), {*rooms}
        read = dict[str, list[str]]()
        for name, raw in self._call(command) or ():
            if room := names.get(name, ""):
                news += self._news_of(room, raw)
                if len(raw) == COUNT or self.chains[room].end != _id_of(raw[-1]):
                    done.remove(room)
                    self._behind[room] = None
            else:
                stream = name.decode()
                if stream == keys.NEWS and self._has_missed_some(raw):
                    news += starmap(Deleted, all_deleted(self._link))
                read[stream] = [number.decode() for number, _ in raw]
                if stream == keys.SAID:
                    self._wake(raw, ends)
                else:
                    news += self._told(raw) if stream == keys.NEWS else self._letters(raw)
        for stream, numbers in read.items():  # now, as nothing has failed
            self._read_up_to[stream] = numbers[-1]
        self._read_letters += read.get(self._inbox, ())
        self._known_news += read.get(keys.NEWS, ())
        for room in done:
            self._behind.pop(room, None)
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
        self._behind = {room: None for room in self._behind if room in ends}
        if self._behind:
            return [*self._behind][:ROOMS], False
        return ([] if keys.SAID in self._read_up_to else [*ends]), True

    def _follow_many(self, ends: Mapping[str, int]) -> None:
        """Follow the stream that tells which rooms have something new, if there are many rooms."""
        is_told, are_many = keys.SAID in self._read_up_to, len(ends) > MOST_FOLLOWED
        if is_told and not are_many:
            del self._read_up_to[keys.SAID]
        elif are_many and not is_told:
            self._read_up_to[keys.SAID], fields = self._last_of(keys.SAID)
            self._said = int(fields[1]) if fields else 0
            self._behind = dict.fromkeys(ends)

    def _wake(self, raw: Sequence[Any], ends: Mapping[str, int]) -> None:
        """Have the rooms read next that entries of the stream `said` are about."""
        if int(raw[0][1][1]) != self._said + 1:  # some are not kept any more
            self._behind = dict.fromkeys(ends)
        for _, (_, number, _, stream, _, last) in raw:
            self._said = int(number)
            room = keys.room_of(stream.decode())
            if ends.get(room, int(last)) < int(last):
                self._behind[room] = None

    def _news_of(self, room: str, raw: Sequence[Any]) -> list[News]:
        chain = self.chains[room]
        found = complete(self._link, room, chain.end, raw)
        try:
            check(chain, found, raw)
        except HasForked:
            return [self._fork(room)]
        return news_of(self._link, room, chain, found, self._outbox)

    def _has_missed_some(self, raw: Sequence[Any]) -> bool:
        """Whether there was news, behind what was read and before `raw`, that is not kept any more.

        Raises StoreError.
        """
        if len(raw) < COUNT:  # many more are kept
            return False
        ((first, _),) = self._link.call("XRANGE", keys.NEWS, "-", "+", "COUNT", 1)
        return _time_of(first.decode()) > _time_of(self._read_up_to[keys.NEWS])

    def _told(self, raw: Sequence[Any]) -> list[News]:
        """What other servers have told; of what is read again, deletions, which do no harm."""
        news = list[News]()
        for number, fields in raw:
            node, kind, what = json.loads(fields[1])
            if node != self._node and kind == DELETED:
                news.append(Deleted(*what))
            elif node == self._node or self._is_known(number.decode()):
                continue
            elif kind == HERE:
                self.known = [*self.known, node]
            else:
                news.append(Informed(kind, what))
        return news

    def _is_known(self, number: str) -> bool:
        """Whether news with this id was read before, or came before this server."""
        return number in self._known_news or _time_of(number) <= _time_of(self._first_news)

    def _letters(self, raw: Sequence[Any]) -> list[News]:
        """What came into the inbox of this server. Raises StoreError.

        The time is asked for behind that: this server may have been paused since Redis answered.
        """
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


def _id_of(raw: Sequence[Any]) -> int:
    """The id of a message, of its entry as Redis returns it."""
    return int(raw[0].partition(b"-")[0])
