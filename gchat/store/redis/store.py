# ruff: noqa: D102 - base.py says what each method does
"""The store that several servers share: Redis puts rooms in order, a file of each keeps them."""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from time import monotonic, time
from typing import Any

from gchat.model.events import RoomEvent, encode
from gchat.model.message import SERVER, Message, Utterance
from gchat.model.peers import Others, Peer
from gchat.model.runs import rows_of
from gchat.store.base import END_PATIENCE, Batch, Opened, Placed
from gchat.store.errors import Damaged, NotAgreed, StoreError
from gchat.store.redis import keys
from gchat.store.redis.absence import Absence
from gchat.store.redis.claims import Claims
from gchat.store.redis.deletions import all_deleted, deleting
from gchat.store.redis.directory import RedisDirectory
from gchat.store.redis.follower import DELETED, HERE, Follower
from gchat.store.redis.history_file import HistoryFile
from gchat.store.redis.identities import SharedIdentities
from gchat.store.redis.link import Link, evaluate
from gchat.store.redis.opening import Differs, open_room
from gchat.store.redis.outbox import Outbox, place_once
from gchat.store.redis.roster import Roster, end_lease
from gchat.store.redis.scripts import SEND
from gchat.store.redis.starting import (
    START_PATIENCE,
    first_number,
    look_at_settings,
    raise_if_late,
    take_number,
)
from gchat.store.shared import (
    Arrived,
    Deleted,
    Forked,
    News,
    RecordingStore,
    SharedStore,
)

NEWS_LENGTH = 1000
"""Entries of the streams that are no rooms."""

INBOX_LASTS = 86_400
"""Seconds for which Redis keeps the stream of a server that has ended."""

ROOMS_AT_ONCE = 100
"""Rooms whose ends are looked up at a time."""

ANSWERS = {
    b"CLOSED": str(NotAgreed()),
    b"BEHIND": "it knows less than this server",
    b"FORKED": "it has other messages than this server",
    b"LAPSED": "the other servers have taken this one for ended",
}

DISAGREES = {b"BEHIND", b"FORKED"}
"""Answers behind which this server has to give back what it knows once more."""
log = logging.getLogger(__name__)


