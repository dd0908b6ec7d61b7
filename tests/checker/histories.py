"""What happened in one room, as its clients and its file have it, and what is wrong with it.

Pure: a test collects a History, from whatever server, and `faults` says what promises it breaks.
Every text has to be said by one client alone, and once: a text is what a message is known by.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Line(NamedTuple):
    """A message at its place in the room."""

    epoch: str
    """Ids of two epochs have nothing to do with each other."""
    id: int
    text: str
    time: float = 0.0


class Gap(NamedTuple):
    """A client was told that it missed so many messages, or, if None, some."""

    missed: int | None = None


Event = Line | Gap


@dataclass
class Witness:
    """One client, as it saw the room."""

    sent: list[str] = field(default_factory=list)
    """What it has said, in this order."""
    answered: list[Line] = field(default_factory=list)
    """Of that, what the server has told it is said, and where."""
    shown: list[Event] = field(default_factory=list)
    """What it was shown, in this order."""
    reads_to_the_end: bool = False
    """It has waited until it was shown all that was said up to the end."""


@dataclass
class History:
    """All that is known of one room when it is over."""

    witnesses: dict[str, Witness]
    stored: list[Line] | None = None
    """What the file holds, in its order; None if there is no file."""
    lost: int = 0
    """Messages that the server has said are not in the file."""


class Fault(NamedTuple):
    """A promise that was broken."""

    what: str
    """One of `invented`, `repeated`, `echoed`, `two places`, `two texts`, `disordered`,
    `rearranged`, `time falls`, `skipped`, `not stored`."""
    where: str
    """The name of the client, or `the file`."""
    text: str
    """The text of the message, or of the first of those that it is about."""


FILE = "the file"


def faults(history: History) -> list[Fault]:
    """All faults of a history; none if every promise was kept."""
    return [
        *_invented(history),
        *_repeated(history),
        *_misplaced(history),
        *_disordered(history),
        *_rearranged(history),
        *_skipped(history),
        *_not_stored(history),
    ]


def lines_of(events: Iterable[Event]) -> list[Line]:
    """The lines among what a client was shown."""
    return [event for event in events if isinstance(event, Line)]


def _accounts(history: History) -> Iterator[tuple[str, list[Line]]]:
    """Each order of lines that there is: what every client was shown, and the file."""
    for name, witness in history.witnesses.items():
        yield name, lines_of(witness.shown)
    if history.stored is not None:
        yield FILE, history.stored


def _all_lines(history: History) -> Iterator[tuple[str, Line]]:
    for name, lines in _accounts(history):
        yield from ((name, line) for line in lines)
    for name, witness in history.witnesses.items():
        yield from ((name, line) for line in witness.answered)


def _invented(history: History) -> Iterator[Fault]:
    """Find texts that nobody has said, and answers to what somebody else has."""
    said = {text for witness in history.witnesses.values() for text in witness.sent}
    for name, line in _all_lines(history):
        if line.text not in said:
            yield Fault("invented", name, line.text)
    for name, witness in history.witnesses.items():
        for line in witness.answered:
            if line.text in said - {*witness.sent}:
                yield Fault("invented", name, line.text)


def _repeated(history: History) -> Iterator[Fault]:
    """Find texts that one account has twice, and lines that came back to who has said them."""
    for name, lines in _accounts(history):
        seen = set[str]()
        for line in lines:
            if line.text in seen:
                yield Fault("repeated", name, line.text)
            seen.add(line.text)
    for name, witness in history.witnesses.items():
        for line in lines_of(witness.shown):
            if line.text in witness.sent:
                yield Fault("echoed", name, line.text)


def _misplaced(history: History) -> Iterator[Fault]:
    """Find texts with two places, and places with two texts."""
    places: dict[str, tuple[str, int]] = {}
    texts: dict[tuple[str, int], str] = {}
    for name, line in _all_lines(history):
        place = (line.epoch, line.id)
        if places.setdefault(line.text, place) != place:
            yield Fault("two places", name, line.text)
        if texts.setdefault(place, line.text) != line.text:
            yield Fault("two texts", name, line.text)


def _disordered(history: History) -> Iterator[Fault]:
    """Find ids that do not grow within an epoch, epochs that come back, and times that fall.

    What a client was shown and a kill has lost, the next server knows nothing of: its times are
    only behind those of lines that are in the file.
    """
    kept = None if history.stored is None else {line.text for line in history.stored}
    for name, lines in _accounts(history):
        last: dict[str, int] = {}
        epoch, time, kept_time = "", 0.0, 0.0
        for line in lines:
            is_back = line.epoch != epoch and line.epoch in last
            if is_back or line.id <= last.get(line.epoch, 0):
                yield Fault("disordered", name, line.text)
            if line.time < (time if line.epoch == epoch else kept_time):
                yield Fault("time falls", name, line.text)
            last[line.epoch], epoch, time = line.id, line.epoch, line.time
            if kept is None or line.text in kept:
                kept_time = time


def _rearranged(history: History) -> Iterator[Fault]:
    """Find lines of one sender in another order than they were said."""
    numbers = {
        text: (sender, number)
        for sender, witness in history.witnesses.items()
        for number, text in enumerate(witness.sent)
    }
    for name, lines in _accounts(history):
        last: dict[str, int] = {}
        for line in lines:
            sender, number = numbers.get(line.text, ("", 0))
            if sender and number < last.get(sender, -1):
                yield Fault("rearranged", name, line.text)
            last[sender] = number


def _skipped(history: History) -> Iterator[Fault]:
    """Find lines that a client was not shown between two that it was, without being told of it.

    And behind the last one, if it reads to the end.
    """
    known = defaultdict[str, dict[int, str]](dict)
    for _, line in _all_lines(history):
        known[line.epoch][line.id] = line.text
    end = {epoch: max(texts) for epoch, texts in known.items()}
    for name, witness in history.witnesses.items():
        own = {*witness.sent}
        before: Line | None = None
        allowed: float = 0
        events: Sequence[Event] = witness.shown
        for event in [*events, None]:
            if isinstance(event, Gap):
                allowed += event.missed if event.missed is not None else float("inf")
                continue
            if before and (event or witness.reads_to_the_end):
                if event and event.epoch != before.epoch:
                    before = event
                    continue
                texts = known[before.epoch]
                stop = event.id if event else end[before.epoch] + 1
                missing = [
                    texts[number]
                    for number in range(before.id + 1, stop)
                    if number in texts and texts[number] not in own
                ]
                if len(missing) > allowed:
                    yield Fault("skipped", name, missing[0])
            before, allowed = event, 0


def _not_stored(history: History) -> Iterator[Fault]:
    """Find lines that were shown or acknowledged and are not in the file, but for those counted."""
    if history.stored is None:
        return
    stored = {line.text for line in history.stored}
    missing = dict[str, str]()
    for name, line in _all_lines(history):
        if line.text not in stored:
            missing.setdefault(line.text, name)
    if len(missing) > history.lost:
        text, name = next(iter(missing.items()))
        yield Fault("not stored", name, text)
