"""Everything that a client's input may wait for, in one place and in order."""

from collections.abc import Iterator, Sequence

from gchat.doors.opening import RECEIVE
from gchat.doors.rate_limit import RateLimit
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.seat import Seat

LEAST_READ = 512
"""Bytes that are read from a client at a time, at the least: what costs as much as the reading."""

MOST_AHEAD = 4096
"""Bytes that a client may say without a turn while a store that several servers share cannot be
used: what a person types until they quit. To quit behind that, they have as many once more."""

STORE_PATIENCE = 1.0
"""Seconds that a command waits for a store to place what its client has said before."""


class Waits:
    """What one client's greenlet waits for between its socket and a room.

    A read waits until the client has read enough of its answers (`before_reading`): one that
    only asks can't fill the server's memory. While others wait in its room for a turn, no more is
    read than it will have one for: if a thousand begin to flood at the same moment, others wait
    until something was read from each.

    Lines wait (`in_turn`), in this order, for
    1. the rate limit, so that nobody takes more of the server than others can;
    2. a fair turn in the room, if more is said there than can be sent: then all get as much. Lines
       of a client that is in several rooms wait one by one, each in the room that it is for
       (`turn_in`).

    A command waits (`before_command`), in this order, for
    1. answers that are not read yet, since it makes more of them;
    2. the gate, through which one command passes in a turn of the loop: clients that only talk
       come between two of them. The network, and of its clients the one, that has taken the least
       time lately comes first. Operators pass by: they are to end the crush in front of it.
    One that shows or deletes what was said then waits for the store (`until_placed`), if that takes
    no longer than STORE_PATIENCE: what the client has said before is to be among it.

    A refusal waits for the gate too (`at_gate`): to find out what was wrong took time.
    Nothing is read from the client meanwhile, and nothing is lost.
    """

    __slots__ = ("_ahead", "_client", "_hub", "_rate_limit")

    def __init__(self, hub: Hub, client: Client) -> None:
        self._hub = hub
        self._client = client
        self._ahead = 0
        """Bytes that it has said without a turn since the store cannot be used."""
        self._rate_limit = RateLimit(hub, client)

    def before_reading(self) -> None:
        """Wait until the client may ask for more."""
        self._client.wait_until_answers_are_read()

    def read(self) -> bytes:
        """Wait until the client may ask for more; then read what it will have a turn for.

        None at the end of its input. Raises BlockingIOError if there is nothing, and OSError.
        """
        self.before_reading()
        turn = self._hub.room_of(self._client).queue.turn
        return self._client.connection.recv(min(RECEIVE, max(LEAST_READ, turn)))

    def in_turn(self, lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
        """Portions of `lines`, each when it may be obeyed."""
        client = self._client
        while lines:
            allowed = lines[: self._rate_limit.wait(lines)]
            lines = lines[len(allowed) :]
            while allowed:
                count = len(allowed) if len(client.seats) > 1 else self.turn_in(client, allowed)
                yield allowed[:count]
                allowed = allowed[count:]

    def turn_in(self, seat: Seat, lines: Sequence[bytes]) -> int:
        """Wait for a turn in the room of `seat`; returns how many of `lines` it has."""
        client, queue = self._client, self._hub.room_of(seat).queue
        if not self._hub.store.is_unusable or client.pending is None:
            self._ahead = 0
        most = 2 * MOST_AHEAD if lines[0][:5] == b"/quit" else MOST_AHEAD  # it may be text
        if self._hub.store.is_unusable and self._ahead < most:
            self._ahead += len(lines[0])
            return 1  # there are no rounds, and whoever quits behind some lines is to go
        return queue.wait(client.number, len(client.name), lines)

    def pay(self, lines: int) -> None:
        """Wait until the rate limit allows what costs as much as so many lines."""
        if lines > 0:
            self._rate_limit.pay(lines)

    def before_command(self) -> None:
        """Wait until the client may have a command carried out."""
        self._client.wait_until_answers_are_read()
        self.at_gate()

    def until_placed(self) -> None:
        """Wait until what the client has said may be seen, also by itself; or not much longer."""
        self._hub.pending_writes.wait_for(self._client, STORE_PATIENCE)

    def at_gate(self) -> None:
        """Wait for the client's turn to have the server do more than pass on a line."""
        if not self._client.operator:
            self._hub.command_gate.pass_through(self._client.owner)
