"""Whether all who are in a room see its messages in one order, whoever says them.

Nobody receives what they say themselves, so two receivers can only be compared by what others
say. The first few receivers of a room are what all others are compared with.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

Key = tuple[str, int]
"""A message: its sender and its number."""

WITNESSES = 3
"""In each room: a message of one and a message of another are still seen by the third."""

REMEMBERED = 20_000
"""Messages that a witness remembers, some 4 MB; who is further apart is not compared."""


class Witness:
    """A receiver that others are compared with: what it got, in its order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.gone = False
        """Whether it receives no more."""
        self._places: dict[Key, int] = {}
        self._end = 0

    def note(self, message: Key) -> None:
        """It has got `message`."""
        self._end += 1
        self._places[message] = self._end
        if len(self._places) > REMEMBERED:
            del self._places[next(iter(self._places))]

    def place(self, message: Key) -> int | None:
        """Where `message` stands; None if it has not come, or long ago."""
        return self._places.get(message)

    def messages(self) -> list[Key]:
        """What it remembers, in order."""
        return list(self._places)


class Comparison:
    """A receiver beside a witness."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._last = 0
        self._pending: deque[Key] = deque()

    def add(self, message: Key) -> Iterator[Key]:
        """The receiver has got `message`; yields those that the witness had the other way round.

        What the witness has not got yet waits until it has.
        """
        witness, pending = self._witness, self._pending
        if message[0] == witness.name:
            return
        pending.append(message)
        while pending and (place := witness.place(pending[0])) is not None:
            yield from self._compare(place, pending.popleft())
        if len(pending) > REMEMBERED or (pending and witness.gone):
            pending.popleft()  # it never will

    def _compare(self, place: int, message: Key) -> Iterator[Key]:
        if place > self._last:
            self._last = place
        else:
            yield message


class RoomOrder:
    """What those in one room have seen, as far as these users are in it."""

    def __init__(self) -> None:
        self.witnesses: list[Witness] = []

    def enter(self, name: str, passing: bool = False) -> tuple[Witness | None, list[Comparison]]:
        """Somebody comes: the witness that it is, if one is needed, and its comparisons.

        Who is `passing` is none: when it goes, those who were there before are compared with
        nobody.
        """
        comparisons = [Comparison(witness) for witness in self.witnesses if not witness.gone]
        if passing or len(comparisons) == WITNESSES:
            return None, comparisons
        witness = Witness(name)
        self.witnesses = [*(w for w in self.witnesses if not w.gone), witness]
        return witness, comparisons


def contradictions(witness: Witness, messages: Iterable[Key]) -> Iterator[Key]:
    """Those of `messages`, as another witness got them, which `witness` had the other way round."""
    comparison = Comparison(witness)
    for message in messages:
        if witness.place(message) is not None:
            yield from comparison.add(message)


def witness_of(name: str, messages: Iterable[Sequence[Any]]) -> Witness:
    """The witness of that name who has seen `messages`, as another process tells."""
    witness = Witness(name)
    for sender, number in messages:
        witness.note((sender, number))
    return witness
