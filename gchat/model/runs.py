"""Runs: the entries of a log. What one sender has said in one go is one of them.

A program that prints, or a person who pastes, sends many lines at once. These have one sender, one
kind and one time, and follow one another; so they are placed, kept, encoded and given up together,
and what that costs is paid once for all of them. Most runs are of one message.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from sys import getsizeof, maxsize
from typing import Final

from gchat.model.message import COUNTED, SPOKEN, Kind, Message, Ref, Utterance

MOST_MESSAGES = 256
"""Messages in a run, at the most."""

MOST_CHARACTERS = 16 * 1024
"""Characters in a run of several messages, at the most: encoding it, or a part of it, takes some
ten microseconds."""

RUN_BYTES = 244
"""What a run takes besides its text: a tuple, three numbers, a place in the list (CPython 3.11)."""

Row = tuple[int, int, float, str, str, int, str, str, int, Ref]
"""A message as files keep it: its fields, in a plain tuple."""

Run = tuple[int, int, float, str, str, int, str, str, int, Ref, int]
"""The fields of the last message of a run, but with the texts of all of them, between which are
line feeds; and the number of messages.

A plain tuple that refers to nothing else is no business of the garbage collector's. With 100,000
of anything richer it stopped the server for 60 ms now and then (measured).
"""

ID: Final = 0
SPOKEN_UP_TO: Final = 1
TIME: Final = 2
ROOM: Final = 3
KIND: Final = 4
SENDER: Final = 5
NAME: Final = 6
TEXT: Final = 7
EPOCH: Final = 8
REF: Final = 9
COUNT: Final = 10
"""Places in a row, and in a run, which alone has the last one."""

message_from: Callable[[Row], Message] = partial(tuple.__new__, Message)
_row_from: Callable[[Message], Row] = partial(tuple.__new__, tuple)
_in_common = itemgetter(TIME, ROOM, KIND, SENDER, NAME, EPOCH, REF, COUNT)


def place(
    room: str, epoch: int, end: tuple[int, int], latest: float, utterances: Iterable[Utterance]
) -> list[Run]:
    """Give utterances their ids behind the cursor `end`, in their order.

    Their times are not before `latest`.
    """
    runs = list[Run]()
    last, spoken = end
    for time, kind, texts, sender, name, ref in utterances:
        if time > latest:
            latest = time
        step = kind in SPOKEN
        for text, count in _joined(texts):
            last += count
            spoken += count * step
            runs.append((last, spoken, latest, room, kind, sender, name, text, epoch, ref, count))
    return runs


def _joined(texts: Sequence[str]) -> Iterable[tuple[str, int]]:
    """The texts of runs, and the number of messages of each."""
    if len(texts) == 1:
        return ((texts[0], 1),)
    text = "\n".join(texts)
    is_one = len(texts) <= MOST_MESSAGES and len(text) <= MOST_CHARACTERS
    if is_one and text.count("\n") == len(texts) - 1:
        return ((text, len(texts)),)
    return _portions(texts)


def join(runs: Sequence[Run]) -> Sequence[Run]:
    """Make one run of single messages that one sender has said at the same time.

    `runs` follow one another in a log. Events stay alone, and what was sent with a ref.
    """
    if len(runs) < 2:
        return runs
    made = list[Run]()
    for (time, room, kind, sender, name, epoch, ref, count), group in groupby(runs, _in_common):
        same = list(group)
        if len(same) == 1 or count > 1 or ref is not None or kind not in SPOKEN:
            made += same
        else:
            texts = [run[TEXT] for run in same]
            said = Utterance(time, kind, texts, sender, name)
            made += place(room, epoch, start_of(same[0]), time, (said,))
    return made


def _portions(texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    held, characters = list[str](), 0
    for text in texts:
        is_too_much = len(held) == MOST_MESSAGES or characters + len(text) > MOST_CHARACTERS
        if held and (is_too_much or "\n" in text or "\n" in held[0]):
            yield "\n".join(held), len(held)
            held, characters = [], 0
        held.append(text)
        characters += len(text)
    if held:
        yield "\n".join(held), len(held)


def take(runs: Iterator[Run], count: int) -> list[Run]:
    """Take runs of `count` messages together."""
    taken = list[Run]()
    while count > 0:
        taken.append(next(runs))
        count -= taken[-1][COUNT]
    return taken


def run_of(message: Message) -> Run:
    """The run of a single message."""
    return (*message, 1)


def rows_of(run: Run, last: int = 0, stop: int = maxsize) -> list[Row]:
    """The messages of a run as rows, from behind the id `last` up to `stop`."""
    end, spoken, time, room, kind, sender, name, text, epoch, ref, count = run
    if count == 1:
        return [(end, spoken, time, room, kind, sender, name, text, epoch, ref)]
    step = kind in COUNTED
    before, spoken_before = end - count, spoken - count * step
    first = max(0, last - before)
    return [
        (before + nth, spoken_before + nth * step, time, room, kind, sender, name, each, epoch, ref)
        for nth, each in enumerate(text.split("\n")[first : max(0, stop - before)], first + 1)
    ]


def messages_of(run: Run, last: int = 0, stop: int = maxsize) -> list[Message]:
    """The messages of a run, from behind the id `last` up to `stop`: at least one."""
    return list(map(message_from, rows_of(run, last, stop)))


def start_of(run: Run) -> tuple[int, int]:
    """The cursor before the first message of a run."""
    count = run[COUNT]
    return run[ID] - count, run[SPOKEN_UP_TO] - count * (run[KIND] in COUNTED)


def part_of(run: Run, last: int, stop: int) -> Run:
    """The messages of a run from behind the id `last` up to `stop`: at least one."""
    end, count = run[ID], run[COUNT]
    left_out = max(0, end - stop)
    first = max(0, last - end + count)
    if not (left_out or first):
        return run
    texts = run[TEXT].split("\n")[first : count - left_out]
    spoken = run[SPOKEN_UP_TO] - left_out * (run[KIND] in COUNTED)
    _, _, time, room, kind, sender, name, _, epoch, ref, _ = run
    text = "\n".join(texts)
    return (
        end - left_out, spoken, time, room, kind, sender, name, text, epoch, ref, len(texts)
    )  # fmt: skip


def deleted(run: Run, ids: Iterable[int]) -> list[Run]:
    """The runs in the place of `run` when its messages `ids`, in their order, are deleted."""
    runs, last = list[Run](), run[ID] - run[COUNT]
    for number in ids:
        if number - 1 > last:
            runs.append(part_of(run, last, number - 1))
        (row,) = rows_of(part_of(run, number - 1, number))
        runs.append((*without_text(row), 1))
        last = number
    if last < run[ID]:
        runs.append(part_of(run, last, run[ID]))
    return runs


def without_text(row: Row) -> Row:
    """What is left of a message when it is deleted: its place."""
    return _row_from(message_from(row).without_text())


def is_gone(run: Run) -> bool:
    """Whether its messages were deleted."""
    return run[KIND] == Kind.GONE


def size_of(run: Run) -> int:
    """Bytes that it takes."""
    return RUN_BYTES + getsizeof(run[TEXT])
