"""Messages to write to a file."""

from itertools import groupby
from operator import itemgetter

from gchat.model.message import Kind
from gchat.model.room_log import Entry
from gchat.store.base import Batch


def entries(count: int, room: str = "lobby", first: int = 1) -> list[Entry]:
    """So many things said, with the ids from `first` on."""
    return [
        (number, number, 1000.0 + number, room, Kind.SAY, 7, "ann", f"text {number}")
        for number in range(first, first + count)
    ]


def batches(*entries: Entry) -> list[Batch]:
    """The entries as a store takes them: those of one room that follow one another are a batch."""
    room_of = itemgetter(3)
    return [Batch(room, [*group]) for room, group in groupby(entries, room_of)]
