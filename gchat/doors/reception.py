"""What all doors share: what they are, and what each of them gets from the server."""

from itertools import count
from typing import Protocol, Self

from gchat.doors.admission import Admission, Objection
from gchat.doors.newcomer import Newcomer
from gchat.doors.opening import Greeting
from gchat.doors.visit import Visit
from gchat.hub.client import Client
from gchat.hub.connection import Connection
from gchat.hub.hub import Hub
from gchat.model.room_log import RoomLog
from gchat.runtime.loop import Interruptible, give_way
from gchat.text.naming import guest_name


class TurnedAway(Exception):
    """Raised if a connection is refused; its text is the reason, for the client and the log.

    `reply` is sent instead of the reason, if there is one: in the language of another protocol.
    """

    def __init__(self, why: str, reply: bytes = b"") -> None:
        super().__init__(why)
        self.why = why
        self.reply = reply

    @property
    def objection(self) -> Objection:
        """The reason, with the kind that it is of."""
        return self.why if isinstance(self.why, Objection) else Objection(self.why, "other")


class Door(Protocol):
    """A way in, for one protocol."""

    def admit(self, newcomer: Newcomer, greeting: Greeting) -> Visit | None:
        """Let in `newcomer`, which has begun with `greeting`; returns its visit, which is to run.

        None if it wanted no more than an answer, and has it: its connection is closed then. Raises
        TurnedAway, and OSError if the connection breaks.
        """

    def refusal(self, greeting: Greeting, objection: Objection) -> bytes:
        """What a newcomer is told that may not come in; empty if that is a line of text."""


class Tls(Protocol):
    """A way to go on inside TLS, where the doors are the same."""

    def open(self, newcomer: Newcomer, hello: bytes, *, is_patient: bool) -> Connection:
        """The connection inside TLS of `newcomer`, which has begun it with `hello`.

        Raises TurnedAway if there is no handshake, and OSError if the connection breaks.
        """


class Stranger(Interruptible):
    """A greenlet, among others, in which it is open who comes."""

    __slots__ = ("_others",)

    def __init__(self, others: "set[Stranger]") -> None:
        self._others = others

    def __enter__(self) -> Self:
        self._others.add(self)
        return super().__enter__()

    def __exit__(self, *raised: object) -> None:
        self._others.remove(self)
        super().__exit__(*raised)


class Reception:
    """Numbers clients, and knows the newcomers that are none yet."""

    def __init__(self, hub: Hub, admission: Admission) -> None:
        self.hub = hub
        self.admission = admission
        self._numbers = count(hub.directory.first_number)
        self._guests = count(1)
        self._strangers = set[Stranger]()
        """The greenlets in which it is open who comes."""

    def new_client(
        self, connection: Connection, address: str, log: RoomLog | None = None
    ) -> Client:
        """A client on `connection`, in the room of `log`, or in the lobby; nobody knows it yet."""
        hub = self.hub
        guest = guest_name(next(self._guests)) if hub.settings.guest_names else ""
        return Client(next(self._numbers), connection, address, log or hub.lobby.log, guest)

    def among_strangers(self) -> "Stranger":
        """A context within which this greenlet counts as that of a stranger.

        TurnedAway is raised within if the server ends.
        """
        return Stranger(self._strangers)

    def turn_away_strangers(self) -> None:
        """Tell those who are not clients yet that the server ends."""
        for stranger in self._strangers:
            goodbye = Objection(self.hub.shutdown.goodbye, "closing")
            stranger(TurnedAway(goodbye))
        give_way()

    def check_bars(self, newcomer: Newcomer) -> None:
        """Raise TurnedAway if nobody may come from there any more: it may have taken a minute."""
        if objection := self.admission.bar(newcomer.host):
            raise TurnedAway(objection)
