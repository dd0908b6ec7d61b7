"""What programs have sent with a `ref`, so that what they send once more is not said twice.

A program that lost its connection does not know whether its last lines were said. It sends them
again with the refs that they had, and is answered with the places of the first ones.
"""

from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

from gchat.hub.room import Pending
from gchat.hub.seat import Seat
from gchat.model.epochs import Place
from gchat.model.message import Kind, Message, Ref
from gchat.store.base import FINGERPRINTED

MOST_OF_ONE = 100
"""Refs that are known of one sender, the last ones."""

MOST = 100_000
"""Refs that are known together, some 250 bytes each: of more, the sender that has sent something
with a ref for the first time longest ago is forgotten."""


class Marked:
    """A request with a ref, or of a client in several rooms, while it is carried out."""

    __slots__ = ("place", "ref", "seat")

    def __init__(self, ref: Ref, seat: Seat) -> None:
        self.ref = ref
        self.seat = seat
        """That of its client in the room which the request is for."""
        self.place: Place | Pending | None = None
        """Where that is, or will be, which others are shown because of it."""


class Sent(NamedTuple):
    """A line that was sent with a ref."""

    fingerprint: int | None
    """Of its text; None if it was deleted since, and any text may be it."""
    room: str
    place: Place | Pending
    """Where it is; or, as long as it has no place, itself."""


class SentLines:
    """The last lines with refs of each sender, by the sender's number."""

    def __init__(self) -> None:
        self._of: dict[int, dict[Ref, Sent]] = {}
        self._count = 0
        self.unread: set[int] = set()
        """Senders that have resumed, of which the store may know more."""

    def find(self, sender: int, ref: Ref, text: str, room: str = "") -> Sent | None:
        """What `sender` has sent with this `ref` before, if that was `text`; None if it has not.

        And if it was for `room`, unless that is empty.
        """
        sent = self._of.get(sender, {}).get(ref)
        if sent is None or sent.fingerprint not in (None, fingerprint(text)):
            return None
        return sent if room in ("", sent.room) else None

    def knows(self, sender: int) -> bool:
        """Whether anything is known of `sender`: the store may know more otherwise."""
        return sender in self._of

    def note(self, sender: int, ref: Ref, text: str, room: str, place: Place | Pending) -> None:
        """`sender` sends `text` to `room` with this `ref`."""
        self._note(sender, ref, Sent(fingerprint(text), room, place))

    def settle(self, sender: int, pending: Pending, place: Place) -> None:
        """What `sender` has sent has its place."""
        ref = pending.utterance.ref
        sent = self._of.get(sender, {}).get(ref)
        if sent is not None and sent.place is pending:
            self._of[sender][ref] = sent._replace(place=place)

    def read(self, sender: int, messages: Iterable[Message]) -> None:
        """Learn what the store knows of `sender`: `messages` with refs, the oldest first."""
        newer = self._of.get(sender, {})
        self.forget(sender)
        for message in messages:
            text = None if message.kind == Kind.GONE else fingerprint(message.text)
            place = Place(message.id, message.epoch)
            self._note(sender, message.ref, Sent(text, message.room, place))
        for ref, sent in newer.items():
            self._note(sender, ref, sent)
        self.unread.discard(sender)

    def forget(self, sender: int) -> None:
        """Nobody sends anything as `sender` any more."""
        self._count -= len(self._of.pop(sender, ()))
        self.unread.discard(sender)

    def _note(self, sender: int, ref: Ref, sent: Sent) -> None:
        of_sender = self._of.setdefault(sender, {})
        self._count += ref not in of_sender
        of_sender.pop(ref, None)
        of_sender[ref] = sent
        if len(of_sender) > MOST_OF_ONE:
            del of_sender[next(iter(of_sender))]
            self._count -= 1
        while self._count > MOST:
            self.forget(next(iter(self._of)))


def fingerprint(text: str) -> int:
    """What a text is known by."""
    return crc32(text[:FINGERPRINTED].strip().encode())
