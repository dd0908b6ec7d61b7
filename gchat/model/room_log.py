"""A room's log: what was said there, in order, and places in it.

To speak is to append; to listen is to have a cursor and to read what is behind
it. The log never waits for anybody: it is bounded, and its oldest messages go.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from sys import maxsize
from typing import NamedTuple

from gchat.model.message import COUNTED, SERVER, SPOKEN, Kind, Message, Utterance
from gchat.model.runs import (
    COUNT,
    EPOCH,
    ID,
    KIND,
    SENDER,
    SPOKEN_UP_TO,
    TIME,
    Run,
    deleted,
    is_gone,
    messages_of,
    part_of,
    place,
    run_of,
    size_of,
    start_of,
)

MAX_MESSAGES = 100_000
MAX_BYTES = 32 * 2**20
"""What a log keeps, whichever is reached first. It is how far a client may fall
behind and still miss nothing: at 10,000 messages a second, ten seconds."""

MOST_FORGOTTEN = 4096
"""Messages that are given up at a time, which takes under a millisecond."""

MOST_GONE = 200
"""Messages that are gone and passed over, where the last ones are asked for that are not: each
takes some microseconds."""

UNKNOWN = 0.0
"""Time of a message of which only the store knows the time."""


class Cursor(NamedTuple):
    """A place in a room's log: behind message `id`, before the next one."""

    id: int
    spoken: int
    """How many messages people had said up to here (the rest are notices)."""


