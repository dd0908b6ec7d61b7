"""Exact counting of what arrived, and the verdict on it.

Every message carries its sender, its number (each sender counts 1, 2, 3, …) and the moment
at which it was sent. So each receiver can tell, for each sender, what is missing, what came
twice, and what came too late. Nothing here knows about sockets, locust, or the time.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, Self

MARK = "load"
END = "."
"""What the text of a message begins and ends with. One that was cut has no END, is not taken
for a message, and so is missing."""

Sent = Mapping[str, Sequence[int]]
"""By sender, the moments at which its messages were sent, in order (monotonic nanoseconds):
that of message number n is at n - 1."""

_REPLAY = re.compile(r"\[(?:\d{4}-\d\d-\d\d )?\d\d:\d\d\] ")
_GAP = re.compile(r" \* you missed (\d+) messages?:")


class Message(NamedTuple):
    """What a user of the load test says."""

    sender: str
    """No spaces; unique within a run."""
    number: int
    sent: int
    """Monotonic nanoseconds: comparable between the processes of one host."""

    def text(self) -> str:
        """The line to say."""
        return f"{MARK} {self.sender} {self.number} {self.sent} {END}"

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """The message in `line`, which came as `NAME: TEXT`.

        None for all else: what the server says of itself (` * …`), messages shown again on
        joining (`[HH:MM] NAME: TEXT`), and what other people say.
        """
        if line.startswith(" *") or (line.startswith("[") and _REPLAY.match(line)):
            return None
        match line.partition(": ")[2].split(" "):
            case [mark, sender, number, sent, end] if mark == MARK and end == END:
                if number.isdecimal() and sent.isdecimal():
                    return cls(sender, int(number), int(sent))
        return None


class Receipts:
    """What one receiver got."""

    def __init__(self, name: str) -> None:
        """`name` is the one that it sends under: it is not owed its own messages."""
        self.name = name
        self.deliveries = 0
        """Messages that came, each counted once."""
        self.repeated = 0
        """Times that a message came again."""
        self.out_of_order = 0
        """Messages that came after a later one of the same sender."""
        self.announced = 0
        """Messages that the server said this receiver has missed."""
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
        return message

    def count(self, sender: str, number: int) -> None:
        """Count the message of that number by `sender`."""
        last = self._last.get(sender, 0)
        if number > last:
            if number > last + 1:
                self._gaps.setdefault(sender, []).append(range(last + 1, number))
            self._last[sender] = number
            self.deliveries += 1
        elif self._fill(sender, number):
            self.out_of_order += 1
            self.deliveries += 1
        else:
            self.repeated += 1

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
        """How many of the messages in `sent` are owed to this receiver and have not come."""
        if self._since is None:
            return 0
        missing = 0
        for sender, moments in sent.items():
            if sender == self.name:
                continue
            last = self._last.get(sender, 0)
            end = (min(last, len(moments)) if self._left else len(moments)) + 1
            first = bisect_right(moments, self._since) + 1
            missing += max(0, end - max(first, last + 1))
            for gap in self._gaps.get(sender, ()):
                missing += max(0, min(end, gap.stop) - max(first, gap.start))
        return missing


@dataclass(frozen=True)
class Counts:
    """What a run comes to, or the part of it that one process saw; parts can be added."""

    users: int = 0
    messages: int = 0
    deliveries: int = 0
    missing: int = 0
    repeated: int = 0
    out_of_order: int = 0
    announced: int = 0
    absent: int = 0
    """Users that could not join."""

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            *(getattr(self, field.name) + getattr(other, field.name) for field in fields(self))
        )

    @property
    def faults(self) -> int:
        """How often the server broke its promise."""
        return self.missing + self.repeated + self.out_of_order + self.announced

    @property
    def passed(self) -> bool:
        """No fault, nobody absent; and something was delivered, or nothing has been tested."""
        return self.deliveries > 0 and not self.faults and not self.absent

    def __str__(self) -> str:
        parts = [
            f"{self.users} users",
            f"{self.messages} messages",
            f"{self.deliveries} deliveries",
            f"{self.missing} missing",
            f"{self.repeated} repeated",
            f"{self.out_of_order} out of order",
        ]
        if self.announced:
            parts.append(f"{self.announced} announced as missed")
        if self.absent:
            parts.append(f"{self.absent} could not join")
        return ", ".join(parts)


def count(receivers: Iterable[Receipts], sent_here: Sent, sent: Sent) -> Counts:
    """The part of one process: its `receivers`, and `sent_here` by its own users.

    `sent` is what the users of all processes have sent.
    """
    counts = Counts(messages=sum(map(len, sent_here.values())))
    for receipts in receivers:
        if not receipts.joined:
            counts += Counts(absent=1)
        else:
            counts += Counts(
                users=1,
                deliveries=receipts.deliveries,
                missing=receipts.missing(sent),
                repeated=receipts.repeated,
                out_of_order=receipts.out_of_order,
                announced=receipts.announced,
            )
    return counts
