"""The interface of a store: what outlasts the process, wherever it is kept.

A store has three parts, which need not be kept in one place: `Store`, the rooms' logs; `Directory`,
who there is; `Archive`, what can be searched for. A method that reads or writes lets other
greenlets run meanwhile. It raises StoreError if the store cannot be read or written; of what was
to be written, nothing is then.

No method decides what a user is shown.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple

from gchat.model.identities import Identity
from gchat.model.message import Message, Private, Topic, Utterance
from gchat.model.room_log import Cursor, Entry
from gchat.model.sanctions import Sanction
from gchat.text.addresses import Network
from gchat.text.query import Query

END_PATIENCE = 3.0
"""Seconds that a store may take, when the server ends, to write what it still owes."""

log = logging.getLogger(__name__)

Sanctions = Mapping[Network, Sanction]
"""Bans or mutes, in the order in which they were imposed."""


class Opened(NamedTuple):
    """Where the log of a room goes on."""

    end: Cursor
    """Behind all that was ever said there, kept or not."""
    tail: Sequence[Message]
    """The last messages before `end`, without a hole: those that are asked for most."""


class Batch(NamedTuple):
    """What is to be said next in a room, in this order."""

    room: str
    end: Cursor
    """The end of the room's log, as far as this server knows it."""
    latest: float
    """The time of the last message up to there; 0 if it is not known."""
    utterances: Sequence[Utterance]


class Placed(NamedTuple):
    """The places that a batch was given: what follows on its `end`."""

    others: Sequence[Entry]
    """Messages of other servers that came before it, if there are some."""
    entries: Sequence[Entry]
    """The messages of the batch, one behind the other."""


class Store(ABC):
    """The log of each room: messages with the ids 1, 2, 3, ...

    It puts rooms in order: an id is given out by `append`, and never twice. A store with one owner
    places what its server says from memory, and may owe the rows for a while; a store that several
    servers share puts messages of the others before those of a batch.

    An id is missing if its message was trimmed, or is lost; a deleted message keeps its id. A range
    is given by the id before its first message, and that of its last one.
    """

    directory: "Directory"
    archive: "Archive"

    is_kept: bool
    """Whether anything outlasts the process."""

    places_at_once: bool
    """Whether `append` neither waits nor fails. Otherwise nobody is shown a message before it has
    its place."""

    report: Callable[[str], None] = staticmethod(log.error)
    """Called with what operators have to know at once, in a sentence; whoever runs the store sets
    it. It must not wait."""

    @abstractmethod
    def open(self, room: str) -> Opened:
        """Read where the log of `room` goes on; at the very beginning if there is none."""

    @abstractmethod
    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        """Place the messages of `batches`, at most one of each room; none of them, if it raises.

        The lines of a batch land next to one another. Called again only when it has returned.
        """

    def owes(self, room: str) -> bool:
        """Whether messages of `room` have places and are not written yet: it is not to be closed.

        Raises nothing.
        """
        return False

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


class Directory(ABC):
    """Who there is: identities, what is kept for them, sanctions; and what rooms are about."""

    first_number: int
    """The lowest number for a client of this run of the server: above all of earlier runs, so
    that the `sender` of a message means one client for ever."""

    @abstractmethod
    def topic(self, room: str) -> Topic | None:
        """Read what `room` is about; None if it has no topic."""

    @abstractmethod
    def write_topic(self, room: str, topic: Topic | None) -> None:
        """Write what `room` is about."""

    @abstractmethod
    def sanctions(self, kind: str) -> Sanctions:
        """Read all sanctions of a kind, `ban` or `mute`."""

    @abstractmethod
    def write_sanctions(self, held: Mapping[str, Sanctions]) -> None:
        """Write all sanctions, by their kind, in place of those before."""

    @abstractmethod
    def identities(self) -> list[Identity]:
        """Read all identities, the longest gone first."""

    @abstractmethod
    def write_identities(
        self, changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        """Write all of each identity in `changed`, and how far each in `moved` has read.

        And delete the identities of the numbers in `forgotten`, with what is kept for them.
        """

    @abstractmethod
    def keep_privates(self, number: int, privates: Sequence[Private], most: float = inf) -> bool:
        """Keep direct messages for the identity of this number.

        False, and nothing is kept, if over `most` bytes are kept for it already.
        """

    @abstractmethod
    def take_privates(self, number: int) -> list[Private]:
        """Read the direct messages that are kept for an identity, and delete them."""


class Archive(ABC):
    """What was said, to be searched: by words, by sender, by time.

    A place in it is a number that grows from message to message, whatever the room.
    """

    @abstractmethod
    def find(self, query: Query, before: int, count: int) -> list[tuple[int, Message]]:
        """Find messages of all rooms that match `query`, with their places, the newest first.

        At most `count`, with places below `before`. Raises TookTooLong.
        """

    @abstractmethod
    def find_of(self, sender: int, before: int, most: int) -> tuple[int, list[tuple[str, int]]]:
        """Find the rooms and ids of messages that `sender` said, with places below `before`.

        At most `most`. Returns first the place below which the search goes on; 0 if it is done.
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
    def index(self, most: int) -> int:
        """Make at most `most` more messages findable; returns how many are left."""

    @abstractmethod
    def purge(self) -> Iterator[None]:
        """Take the words of deleted messages out of the index, a short step for each `next`."""
