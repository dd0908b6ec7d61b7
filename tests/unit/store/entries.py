"""Messages to write to a file."""

from itertools import groupby
from operator import itemgetter

from gchat.model.message import SPOKEN, Kind, Ref, Utterance
from gchat.model.room_log import Cursor
from gchat.model.runs import Row
from gchat.store.base import Batch


def entry(
    last: int,
    spoken: int,
    time: float,
    room: str,
    kind: str,
    sender: int,
    name: str,
    text: str,
    epoch: int = 1,
    ref: Ref = None,
) -> Row:
    """One entry of a log."""
    return last, spoken, time, room, kind, sender, name, text, epoch, ref


def entries(count: int, room: str = "lobby", first: int = 1) -> list[Row]:
    """So many things said, with the ids from `first` on."""
    return [
        entry(number, number, 1000.0 + number, room, Kind.SAY, 7, "ann", f"text {number}")
        for number in range(first, first + count)
    ]


def batches(*entries: Row) -> list[Batch]:
    """What a store takes to have these entries: those of a room, which follow one another."""
    found = list[Batch]()
    for room, group in groupby(entries, itemgetter(3)):
        said = [*group]
        last, spoken, _, _, kind, *_, epoch, _ = said[0]
        utterances = [
            Utterance(time, kind, [text], sender, name, ref)
            for _, _, time, _, kind, sender, name, text, _, ref in said
        ]
        end = Cursor(last - 1, spoken - (kind in SPOKEN))
        found.append(Batch(room, epoch, end, 0.0, utterances))
    return found
