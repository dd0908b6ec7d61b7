"""The interface of a store: what outlasts the process, wherever it is kept.

A store has three parts, which need not be kept in one place: `Store`, the rooms' logs; `Directory`
(directory.py), who there is; `Archive`, what can be searched for. A method that reads or writes
lets other greenlets run meanwhile. It raises StoreError if the store cannot be read or written; of
what was to be written, nothing is then.

No method decides what a user is shown.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from gchat.model.message import Message, Utterance
from gchat.model.room_log import Cursor
from gchat.model.runs import Run
from gchat.store.directory import Directory
from gchat.text.query import Query

END_PATIENCE = 3.0
"""Seconds that a store may take, when the server ends, to write what it still owes."""

FINGERPRINTED = 1000
"""Characters of a text by which it is known again if it is sent twice with the same `ref`."""

log = logging.getLogger(__name__)


class Opened(NamedTuple):
    """Where the log of a room goes on."""

    end: Cursor
    """Behind all that was ever said there, kept or not."""
    epoch: int
    """Of what is placed there from now on (model.epochs)."""
    tail: Sequence[Message]
    """The last messages before `end`, without a hole: those that are asked for most."""


class Batch(NamedTuple):
    """What is to be said next in a room, in this order."""

    room: str
    epoch: int
    """Of the room's log, as far as this server knows it, like `end`."""
    end: Cursor
    """The end of the log."""
    latest: float
    """The time of the last message up to there; 0 if it is not known."""
    utterances: Sequence[Utterance]


class Placed(NamedTuple):
    """The places that a batch was given: what follows on its `end`."""

    others: Sequence[Run]
    """Messages of other servers that came before it, if there are some."""
    runs: Sequence[Run]
    """The messages of the batch, one behind the other; no run has those of two utterances."""


class Left(NamedTuple):
    """How many messages cannot be found yet, at most: notices may be among them."""

    new: int
    old: int
    """Messages that were there before the store had the index that it has now."""


class Store(ABC):
    """The log of each room: messages with the ids 1, 2, 3, ...

    It puts rooms in order: an id is given out by `append`, and never twice in an epoch. A store
    with one owner places what its server says from memory, and may owe the rows for a while; a
    store that several servers share puts messages of the others before those of a batch.

    An id is missing if its message was trimmed, or is lost; a deleted message keeps its id. A range
    is given by the id before its first message, and that of its last one.
    """

    directory: Directory
    archive: "Archive"

    is_kept: bool
    """Whether anything outlasts the process."""

    places_at_once: bool
    """Whether `append` neither waits nor fails. Otherwise nobody is shown a message before it has
    its place."""

    what = "the history file"
    """What people are told that it is."""

    is_shared = False
    """Whether other servers say something in the same rooms (shared.SharedStore)."""

    report: Callable[[str], None] = staticmethod(log.error)
    """Called with what operators have to know at once, in a sentence; whoever runs the store sets
    it. It must not wait."""

    @abstractmethod
    def open(self, room: str) -> Opened:
        """Read where the log of `room` goes on; at the very beginning if there is none."""

    @abstractmethod
    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        """Place the messages of `batches`, at most one of each room; none of them, if it raises.

        The lines of a batch land next to one another. Called again only when it has returned. A
        store that several servers share returns nothing: the places come by `follow`.
        """

    def watch(self, room: str) -> None:
        """Learn that `room` is open: what other servers say there is wanted. Raises nothing."""
        return

    def owes(self, room: str) -> bool:
        """Whether messages of `room` have places and are not written yet: it is not to be closed.

        Raises nothing.
        """
        return False

    @property
    def is_unusable(self) -> bool:
        """Whether nothing can be said, as the store has not been usable for a while."""
        return False

    @property
    def unwritten(self) -> int:
        """How many messages have places and are not written yet."""
        return 0

    @property
    def trouble(self) -> str:
        """What operators have to know of a store that cannot be written; empty if it can be."""
        return ""

    def check(self) -> bool:
        """Find out whether what has been written is still there; reports it if it is not."""
        return True

    @abstractmethod
    def read(self, room: str, last: int, end: int, most: int, characters: int) -> list[Message]:
        """Read messages of `room` from behind the id `last` up to `end`, the first ones.

        At most `most`, of which all but the last have less than so many `characters` together.
        """

    @abstractmethod
    def start(self, room: str) -> int | None:
        """Find the id behind which the first message of `room` is; None if nothing is known."""

    @abstractmethod
    def epoch_end(self, room: str, epoch: int) -> int | None:
        """Find the id of the last message of `room` that was placed in `epoch` or before.

        None if nothing is known.
        """

    @abstractmethod
    def marked(self, sender: int, most: int) -> list[Message]:
        """Read the last messages of `sender`, in any rooms, that have a `ref`; the oldest first.

        At most `most`, of which texts may be cut to FINGERPRINTED characters.
        """

    @abstractmethod
    def gone_between(self, room: str, last: int, end: int) -> int:
        """Count the deleted messages of `room` from behind the id `last` up to `end`."""

    @abstractmethod
    def delete(self, room: str, ids: Collection[int]) -> set[int]:
        """Delete the texts of messages of `room` for good, but of no notices.

        The messages keep their places. Returns the ids of those that were not deleted before.
        """

    @abstractmethod
    def trim_old(self, time: float, most: int) -> int:
        """Remove at most `most` messages of any rooms that were said before `time`.

        Returns how many were removed.
        """

    @abstractmethod
    def trim_room(self, room: str, kept: int, most: int) -> int:
        """Remove at most `most` messages of `room`, all of them before the last `kept`.

        Returns how many were removed.
        """

    @abstractmethod
    def find_crowded(self, behind: str, most: int) -> str:
        """Find the first room with over `most` messages whose name comes behind `behind`.

        Returns an empty string if there is none.
        """

    @abstractmethod
    def close(self, seconds: float = END_PATIENCE) -> None:
        """End the use of all three parts; another server may begin it.

        Writes what is owed, for so many seconds at the most, and reports what is lost.
        """


class Archive(ABC):
    """What was said, to be searched: by parts of the text, by sender, room and time.

    A place in it is a number that grows from message to message, whatever the room.
    """

    @abstractmethod
    def find(self, query: Query, before: int, count: int) -> tuple[int, list[Message]]:
        """Find messages of all rooms that match `query`, the newest first.

        At most `count`, with places below `before`; and none after a while, for the sake of others.
        Returns first the place below which the search goes on; 0 if it is done. Raises TookTooLong.
        """

    @abstractmethod
    def find_of(self, sender: int) -> Iterator[tuple[str, list[int]]]:
        """Yield rooms with ids of messages that `sender` has said, each once, some at a time.

        It may be none: whoever asks is to let others have their turn then.
        Messages that are deleted before the search reaches them are left out, and those that are
        said meanwhile may be.
        """

    @abstractmethod
    def since(self, room: str, time: float) -> int | None:
        """Find the id behind which the messages of `room` are that were said at `time` or later.

        None if nothing is known of the room.
        """

    @abstractmethod
    def since_spoken(self, room: str, spoken: int) -> int | None:
        """Find the id behind which the messages of `room` are from the `spoken`th one on.

        Notices do not count, and deleted messages do. None if nothing is known of the room.
        """

    @abstractmethod
    def index(self, most: int) -> Left:
        """Make at most `most` more messages findable, first new ones; returns what is left."""

    @abstractmethod
    def left(self) -> Left:
        """Count what cannot be found yet."""

    @abstractmethod
    def purge(self) -> Iterator[None]:
        """Take what is left of deleted messages out of the index, a short step for each `next`."""
