"""A room's log: what was said there, in order, and places in it.

To speak is to append; to listen is to have a cursor and to read what is behind
it. The log never waits for anybody: it is bounded, and its oldest messages go.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import itemgetter
from sys import getsizeof, maxsize
from typing import Final, NamedTuple

from gchat.model.message import COUNTED, SERVER, SPOKEN, Kind, Message, Ref, Utterance

MAX_MESSAGES = 100_000
MAX_BYTES = 32 * 2**20
"""What a log keeps, whichever is reached first. It is how far a client may fall
behind and still miss nothing: at 10,000 messages a second, ten seconds."""

MESSAGE_BYTES = 236
"""What a message takes besides its text: a tuple, three numbers, a place in the list (CPython
3.11)."""

MOST_FORGOTTEN = 4096
"""Messages that are given up at a time, which takes under a millisecond."""

MOST_GONE = 200
"""Messages that are gone and passed over, where the last ones are asked for that are not: each
takes some microseconds."""

UNKNOWN = 0.0
"""Time of a message of which only the store knows the time."""

Entry = tuple[int, int, float, str, str, int, str, str, int, Ref]
"""A message as it is kept, its fields in a plain tuple.

What refers to nothing else is no business of the garbage collector's then. With 100,000 of
anything richer it stopped the server for 60 ms now and then (measured).
"""

ID: Final = 0
SPOKEN_UP_TO: Final = 1
TIME: Final = 2
ROOM: Final = 3
KIND: Final = 4
SENDER: Final = 5
TEXT: Final = 7
EPOCH: Final = 8
REF: Final = 9
"""Places in an entry."""

_message_from: Callable[[Entry], Message] = partial(tuple.__new__, Message)
_entry_from: Callable[[Message], Entry] = partial(tuple.__new__, tuple)


class Cursor(NamedTuple):
    """A place in a room's log: behind message `id`, before the next one."""

    id: int
    spoken: int
    """How many messages people had said up to here (the rest are notices)."""


def without_text(entry: Entry) -> Entry:
    """What is left of a message when it is deleted: its place."""
    return _entry_from(_message_from(entry).without_text())