class RoomLog:
    """A bounded log in memory.

    `start` and `end` are the cursors around what it holds. Ids never repeat and
    have no hole, so a reader can count what it missed. Times never fall.
    """

    def __init__(
        self, room: str, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES
    ) -> None:
        self.room = room
        self.epoch = 0
        """In which ids are given out now; see `epoch_of`."""
        self._epochs: list[tuple[int, int]] = [(0, 0)]
        """The id behind which each epoch began that is known here, and the epoch."""
        self.start = self.end = Cursor(0, 0)
        self.before: float | None = None
        """The time of the last message before `start`, or UNKNOWN; None if there was none."""
        self.latest = 0.0
        """The time of the last message, kept or not."""
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._runs: list[Run] = []
        self.size = 0
        """Bytes that its messages take, about."""
        self._gone: list[int] = []
        """The ids of those that are gone."""
        self.deletions = 0
        """How often something was deleted, or taken back: a copy from before is not right now."""

    def begin(self, end: Cursor, epoch: int, messages: Sequence[Message] = ()) -> None:
        """What was said before, up to `end`; of which `messages` are kept here, the last ones.

        What follows is of `epoch`.
        """
        self._runs = list(map(run_of, messages))
        self.size = sum(map(size_of, self._runs))
        self._gone = [message.id for message in messages if message.kind == Kind.GONE]
        first = messages[0] if messages else None
        self.start = Cursor(first.id - 1, first.spoken_before) if first else end
        self.before = UNKNOWN if self.start.id else None
        self.end = end
        self.latest = messages[-1].time if messages else 0.0
        self.epoch = epoch
        self._epochs = []
        for last, of in ((message.id - 1, message.epoch) for message in messages):
            if not self._epochs or self._epochs[-1][1] != of:
                self._epochs.append((last, of))
        if not self._epochs or self._epochs[-1][1] != epoch:
            self._epochs.append((end.id, epoch))

    def epoch_of(self, last: int) -> int:
        """The epoch of the message with the id `last`; the first one known here if it is older.

        Ids belong to an epoch: what was placed and is lost, as a server was killed, had ids that
        are given out again, in a later epoch. The later one is the greater number.
        """
        for start, epoch in reversed(self._epochs):
            if start < last:
                return epoch
        return self._epochs[0][1]

    def epoch_end(self, epoch: int) -> int | None:
        """The id of the last message in `epoch` or before; None if that is not known here."""
        later = [start for start, each in self._epochs if each > epoch]
        if not later:
            return self.end.id
        return later[0] if len(later) < len(self._epochs) else None

    def append(
        self, time: float, kind: str, texts: Sequence[str], sender: int = SERVER, name: str = ""
    ) -> None:
        """Add one message for each of `texts`, all by the same sender at the same time."""
        utterance = Utterance(time, kind, texts, sender, name)
        self.insert(place(self.room, self.epoch, self.end, self.latest, (utterance,)))

    def insert(self, runs: Sequence[Run]) -> None:
        """Add messages that a store has placed: they follow on `end` and on one another."""
        if not runs:
            return
        self._runs += runs
        for run in runs:
            self.size += size_of(run)
            if is_gone(run):
                self._gone += range(start_of(run)[0] + 1, run[ID] + 1)
        last = runs[-1]
        if last[EPOCH] != self.epoch:  # a store that several servers share has begun one
            first = next(run for run in runs if run[EPOCH] == last[EPOCH])
            self.epoch = last[EPOCH]
            self._epochs.append((first[ID] - first[COUNT], self.epoch))
        self.end, self.latest = Cursor(last[ID], last[SPOKEN_UP_TO]), last[TIME]
        self.tidy()

    def runs(self, last: int, stop: int, most: int = maxsize) -> list[Run]:
        """What it holds from behind the id `last` up to `stop`: at most so many messages.

        From `start` on, if that is behind `last`.
        """
        last = max(last, self.start.id)
        stop = min(stop, self.end.id, last + most)
        if stop <= last:
            return []
        runs = self._runs[self._find(last) : self._find(stop - 1) + 1]
        runs[0] = part_of(runs[0], last, stop)
        runs[-1] = part_of(runs[-1], last, stop)
        return runs

    def after(self, last: int, limit: int) -> list[Message]:
        """At most `limit` messages from behind the one with the id `last`, or from `start`."""
        stop = max(last, self.start.id) + limit
        runs = self._runs[self._find(last) : self._find(stop - 1) + 1]
        return [message for run in runs for message in messages_of(run, last, stop)]

    def time_of(self, number: int) -> float:
        """The time of the message with the id `number`, which it holds."""
        return self._runs[self._find(number - 1)][TIME]

    def back(self, count: int, before: int | None = None) -> int:
        """The id behind which lie the last `count` messages that people have said.

        Or the last of the first `before` of all that they ever said in the room.
        """
        last = self.end.spoken if before is None else before
        least = last - count + 1
        index = self._first_with(SPOKEN_UP_TO, least)
        if index == len(self._runs):
            return self.end.id
        first, spoken = start_of(self._runs[index])
        return first + (max(0, least - 1 - spoken) if self._runs[index][KIND] in COUNTED else 0)

    def since(self, time: float) -> int:
        """The id behind which lies what was said at `time` or later."""
        index = self._first_with(TIME, time)
        return start_of(self._runs[index])[0] if index < len(self._runs) else self.end.id

    def last(
        self, count: int, characters: int, before: Cursor, longest: int = maxsize
    ) -> list[Message]:
        """What people said last, up to `before`, oldest first, without what is gone.

        At most `count` messages, with at most so many characters together, where one that has
        more than `longest` counts for that many.
        """
        found = list[Message]()
        first = max(self.start.spoken, before.spoken - count - min(MOST_GONE, len(self._gone)))
        for message in self._counted_before(before.spoken, first):
            if message.kind == Kind.GONE:
                continue
            characters -= min(longest, len(message.text))
            if characters < 0 or len(found) == count:
                break
            found.append(message)
        return found[::-1]

    def _counted_before(self, spoken: int, first: int) -> Iterator[Message]:
        """Yield what people said, deleted or not, from the `spoken`th message back to behind the
        `first`th.
        """
        while spoken > first:
            # There may be thousands of notices between two of them.
            run = self._runs[self._first_with(SPOKEN_UP_TO, spoken)]
            for message in reversed(messages_of(run)):
                if first < message.spoken <= spoken:
                    yield message
            _, spoken = start_of(run)

    def said_by(self, sender: int, last: int = 0) -> int:
        """How many of the messages that it holds from behind the id `last` have been said by
        `sender`; looks at each run."""
        return sum(
            min(run[COUNT], run[ID] - last)
            for run in self._runs[self._find(last) :]
            if run[SENDER] == sender and run[KIND] in COUNTED
        )

    # Deleting

    def delete(self, ids: Iterable[int]) -> set[int]:
        """Take the texts away of those of the messages `ids` that are here, and no notices.

        They keep their places, so cursors and counts stay right. Returns the ids of those that
        were not gone before.
        """
        left, gone = sorted(set(ids)), set[int]()
        while left := left[bisect_right(left, self.start.id) :]:
            index = self._find(left[0] - 1)
            if index == len(self._runs):
                break
            run = self._runs[index]
            count = bisect_right(left, run[ID])
            if run[KIND] in SPOKEN:
                self._put(index, deleted(run, left[:count]))
                gone.update(left[:count])
            left = left[count:]
        for number in gone:
            insort(self._gone, number)
        self.deletions += 1
        return gone

    def _put(self, index: int, runs: list[Run]) -> None:
        """Put `runs` in the place of one."""
        self.size += sum(map(size_of, runs)) - size_of(self._runs[index])
        self._runs[index : index + 1] = runs

    def gone_after(self, last: int) -> int:
        """How many of the messages that it holds behind the id `last` are gone."""
        return len(self._gone) - bisect_right(self._gone, last)

    def ids_of(self, sender: int, last: int, limit: int) -> list[int]:
        """The ids of what `sender` has said, among `limit` messages from behind the id `last`."""
        return [
            number
            for run in self.runs(last, self.end.id, limit)
            if run[SENDER] == sender and run[KIND] in SPOKEN
            for number in range(run[ID] - run[COUNT] + 1, run[ID] + 1)
        ]

    def give_up(self, last: int) -> bool:
        """Give up some of what is up to the id `last`; False if there is no more of that."""
        last = min(last, self.end.id, self.start.id + MOST_FORGOTTEN)
        if last <= self.start.id:
            return False
        index = self._find(last)
        if index < len(self._runs) and self._runs[index][ID] - self._runs[index][COUNT] < last:
            run = self._runs[index]
            self._put(index, [part_of(run, 0, last), part_of(run, last, run[ID])])
            index += 1
        self._drop(index)
        return True

    def take_back(self, end: Cursor) -> int:
        """Forget what is behind `end`; returns how many messages that are.

        The ids are given out again: a store that several servers share has lost these messages.
        """
        lost = self.end.id - end.id
        self.deletions += 1
        if end.id < self.start.id:
            self.begin(end, self.epoch_of(end.id))
            return lost
        kept = self.runs(0, end.id)
        self._runs, self.size = kept, sum(map(size_of, kept))
        del self._gone[bisect_right(self._gone, end.id) :]
        self.end, self.epoch = end, self.epoch_of(end.id)
        self._epochs = [each for each in self._epochs if each[0] < end.id] or [(end.id, self.epoch)]
        return lost

    # Keeping to its bounds

    def keep(self, max_bytes: int) -> None:
        """Keep no more than so many bytes, as soon as something more is said, or `tidy` called."""
        self._max_bytes = max_bytes

    def tidy(self) -> bool:
        """Give up some of what is too much; False if there is no more of that."""
        if self.size <= self._max_bytes and self.end.id - self.start.id <= self._max_messages:
            return False
        return self._forget() > 0

    def _find(self, last: int) -> int:
        """The index of the run with the message behind the id `last`, or of the first one."""
        return bisect_right(self._runs, last, key=itemgetter(ID))

    def _first_with(self, field: int, least: float) -> int:
        """The index of the first run that has `least`, or more, in `field`."""
        return bisect_left(self._runs, least, key=itemgetter(field))

    def _forget(self) -> int:
        # A list gives up its first items by moving all others: not for one at a time. With a
        # part of 1/64 it costs each message some 15 ns, and memory goes up and down by little.
        last = max(self.start.id, self.end.id - self._max_messages * 63 // 64)
        most = self.start.id + MOST_FORGOTTEN
        too_many_bytes = self.size - self._max_bytes * 63 // 64
        count = 0
        for run in self._runs:
            if run[ID] > most or (too_many_bytes <= 0 and run[ID] - run[COUNT] >= last):
                break
            too_many_bytes -= size_of(run)
            count += 1
        if count == len(self._runs) and count and self._runs[-1][COUNT] > 1:
            self._halve(count - 1)  # the last messages stay, if there is room for them alone
            return self._forget()
        if count:
            self._drop(count)
        return count

    def _halve(self, index: int) -> None:
        """Make two runs of one."""
        run = self._runs[index]
        middle = run[ID] - run[COUNT] // 2
        self._put(index, [part_of(run, 0, middle), part_of(run, middle, run[ID])])

    def _drop(self, count: int) -> None:
        """Give up the first `count` runs."""
        last = self._runs[count - 1]
        self.size -= sum(map(size_of, self._runs[:count]))
        self.start = Cursor(last[ID], last[SPOKEN_UP_TO])
        self.before = last[TIME]
        del self._runs[:count]
        del self._gone[: bisect_right(self._gone, last[ID])]
