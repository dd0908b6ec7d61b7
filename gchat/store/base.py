"""The interface of a store: what outlasts the process, wherever it is kept.

A store has three parts, which need not be kept in one place: `Store`, the rooms' logs; `Directory`,
who there is; `Archive`, what can be searched for. A method that reads or writes lets other
greenlets run meanwhile. It raises StoreError if the store cannot be read or written; of what was
to be written, nothing is then.

No method decides what a user is shown.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple

from gchat.model.identities import Identity
from gchat.model.message import Message, Private, Topic
from gchat.model.room_log import Cursor, Entry
from gchat.model.sanctions import Sanction
from gchat.text.addresses import Network
from gchat.text.query import Query

Sanctions = Mapping[Network, Sanction]
"""Bans or mutes, in the order in which they were imposed."""


class Opened(NamedTuple):
    """Where the log of a room goes on."""

    end: Cursor
    """Behind all that was ever said there, kept or not."""
    tail: Sequence[Message]
    """The last messages before `end`, without a hole: those that are asked for most."""


class Batch(NamedTuple):
    """What is new in a room: entries that follow one another, behind all that was appended."""

    room: str
    entries: Sequence[Entry]


class Store(ABC):
    """The log of each room: messages with the ids 1, 2, 3, ...

    An id is missing if its message was trimmed, or could not be written; a deleted message keeps
    its id. A range is given by the id before its first message, and that of its last one.
    """

    directory: "Directory"
    archive: "Archive"

    is_kept: bool
    """Whether anything outlasts the process. If so, nobody is shown a message before it was
    appended."""

    @abstractmethod
    def open(self, room: str) -> Opened:
        """Read where the log of `room` goes on; at the very beginning if there is none."""

    @abstractmethod
    def append(self, batches: Sequence[Batch], *, at_once: bool = False) -> None:
        """Write all of `batches`, or none.

        `at_once`: a lock that another program holds is an error, and not waited for.
        """

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

        Returns how many were removed. A lock that another program holds is an error.
        """

    @abstractmethod
    def trim_room(self, room: str, kept: int, most: int) -> int:
        """Remove at most `most` messages of `room`, all of them before the last `kept`.

        Returns how many were removed. A lock that another program holds is an error.
        """

    @abstractmethod
    def find_crowded(self, behind: str, most: int) -> str:
        """Find the first room with over `most` messages whose name comes behind `behind`.

        Returns an empty string if there is none.
        """

    @abstractmethod
    def close(self) -> None:
        """End the use of all three parts; another server may begin it."""


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