def place(
    room: str, epoch: int, end: Cursor, latest: float, utterances: Iterable[Utterance]
) -> list[Entry]:
    """Give utterances their ids behind `end`, in their order, and times not before `latest`."""
    entries = list[Entry]()
    last, spoken = end
    for time, kind, texts, sender, name, ref in utterances:
        if time > latest:
            latest = time
        step = kind in SPOKEN
        entries += [
            (last + nth, spoken + nth * step, latest, room, kind, sender, name, text, epoch, ref)
            for nth, text in enumerate(texts, 1)
        ]
        last += len(texts)
        spoken += len(texts) * step
    return entries


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
        self._entries: list[Entry] = []
        self._bytes = 0
        self._gone: list[int] = []
        """The ids of those that are gone."""
        self.deletions = 0
        """How often something was deleted."""

    def begin(self, end: Cursor, epoch: int, messages: Sequence[Message] = ()) -> None:
        """What was said before, up to `end`; of which `messages` are kept here, the last ones.

        What follows is of `epoch`.
        """
        self._entries = list(map(_entry_from, messages))
        self._bytes = sum(MESSAGE_BYTES + getsizeof(message.text) for message in messages)
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

    def insert(self, entries: Sequence[Entry]) -> None:
        """Add messages that a store has placed: they follow on `end` and on one another."""
        if not entries:
            return
        self._entries += entries
        size = MESSAGE_BYTES * len(entries)
        for entry in entries:
            size += getsizeof(entry[TEXT])
            if entry[KIND] == Kind.GONE:
                self._gone.append(entry[ID])
        self._bytes += size
        last = entries[-1]
        if last[EPOCH] != self.epoch:  # a store that several servers share has begun one
            first = next(entry[ID] for entry in entries if entry[EPOCH] == last[EPOCH])
            self.epoch = last[EPOCH]
            self._epochs.append((first - 1, self.epoch))
        self.end, self.latest = Cursor(last[ID], last[SPOKEN_UP_TO]), last[TIME]
        self.tidy()

    def entries_after(self, last: int) -> list[Entry]:
        """All that it holds from behind the id `last`."""
        return self._entries[max(0, last - self.start.id) :]

    def after(self, last: int, limit: int) -> list[Message]:
        """At most `limit` messages from behind the one with the id `last`, or from `start`."""
        first = max(0, last - self.start.id)
        stop = min(first + limit, self.end.id - self.start.id)
        return list(map(_message_from, self._entries[first:stop]))

    def back(self, count: int, before: int | None = None) -> int:
        """The id behind which lie the last `count` messages that people have said.

        Or the last of the first `before` of all that they ever said in the room.
        """
        last = self.end.spoken if before is None else before
        return self.start.id + self._place(SPOKEN_UP_TO, last - count + 1)

    def since(self, time: float) -> int:
        """The id behind which lies what was said at `time` or later."""
        return self.start.id + self._place(TIME, time)

    def last(
        self, count: int, characters: int, before: Cursor, longest: int = maxsize
    ) -> list[Message]:
        """What people said last, up to `before`, oldest first, without what is gone.

        At most `count` messages, with at most so many characters together, where one that has
        more than `longest` counts for that many.
        """
        found: list[Entry] = []
        first = max(self.start.spoken, before.spoken - count - min(MOST_GONE, len(self._gone)))
        for spoken in range(before.spoken, first, -1):
            # There may be thousands of notices between two of them.
            entry = self._entries[self._place(SPOKEN_UP_TO, spoken)]
            if entry[KIND] == Kind.GONE:
                continue
            characters -= min(longest, len(entry[TEXT]))
            if characters < 0 or len(found) == count:
                break
            found.append(entry)
        return list(map(_message_from, reversed(found)))

    def said_by(self, sender: int, last: int = 0) -> int:
        """How many of the messages that it holds from behind the id `last` have been said by
        `sender`; looks at each."""
        entries = self.entries_after(last)
        return sum(entry[SENDER] == sender and entry[KIND] in COUNTED for entry in entries)

    # Deleting

    def delete(self, ids: Iterable[int]) -> set[int]:
        """Take the texts away of those of the messages `ids` that are here, and no notices.

        They keep their places, so cursors and counts stay right. Returns the ids of those that
        were not gone before.
        """
        deleted = set[int]()
        for number in ids:
            place = number - self.start.id - 1
            if 0 <= place < len(self._entries) and self._entries[place][KIND] in SPOKEN:
                entry = self._entries[place]
                self._bytes -= getsizeof(entry[TEXT]) - getsizeof("")
                self._entries[place] = without_text(entry)
                insort(self._gone, number)
                deleted.add(number)
        self.deletions += 1
        return deleted

    def gone_after(self, last: int) -> int:
        """How many of the messages that it holds behind the id `last` are gone."""
        return len(self._gone) - bisect_right(self._gone, last)

    def ids_of(self, sender: int, last: int, limit: int) -> list[int]:
        """The ids of what `sender` has said, among `limit` messages from behind the id `last`."""
        first = max(0, last - self.start.id)
        return [
            entry[ID]
            for entry in self._entries[first : first + limit]
            if entry[SENDER] == sender and entry[KIND] in SPOKEN
        ]

    def give_up(self, last: int) -> bool:
        """Give up some of what is up to the id `last`; False if there is no more of that."""
        gone = min(MOST_FORGOTTEN, min(last, self.end.id) - self.start.id)
        if gone <= 0:
            return False
        self._bytes -= sum(MESSAGE_BYTES + getsizeof(each[TEXT]) for each in self._entries[:gone])
        self._drop(gone)
        return True

    # Keeping to its bounds

    def keep(self, max_bytes: int) -> None:
        """Keep no more than so many bytes, as soon as something more is said, or `tidy` called."""
        self._max_bytes = max_bytes

    def tidy(self) -> bool:
        """Give up some of what is too much; False if there is no more of that."""
        if self._bytes <= self._max_bytes and len(self._entries) <= self._max_messages:
            return False
        return self._forget() > 0

    def _place(self, field: int, least: float) -> int:
        """Where the first entry is that has `least`, or more, in `field`."""
        return bisect_left(self._entries, least, key=itemgetter(field))

    def _forget(self) -> int:
        # A list gives up its first items by moving all others: not for one at a time. With a
        # part of 1/64 it costs each message some 15 ns, and memory goes up and down by little.
        messages_wanted = self._max_messages * 63 // 64
        bytes_wanted = self._max_bytes * 63 // 64
        gone = 0
        while gone < min(MOST_FORGOTTEN, self.end.id - self.start.id) and (
            self._bytes > bytes_wanted or len(self._entries) - gone > messages_wanted
        ):
            self._bytes -= MESSAGE_BYTES + getsizeof(self._entries[gone][TEXT])
            gone += 1
        if gone:
            self._drop(gone)
        return gone

    def _drop(self, count: int) -> None:
        last = self._entries[count - 1]
        self.start = Cursor(last[ID], last[SPOKEN_UP_TO])
        self.before = last[TIME]
        del self._entries[:count]
        del self._gone[: bisect_right(self._gone, last[ID])]
