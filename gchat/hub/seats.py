"""Several seats of one client: it is in several rooms, which send to it on one connection."""

from collections.abc import Sequence

from gchat.hub.client import Client
from gchat.hub.seat import Seat
from gchat.model.room_log import RoomLog

MOST_SEATS = 20
"""Rooms that a client may be in at a time, the first one included: each takes about a kilobyte, 6
KiB more of marks while much is said there (marks.GROWTH), and a slot as a connection does."""


class FurtherSeat(Seat):
    """A client's place in a room besides the first one.

    What happens there is sent, shown and remembered as in the first one; what concerns the person
    (name, ignore list, display settings, direct messages) is the client's.
    """

    __slots__ = ("_client",)

    def __init__(self, client: Client, log: RoomLog) -> None:
        super().__init__(client.connection, log)
        self._client = client

    @property
    def client(self) -> Client:
        """The client whose seat it is."""
        return self._client


class Seats:
    """The seats of a client that is in several rooms, and whose turn it is to send.

    None of them is in a cohort: what comes from one room would fall between the bytes that another
    one's cohort has counted, and into the middle of a line. Each is sent to by itself, and the next
    one sends the rest of a line first that was cut. A seat that has more to send than the socket
    takes goes behind the others, so that no room keeps another one from the client.
    """

    __slots__ = ("_waiting", "all", "cut")

    def __init__(self, client: Client) -> None:
        self.all: Sequence[Seat] = (client,)
        """The first one is the client itself. Never changed, but replaced."""
        self.cut: Seat = client
        """The one whose line Connection.cut is the rest of, if there is one."""
        self._waiting: dict[Seat, None] = {}
        """Seats that have something to send, the one whose turn it is first."""
        client.leave_cohort()

    def add(self, seat: FurtherSeat) -> None:
        """One more seat."""
        self.all = (*self.all, seat)

    def remove(self, seat: Seat) -> None:
        """A seat is given up, and sends nothing any more."""
        self.all = tuple(each for each in self.all if each is not seat)
        self._waiting.pop(seat, None)
        if self.cut is seat:
            self.cut = self.all[0]

    def line_up(self) -> None:
        """Give each seat a turn, the first one first."""
        self._waiting = dict.fromkeys(self.all)

    def may_send(self, seat: Seat) -> bool:
        """Whether it is the turn of `seat`; otherwise it waits for it from now on."""
        self._waiting.setdefault(seat)
        return self.next is seat

    def end_turn(self, seat: Seat, *, has_more: bool) -> None:
        """The turn of `seat` is over; its next one comes behind all others, if it has more."""
        self._waiting.pop(seat, None)
        if has_more:
            self._waiting[seat] = None

    def is_waiting(self, seat: Seat) -> bool:
        """Whether `seat` waits for its turn."""
        return seat in self._waiting

    @property
    def next(self) -> Seat | None:
        """The seat whose turn it is; None if none has anything to send."""
        return next(iter(self._waiting), None)
