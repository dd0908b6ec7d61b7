"""What this server has said and does not know the places of: the last batch of each room.

A batch that was not answered is sent again as it was, with its number: so it is placed once. Where
that is, its entries tell. If they are not kept any more, or the rest of them was lost with a Redis
that was given back what others knew, the id of the last one tells, which Redis has with the number.
"""

from collections.abc import Mapping, Sequence
from itertools import count

from gchat.model.epochs import STEP, first_epoch
from gchat.model.message import SPOKEN, Utterance
from gchat.store.base import Batch
from gchat.store.redis import keys
from gchat.store.redis.chain import Chain
from gchat.store.redis.entries import pieces_of
from gchat.store.redis.link import Command, Link, evaluate
from gchat.store.redis.scripts import APPEND

MOST_AT_ONCE = 500
"""Messages of a room in one batch, unless a single client has said more at once."""

LENGTH = 100_000
"""Messages of a room that its stream keeps, and some thousands more: as many as a room's log."""

BYTES = 64 * 2**20
"""Bytes that the stream of a room takes in Redis, or a little more: twice as many as a room's log.
LENGTH messages of the usual length take less than that."""

BOUNDS = LENGTH, BYTES


class Unplaced:
    """A batch whose places are not all known yet."""

    def __init__(self, number: int, batch: Batch) -> None:
        self.number = number
        self.arguments = list[bytes | str | int]()
        self.size = 0
        self.first: int | None = None
        """The id of its first message, when that is known."""
        self.last: int | None = None
        """The id of its last message, when that is known. It may be one in the middle: Redis has
        lost the rest then."""
        for utterance in batch.utterances:
            if self.size and self.size + len(utterance.texts) > MOST_AT_ONCE:
                break
            self.size += len(utterance.texts)
            is_spoken = int(utterance.kind in SPOKEN)
            for m, x, crc in pieces_of(utterance):
                self.arguments += (f"{utterance.time:.3f}", is_spoken, crc, m, x)

    def begins_at(self, first: int) -> None:
        """Learn the id of its first message."""
        self.first = first
        if self.last is None:
            self.last = first + self.size - 1

    def ends_at(self, last: int) -> None:
        """Learn the id of its last message."""
        self.last = last
        if self.first is None:
            self.first = last - self.size + 1


def place_once(room: str, name: str, said: Utterance, run: str) -> Command:
    """The command that has `said` in `room` once, whichever server sends it: `name` is the same."""
    (piece,) = pieces_of(said)
    message = f"{said.time:.3f}", int(said.kind in SPOKEN), piece.crc, piece.m, piece.x
    settings = *_epochs(), *BOUNDS, ""
    return evaluate(APPEND, _keys(room, name), run, 0, "", 1, f"{name}.1", *settings, *message)


def _keys(room: str, node: str) -> Sequence[str]:
    of_room = keys.log(room), keys.meta(room), keys.batch(room, node)
    return *of_room, keys.SAID, keys.SAID_COUNT, keys.ALIVE, keys.LEASES


def _epochs() -> tuple[int, int]:
    """An epoch for a room that has none, and by how much the next one is greater."""
    return first_epoch(), 1 + first_epoch() % STEP


class Outbox:
    """The batches of this server, which has the number `node`."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._numbers = count(1)
        self._of: dict[str, Unplaced] = {}

    def command(self, batch: Batch, run: str, chain: Chain | None, lease: str = "") -> Command:
        """The command that places `batch`; or the one before, as long as its places are unknown.

        It is refused if `lease` has ended, unless that is empty.
        """
        self.settle(batch.room, batch.end.id)  # else what is new would wait for another call
        unplaced = self._of.get(batch.room)
        if unplaced is None:
            unplaced = self._of[batch.room] = Unplaced(next(self._numbers), batch)
        known = batch.end.id
        mark = chain.mark_at(known) if chain else None
        return evaluate(
            APPEND,
            _keys(batch.room, self._node),
            run,
            known,
            "" if mark is None else mark,
            unplaced.number,
            self._name(unplaced),
            *_epochs(),
            *BOUNDS,
            lease,
            *unplaced.arguments,
        )

    @property
    def is_empty(self) -> bool:
        """Whether all that was said has places."""
        return not self._of

    def settle_all(self, ends: Mapping[str, int]) -> None:
        """Forget the batches of which all messages have places up to the ids `ends` of all rooms.

        A room that was closed owed nothing.
        """
        for room in [*self._of]:
            if room in ends:
                self.settle(room, ends[room])
            else:
                del self._of[room]

    def settle(self, room: str, end: int) -> None:
        """Forget the batch of `room` if all of it has places up to the id `end`."""
        unplaced = self._of.get(room)
        if unplaced and unplaced.last and end >= unplaced.last:
            del self._of[room]

    def is_own(self, room: str, batch: str, first: int) -> bool:
        """Whether `batch`, whose first message has the id `first`, has no places here yet."""
        unplaced = self._of.get(room)
        if unplaced is None or batch != self._name(unplaced):
            return False
        unplaced.begins_at(first)
        return True

    def skipped(self, link: Link, room: str, last: int, end: int) -> Sequence[int]:
        """The ids of own messages, pending here, from behind the id `last` up to `end`.

        None of them is kept any more. Raises StoreError.
        """
        unplaced = self._of.get(room)
        if unplaced is None:
            return ()
        number, _, placed = (link.call("GET", keys.batch(room, self._node)) or b"0").partition(b" ")
        if int(number) < unplaced.number:
            return ()
        unplaced.ends_at(int(placed))
        assert unplaced.first
        return range(max(last + 1, unplaced.first), min(end, int(placed)) + 1)

    def is_answered(self, room: str, last: int) -> None:
        """Learn that the last message of the batch of `room` has the id `last`."""
        if unplaced := self._of.get(room):
            unplaced.last = last

    def is_refused(self, room: str) -> None:
        """Learn that nothing of the batch of `room` has a place, or ever will."""
        self._of.pop(room, None)

    def forget_places(self, room: str) -> None:
        """Learn that places of the batch of `room` that were seen are lost."""
        unplaced = self._of.get(room)
        if unplaced and unplaced.first:
            del self._of[room]

    def _name(self, unplaced: Unplaced) -> str:
        return f"{self._node}.{unplaced.number}"
