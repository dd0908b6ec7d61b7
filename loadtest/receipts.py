"""What one receiver got, and what of it is missing, came twice, or came too late.

Every message carries its sender, its number (each sender counts 1, 2, 3, …) and the moment at
which it was due. Nothing here knows about sockets, locust, or the time.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Self

from order import RoomOrder

MARK = "load"
END = "."
"""What the text of a message begins and ends with. One that was cut has no END, is not taken
for a message, and so is missing."""

Sent = Mapping[str, Sequence[int]]
"""By sender, the moments at which its messages were sent, in order (monotonic nanoseconds):
that of message number n is at n - 1."""

_REPLAY = re.compile(r"\[(?:\d{4}-\d\d-\d\d )?\d\d:\d\d\] ")
EXAMPLES = 10
"""Faults that are told one by one; all are counted."""

_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls other than tab, what turns the direction of text, and what was no UTF-8."""

_GAP = re.compile(r" \* You missed (\d+) messages?:")


class Message(NamedTuple):
    """What a user of the load test says."""

    sender: str
    """NAME@ROOM, or NAME/STAY@ROOM, without spaces: unique within a run, as stays are."""
    number: int
    due: int
    """When it was meant to be sent, which is before it was if the server, or locust, was slow.
    Monotonic nanoseconds: comparable between the processes of one host."""

    def text(self) -> str:
        """The line to say."""
        return f"{MARK} {self.sender} {self.number} {self.due} {END}"

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """The message in `line`, which came as `NAME: TEXT`.

        None for all else: what the server says of itself (` * …`), messages shown again on
        joining (`[HH:MM] NAME: TEXT`), and what other people say.
        """
        if line.startswith(" *") or (line.startswith("[") and _REPLAY.match(line)):
            return None
        match line.partition(": ")[2].split(" "):
            case [mark, sender, number, due, end] if mark == MARK and end == END:
                if number.isdecimal() and due.isdecimal():
                    return cls(sender, int(number), int(due))
        return None


class Receipts:
    """What one receiver got while it was in one room."""

    def __init__(
        self,
        name: str,
        order: RoomOrder | None = None,
        *,
        slow: bool = False,
        passing: bool = False,
    ) -> None:
        """`name` is what it sends under (see Message): it is not owed its own messages.

        `order` is what those in this room have seen. A `slow` receiver may be told that it has
        missed messages, and then it is not owed so many. Who is `passing` will not stay.
        """
        self.name = name
        self.room = room_of(name)
        self.person = name.partition("@")[0].partition("/")[0]
        """Who it is, in whatever room."""
        self.slow = slow
        self.awaited = True
        """Whether it is a fault if it never joins."""
        self.deliveries = 0
        """Messages that came, each counted once."""
        self.repeated = 0
        """Times that a message came again."""
        self.out_of_order = 0
        """Messages that came after a later one of the same sender."""
        self.reordered = 0
        """Messages that came after a later one of somebody else, as others saw it."""
        self.astray = 0
        """Messages that were said in another room."""
        self.echoed = 0
        """Messages of its own that came back."""
        self.announced = 0
        """Messages that the server said this receiver has missed."""
        self.unclean = 0
        """Lines with characters that drive terminals."""
        self.examples: list[str] = []
        """The first of these faults, in words."""
        # One that may miss messages cannot be compared.
        self._witness, self._comparisons = (
            order.enter(name, passing) if order and not slow else (None, [])
        )
        self._since: int | None = None
        self._left = False
        self._last: dict[str, int] = {}
        self._gaps: dict[str, list[range]] = {}

    def join(self, moment: int) -> None:
        """From `moment` on it is there: all that is sent later is owed to it.

        What was sent before that may come or not.
        """
        self._since = moment

    def leave(self) -> None:
        """It goes while others talk: what was under way to it then is not owed any more."""
        self._left = True
        if self._witness:
            self._witness.gone = True

    @property
    def joined(self) -> bool:
        """Whether it has ever been there."""
        return self._since is not None

    def take(self, line: str) -> Message | None:
        """Count `line`; returns the message if it is one."""
        message = Message.parse(line)
        if message:
            self.count(message.sender, message.number)
        elif gap := _GAP.match(line):
            self.announced += int(gap[1])
            if not self.slow:
                self._note(f"was told that it missed {gap[1]}")
        elif not line.isprintable() and _UNCLEAN.search(line):
            self.unclean += 1
            self._note(f"was sent {line[:80]!r}")
        return message

    def count(self, sender: str, number: int) -> None:
        """Count the message of that number by `sender`."""
        last = self._last.get(sender, 0)
        if sender == self.name:
            self.echoed += 1
            self._note(f"got its own {number}")
        elif room_of(sender) != self.room:
            # Before it has joined it is in the room where everybody arrives.
            if self.joined and not self._left:
                self.astray += 1
                self._note(f"got {sender} {number}, said in another room")
        elif number > last:
            if number > last + 1:
                self._gaps.setdefault(sender, []).append(range(last + 1, number))
            self._last[sender] = number
            self.deliveries += 1
            if self._witness:
                self._witness.note((sender, number))
            for comparison in self._comparisons:
                for other in comparison.add((sender, number)):
                    self.reordered += 1
                    self._note(f"got {other[0]} {other[1]} in another order than others")
        elif self._fill(sender, number):
            self.out_of_order += 1
            self.deliveries += 1
            self._note(f"got {sender} {number} behind {last}")
        else:
            self.repeated += 1
            self._note(f"got {sender} {number} again")

    def _note(self, fault: str) -> None:
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{self.name} {fault}")

    def _fill(self, sender: str, number: int) -> bool:
        """Take `number` out of the gaps; False if it is in none, so it has come before."""
        gaps = self._gaps.get(sender, [])
        for index, gap in enumerate(gaps):
            if number in gap:
                parts = range(gap.start, number), range(number + 1, gap.stop)
                gaps[index : index + 1] = filter(None, parts)
                return True
        return False

    def missing(self, sent: Sent) -> int:
        """How many of `sent`, said in this room, are owed to this receiver and have not come."""
        missing = sum(len(numbers) for _, numbers in self._missing(sent))
        return max(0, missing - self.announced) if self.slow else missing

    def lost(self, sent: Sent) -> Iterator[str]:
        """These in words: who misses which, those that follow each other together."""
        for sender, numbers in self._missing(sent):
            which = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
            yield f"{self.name} misses {sender} {which}"

    def _missing(self, sent: Sent) -> Iterator[tuple[str, range]]:
        if self._since is None:
            return
        senders: Iterable[str] = sent
        if self._left:
            # It is owed nothing of those whom it never heard. There may be thousands who have come
            # and gone: it is not asked about each of the others for each of them.
            senders = [sender for sender in self._last if sender in sent]
        for sender in senders:
            moments = sent[sender]
            if sender == self.name:
                continue
            last = self._last.get(sender, 0)
            end = (min(last, len(moments)) if self._left else len(moments)) + 1
            if last + 1 == end and sender not in self._gaps:
                continue  # nearly always
            first = bisect_right(moments, self._since) + 1
            for gap in (*self._gaps.get(sender, ()), range(last + 1, end)):
                if numbers := range(max(first, gap.start), min(end, gap.stop)):
                    yield sender, numbers


def room_of(name: str) -> str:
    """The room in NAME@ROOM."""
    return name.partition("@")[2]
