"""Direct messages to clients that may come back: kept until they have arrived.

The history file has those that had not arrived at the last checkpoint: nothing is written of a
message that arrives at once, as nearly all do.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice

from gchat.hub.mail_parts import MailParts
from gchat.model.message import Private

Addressed = tuple[int, Private]
"""A direct message, with the number of the identity that it is for."""


class Mail:
    """What is known of direct messages to clients with an identity (model.identities).

    Each is in memory, in the file, or in both while it is written; a client that comes back is
    sent all of these, each once, in the order in which they were sent. What has arrived is in the
    file until it is deleted there: after a kill it may be shown again.
    """

    def __init__(self, first: int) -> None:
        """`first` is the lowest number for a direct message of this run of the server."""
        self.parts = MailParts()
        """What each sender may still send, when others have filled a mailbox."""
        self._numbers = count(first)
        self._unwritten: dict[int, dict[int, Private]] = {}
        """Messages that the file does not have, by the number of their identity and their own."""
        self._being_written: set[int] = set()
        self._arrived: dict[int, None] = {}
        """Messages that the file has, or is about to have, and nobody needs any more."""

    def next_number(self) -> int:
        """The number for a new message."""
        return next(self._numbers)

    def add(self, owner: int, private: Private) -> None:
        """`private` is sent to the identity `owner`, and the file does not have it."""
        self._unwritten.setdefault(owner, {})[private.number] = private

    def has_arrived(self, owner: int, private: Private) -> None:
        """`private` has reached the client of the identity `owner`: nobody needs it any more."""
        is_written = not self._drop(owner, private)
        if is_written or private.number in self._being_written:
            self._arrived[private.number] = None

    def withdraw(self, owner: int, private: Private) -> None:
        """`private` could not be written, and counts as not sent."""
        self._drop(owner, private)

    def hand_over(self, owner: int) -> None:
        """The identity `owner` is another server's, with its messages."""
        self._unwritten.pop(owner, None)

    def of(self, owner: int, kept: Iterable[Private]) -> list[Private]:
        """All that has not arrived at the identity `owner`; `kept` was just read from the file.

        Whoever has read it must not have waited since. The file is read in the thread that writes
        it, so what was written before is in `kept`, and what is written later still in memory.
        """
        found = {each.number: each for each in kept if each.number not in self._arrived}
        found.update(self._unwritten.get(owner, {}))
        return [found[number] for number in sorted(found)]

    def take_unwritten(self, most: int, is_known: Callable[[int], bool]) -> list[Addressed]:
        """Some messages that are to be written: at most so many, or so many KiB and one message.

        Forgets those of unknown identities.
        """
        for owner in [each for each in self._unwritten if not is_known(each)]:
            del self._unwritten[owner]
        found, weight = list[Addressed](), 0
        for owner, private in self._each_unwritten():
            if weight >= most:
                break
            found.append((owner, private))
            weight += 1 + len(private.text) // 1024
        return found

    def _each_unwritten(self) -> Iterator[Addressed]:
        """All messages that are in no file and are not being written to one."""
        for owner, privates in self._unwritten.items():
            for private in privates.values():
                if private.number not in self._being_written:
                    yield owner, private

    def take_arrived(self, most: int) -> list[int]:
        """At most so many numbers of messages that are to be deleted from the file."""
        each = (number for number in self._arrived if number not in self._being_written)
        return list(islice(each, most))

    @contextmanager
    def being_written(
        self, unwritten: Sequence[Addressed], arrived: Iterable[int] = ()
    ) -> Iterator[None]:
        """`unwritten` messages are written within, and `arrived` ones deleted, unless it raises."""
        numbers = {private.number for _, private in unwritten}
        self._being_written |= numbers
        try:
            yield
            for owner, private in unwritten:
                self._drop(owner, private)
            for number in arrived:
                self._arrived.pop(number, None)
        finally:
            self._being_written -= numbers

    def _drop(self, owner: int, private: Private) -> bool:
        """Have `private` not in memory any more; False if it was not."""
        privates = self._unwritten.get(owner, {})
        was_there = privates.pop(private.number, None) is not None
        if not privates:
            self._unwritten.pop(owner, None)
        return was_there