class RedisStore(SharedStore):
    """The logs of all rooms in the Redis at `url`; `local` keeps what this server has seen."""

    is_kept = True

    def __init__(self, url: str, local: RecordingStore) -> None:
        """Raises StoreError, and ValueError if `url` has a mistake."""
        self._local = local
        self._link = Link(url)
        """For what clients ask for: they wait for it one after the other."""
        self._own_link, deadline = Link(url), monotonic() + START_PATIENCE
        """For what all of them wait for: messages get their places, the lease is renewed."""
        self._own_link.connect()
        self.node = take_number(self._link, local, deadline)
        self._outbox = Outbox(self.node)
        self._roster, self._claims = Roster(self.node), Claims(self.node)
        self._identities = SharedIdentities(self._link, self.node)
        self._follower = Follower(url, self.node, self._outbox, self._claims)
        self._lease = ""
        """The lease under which what is said here is placed."""
        self._file = HistoryFile(local)
        self._left_out = set[str]()
        """Rooms with which the file cannot catch up."""
        self._away = {"append": Absence(), "follow": Absence()}
        while not self._follower.run:
            self._follower.join()
            raise_if_late(deadline)
        self.directory = RedisDirectory(
            self._link, local.directory, self._claims, self._identities, first_number(self.node)
        )
        self.archive = local.archive
        look_at_settings(self._link)
        for room, ids in all_deleted(self._link):
            self._file.delete(room, ids)
        self.catch_up()
        self._tell_that_it_is_here()
        local.report = lambda text: self.report(text)

    def _tell_that_it_is_here(self) -> None:
        """Have the other servers wait for this one from now on, if Redis loses something."""
        with suppress(StoreError):  # then they learn it a second later
            self._roster.renew(self._own_link, ())
            self._lease, self._follower.known = self._roster.lease, self._roster.servers
            self.inform(HERE, None)

    # Rooms

    def open(self, room: str) -> Opened:
        self._raise_if_away()
        kept, keep = self._file.open(room), partial(self._file.record_slowly, room)
        found = open_room(self._link, self._follower.run, room, kept, keep)
        if found.opened.end.id:
            self._link.call("SADD", keys.ROOMS, room)
        self._follower.begin(room, found.chain)
        return found.opened

    def catch_up(self) -> None:
        rooms = sorted(each.decode() for each in self._link.call("SMEMBERS", keys.ROOMS))
        for first in range(0, len(rooms), ROOMS_AT_ONCE):
            some = rooms[first : first + ROOMS_AT_ONCE]
            ends = self._link.call_all([("HGET", keys.meta(room), "id") for room in some])
            for room, end in zip(some, ends, strict=True):
                is_open = self._follower.follows(room)
                if not is_open and self._file.lacks(room, int(end or 0)):
                    self._catch_up_with(room)

    def _catch_up_with(self, room: str) -> None:
        """Have the file catch up with `room`, unless that has a fault of its own; log that once."""
        try:
            self.open(room)
        except (Differs, Damaged) as error:  # the other rooms go on
            if room not in self._left_out:
                log.error("cannot catch up with #%s: %s", room, error)
            self._left_out.add(room)
        else:
            self._left_out.discard(room)

    def watch(self, room: str) -> None:
        with suppress(StoreError):  # then it is seen a second later
            self._wake()

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        run = self._follower.run
        chains = self._follower.chains
        try:
            if self.new_lease:
                raise StoreError(ANSWERS[b"LAPSED"])
            commands = [
                self._outbox.command(each, run, chains.get(each.room), self._lease)
                for each in batches
            ]
            answers = self._own_link.call_all(commands)
            if any(answer[0] in DISAGREES for answer in answers):
                self._follower.join_again()
            for each, answer in zip(batches, answers, strict=True):
                if answer[0] == b"LAPSED":
                    self._outbox.is_refused(each.room)
            _raise_if_refused(answers)
        except StoreError as error:
            self._away["append"].note(str(error))
            raise
        self._away["append"].end()
        for each, (_, last) in zip(batches, answers, strict=True):
            self._outbox.is_answered(each.room, int(last))
        if new := [each.room for each in batches if not each.end.id]:
            self._own_link.call("SADD", keys.ROOMS, *new)
        return []

    def follow(self, ends: Mapping[str, int]) -> Sequence[News]:
        try:
            news = self._follower.next(ends)
        except StoreError as error:
            self._away["follow"].note(str(error))
            raise
        self._away["follow"].end()
        if self._outbox.is_empty:  # what was not answered has come all the same
            self._away["append"].end()
        for each in news:
            if isinstance(each, Arrived):
                runs = chain(each.placed.others, each.placed.runs)
                self._file.record(each.room, [*chain.from_iterable(map(rows_of, runs))])
            elif isinstance(each, Forked):
                self._file.take_back(each)
            elif isinstance(each, Deleted):
                self._delete_here(each.room, each.ids)
        return news

    @property
    def has_lapsed(self) -> bool:
        return self._roster.lease != self._lease

    @property
    def new_lease(self) -> str:
        return self._roster.lease if self.has_lapsed and self._outbox.is_empty else ""

    def place_under(self, lease: str) -> None:
        self._lease = lease

    def renew(self, peers: Sequence[Peer]) -> Others:
        if self._follower.has_joined_again():
            self._roster.tell_all_again()
            self._claims.must_claim_again = True
        try:
            others = self._roster.renew(self._own_link, peers)
        except NotAgreed:
            self._follower.join_again()
            raise
        self._lease = self._lease or self._roster.lease
        self._follower.known = self._roster.servers
        self._claims.must_claim_again |= others.was_given_up
        must_tell_all = self._claims.must_claim_again
        with suppress(StoreError):  # what cannot be done now is done the next time
            self._claims.settle(self._link)
            self._claims.sweep(self._link)
            if self._claims.must_claim_again:
                self._claims.again(self._link)
            self._identities.settle()
        return others._replace(nameless=self._claims.take_lost(), is_to_be_told=must_tell_all)

    def others(self) -> list[str]:
        alive = map(bytes.decode, self._link.call("ZRANGE", keys.ALIVE, 0, -1))
        return [each for each in alive if each != self.node]

    def end_of(self, room: str) -> int:
        return int(self._link.call("HGET", keys.meta(room), "id") or 0)

    def say_goodbye(self, peers: Sequence[Peer]) -> None:
        self._identities.settle()
        self._roster.say_goodbye(self._link, self._identities.with_digests(peers))

    def take_untold(self, digests: Sequence[str]) -> list[str]:
        found = self._link.call_all([("HDEL", keys.token(each), "untold") for each in digests])
        return [digest for digest, is_mine in zip(digests, found, strict=True) if is_mine]

    def say_once(self, room: str, name: str, event: RoomEvent) -> None:
        said = Utterance(round(time(), 3), event.kind, [encode(event)], SERVER, "")
        command = place_once(room, name, said, self._follower.run)
        _raise_if_refused(self._own_link.call_all([command]))

    def delete(self, room: str, ids: Collection[int]) -> set[int]:
        deleted = self._local.delete(room, ids)
        if not ids:
            return deleted
        deleted |= {int(each) for each in self._link.call(*deleting(room, ids))}
        if room in self._follower.chains:
            self._follower.chains[room].delete(ids)
        self.inform(DELETED, [room, [*ids]])
        return deleted

    def inform(self, kind: str, what: Any) -> None:
        told = json.dumps([self.node, kind, what])
        self._link.call_once("XADD", keys.NEWS, "MAXLEN", "~", NEWS_LENGTH, "*", "told", told)

    def send(self, server: str, kind: str, what: Any) -> bool:
        letter = json.dumps([self.node, kind, what], ensure_ascii=False)
        both = keys.inbox(server), keys.ALIVE
        command = evaluate(SEND, both, server, NEWS_LENGTH, INBOX_LASTS, letter)
        return bool(self._link.call_once(*command))

    def close(self, seconds: float = END_PATIENCE) -> None:
        with suppress(StoreError):
            end_lease(self._link, self.node)
        self._link.close()
        self._own_link.close()
        self._follower.close()
        self._local.close(seconds)

    # What the history file has

    def owes(self, room: str) -> bool:
        return self._local.owes(room)

    @property
    def unwritten(self) -> int:
        return self._local.unwritten

    def check(self) -> bool:
        return self._local.check()

    def read(self, room: str, last: int, end: int, most: int, characters: int) -> list[Message]:
        return self._local.read(room, last, end, most, characters)

    def start(self, room: str) -> int | None:
        return self._local.start(room)

    def epoch_end(self, room: str, epoch: int) -> int | None:
        return self._local.epoch_end(room, epoch)

    def marked(self, sender: int, most: int) -> list[Message]:
        return self._local.marked(sender, most)

    def gone_between(self, room: str, last: int, end: int) -> int:
        return self._local.gone_between(room, last, end)

    def trim_old(self, time: float, most: int) -> int:
        return self._local.trim_old(time, most)

    def trim_room(self, room: str, kept: int, most: int) -> int:
        return self._local.trim_room(room, kept, most)

    def find_crowded(self, behind: str, most: int) -> str:
        return self._local.find_crowded(behind, most)

    # Trouble

    @property
    def trouble(self) -> str:
        return next((each.told for each in self._away.values() if each.told), self._local.trouble)

    @property
    def is_unusable(self) -> bool:
        return any(each.told for each in self._away.values())

    def _raise_if_away(self) -> None:
        """Raises StoreError if Redis has not answered for a while: nobody waits for it again."""
        for each in self._away.values():
            if each.told:
                raise StoreError(each.why)

    def _delete_here(self, room: str, ids: Collection[int]) -> None:
        """Delete what another server has deleted."""
        if room in self._follower.chains:
            self._follower.chains[room].delete({*ids})
        self._file.try_to_delete(room, ids)

    def _wake(self) -> None:
        inbox = keys.inbox(self.node)
        self._link.call_all(
            [
                ("XADD", inbox, "MAXLEN", "~", NEWS_LENGTH, "*", "wake", ""),
                ("EXPIRE", inbox, INBOX_LASTS),
            ]
        )


def _raise_if_refused(answers: Sequence[Sequence[bytes]]) -> None:
    for answer in answers:
        if answer[0] != b"OK":
            raise StoreError(ANSWERS[answer[0]])
