"""What a run comes to, over all receivers and processes, and whether it has passed.

Nothing here knows about sockets, locust, or the time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice

from receipts import EXAMPLES, Receipts, Sent, room_of


@dataclass(frozen=True)
class Counts:
    """What a run comes to, or the part of it that one process saw; parts can be added."""

    users: int = 0
    """Those who receive."""
    messages: int = 0
    deliveries: int = 0
    missing: int = 0
    repeated: int = 0
    out_of_order: int = 0
    reordered: int = 0
    astray: int = 0
    echoed: int = 0
    unclean: int = 0
    announced: int = 0
    """Messages that were said to be missed, by the server, to others than slow readers."""
    absent: int = 0
    """Users that could not join."""
    closed: int = 0
    """Users whose connection ended without their having asked for it."""
    uncounted: int = 0
    """Processes that failed to count what their users got."""
    senders: int = 0
    """Users who receive nothing that is counted: they only send."""
    told: int = 0
    """Messages that were said to be missed to slow readers, which is no fault."""
    examples: list[str] = field(default_factory=list)
    """The first faults, in words."""

    def __add__(self, other: "Counts") -> "Counts":
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return Counts(**sums | {"examples": sums["examples"][:EXAMPLES]})

    @property
    def faults(self) -> int:
        """How often the server broke its promise."""
        return sum(getattr(self, name) for name in ("missing", "repeated", "out_of_order", *MORE))

    @property
    def passed(self) -> bool:
        """No fault; and if anything was said to anybody, something was delivered.

        Otherwise nothing is tested.
        """
        heard = self.deliveries > 0 or not self.messages or not self.users
        return self.users + self.senders > 0 and not self.faults and heard

    def standing(self) -> str:
        """The counts of a run that is under way, in which nothing is missing yet."""
        return str(self).replace(f"{self.missing} missing, ", "")

    def __str__(self) -> str:
        senders = f" and {self.senders} who only send" if self.senders else ""
        parts = [
            f"{self.users} users{senders}",
            f"{self.messages} messages",
            f"{self.deliveries} deliveries",
            f"{self.missing} missing",
            f"{self.repeated} repeated",
            f"{self.out_of_order} out of order",
        ]
        for name, words in (MORE | {"told": "announced to slow readers as missed"}).items():
            if number := getattr(self, name):
                parts.append(f"{number} {words}")
        return ", ".join(parts)


MORE = {
    "reordered": "in another order than others saw",
    "astray": "in a room where they were not said",
    "echoed": "sent back to who said them",
    "unclean": "lines with control characters",
    "announced": "announced as missed",
    "absent": "could not join",
    "closed": "closed unasked",
    "uncounted": "processes that could not count",
}
"""Faults that are told of only if there are any, in words."""


def count(receivers: Iterable[Receipts], sent_here: Sent, sent: Sent) -> Counts:
    """The part of one process: its `receivers`, and `sent_here` by its own users.

    `sent` is what the users of all processes have sent.
    """
    counts = Counts(messages=sum(map(len, sent_here.values())))
    rooms = by_room(sent)
    people = set()
    for receipts in receivers:
        if not receipts.joined:
            if receipts.awaited:
                counts += Counts(absent=1, examples=[f"{receipts.name} could not join"])
            continue
        people.add(receipts.person)
        owed = rooms.get(receipts.room, {})
        missing = receipts.missing(owed)
        counts += Counts(
            deliveries=receipts.deliveries,
            missing=missing,
            repeated=receipts.repeated,
            out_of_order=receipts.out_of_order,
            reordered=receipts.reordered,
            astray=receipts.astray,
            echoed=receipts.echoed,
            unclean=receipts.unclean,
            announced=0 if receipts.slow else receipts.announced,
            told=receipts.announced if receipts.slow else 0,
            examples=receipts.examples
            + (list(islice(receipts.lost(owed), EXAMPLES)) if missing else []),
        )
    return counts + Counts(users=len(people))


def unheard(receivers: Iterable[Receipts], rooms: Mapping[str, Sent]) -> int:
    """How many lines are still to come: in each room those of the receiver that misses most."""
    most: dict[str, int] = {}
    for receipts in receivers:
        missing = receipts.missing(rooms.get(receipts.room, {}))
        most[receipts.room] = max(most.get(receipts.room, 0), missing)
    return sum(most.values())


def by_room(sent: Sent) -> dict[str, dict[str, Sequence[int]]]:
    """`sent`, apart by the rooms in which it was said."""
    rooms: dict[str, dict[str, Sequence[int]]] = {}
    for sender, moments in sent.items():
        rooms.setdefault(room_of(sender), {})[sender] = moments
    return rooms
