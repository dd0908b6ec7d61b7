"""The interface of a store that several servers share: what it adds to `Store`."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from gchat.model.events import RoomEvent
from gchat.model.peers import Others, Peer
from gchat.model.room_log import Cursor
from gchat.model.runs import Row
from gchat.store.base import Placed, Store


class Arrived(NamedTuple):
    """Messages that follow on what the server knows of a room."""

    room: str
    placed: Placed
    """Messages of other servers, and behind them what was pending here first."""


class Skipped(NamedTuple):
    """What the server does not know of a room up to `end` is not kept any more."""

    room: str
    end: Cursor
    epoch: int
    own: Sequence[int]
    """The ids of messages among them that were pending here first: they have been said."""


class Forked(NamedTuple):
    """What the server knows of a room behind `end` no other server knows: it is lost.

    The store has lost it, and others have gone on before this server could give it back.
    """

    room: str
    end: Cursor


class Deleted(NamedTuple):
    """Messages were deleted by another server."""

    room: str
    ids: Collection[int]


class Informed(NamedTuple):
    """Another server has told something."""

    kind: str
    what: Any
    """As it is in JSON."""


class Letter(NamedTuple):
    """Another server has sent something to this one alone."""

    server: str
    kind: str
    what: Any
    """As it is in JSON."""
    age: float
    """For how many seconds it lay there, by the clock of the store."""


News = Arrived | Skipped | Forked | Deleted | Informed | Letter


class RecordingStore(Store):
    """A store that can also keep what another one has placed."""

    @abstractmethod
    def record(self, rows: Sequence[Row]) -> None:
        """Keep messages, behind those before of their rooms. Does not wait, and raises nothing."""

    @abstractmethod
    def take_back(self, room: str, last: int) -> None:
        """Forget the messages of `room` behind the id `last`. Raises StoreError."""

    @abstractmethod
    def note_number(self, number: int) -> None:
        """Learn that numbers for clients from `number` on are this server's. Raises StoreError."""

    @abstractmethod
    def noted_number(self) -> int:
        """The number that was noted last, by an earlier run; 0 if none was. Raises StoreError."""


class SharedStore(Store):
    """The logs of rooms that several servers share; it puts them in order.

    `append` returns when the store has the messages. It places none itself: their places come by
    `follow`, in order with what other servers say.
    """

    places_at_once = False
    is_shared = True
    what = "the store"

    node: str
    """The number of this server, which no other one has, nor this one when it starts again."""

    @abstractmethod
    def follow(self, ends: Mapping[str, int]) -> Sequence[News]:
        """Wait for what comes behind the ids `ends` of rooms, for a second or two at the most.

        What it returns has to be obeyed in its order, and `ends` are where that has led. Called by
        one greenlet only. Raises StoreError while the store cannot be used.
        """

    @abstractmethod
    def others(self) -> list[str]:
        """The numbers of the other servers that are there now. Raises StoreError."""

    @abstractmethod
    def end_of(self, room: str) -> int:
        """The id of the last message of `room`, whichever server has said it. Raises StoreError."""

    @abstractmethod
    def catch_up(self) -> None:
        """Keep what was said in rooms that are not open here: it is to be found all the same.

        Raises StoreError.
        """

    @abstractmethod
    def renew(self, peers: Sequence[Peer]) -> Others:
        """Exchange with the other servers who is there; it is called each second.

        `peers` are the clients of this one. Raises StoreError.
        """

    @property
    @abstractmethod
    def has_lapsed(self) -> bool:
        """Whether the lease of this server has ended, and it has another one.

        Clients may be at other servers by now: `append` refuses all that is said until
        `place_under` is called with the new lease.
        """

    @property
    @abstractmethod
    def new_lease(self) -> str:
        """The new lease if this server `has_lapsed`, and an empty string if it has not.

        That also as long as it is not known whether something that was said before has a place.
        """

    @abstractmethod
    def place_under(self, lease: str) -> None:
        """Have `append` place what is said here, until this lease ends."""

    @abstractmethod
    def inform(self, kind: str, what: Any) -> None:
        """Tell all other servers something, which has to be JSON. Raises StoreError."""

    @abstractmethod
    def send(self, server: str, kind: str, what: Any) -> bool:
        """Send one other server something, which has to be JSON: it gets it once, or never.

        False, and nothing is sent, if that server has ended. Raises InDoubt if it may have been
        sent, and StoreError if it was not.
        """

    @abstractmethod
    def say_goodbye(self, peers: Sequence[Peer]) -> None:
        """Tell the other servers that this one is stopped, and who was here. Raises StoreError.

        They announce that these have left; those that are untold (directory.Taken), if they do not
        come back.
        """

    @abstractmethod
    def take_untold(self, digests: Sequence[str]) -> list[str]:
        """Have this server be the one that tells who has left: the clients of which identities.

        Of those of tokens with these digests, returns those that nobody has told of, and that no
        server has taken since their own one has let go of them. Raises StoreError.
        """

    @abstractmethod
    def say_once(self, room: str, name: str, event: RoomEvent) -> None:
        """Have `event` happen in `room` once, whichever servers say it: `name` is the same there.

        Raises StoreError.
        """
