"""Sending to a seat by itself: what its client wants, what others do not get, what it missed."""

import errno
from collections.abc import Set as AbstractSet

from gchat.delivery.backfill import Backfill
from gchat.delivery.batch import Batch
from gchat.delivery.batches import Batches
from gchat.hub import membership
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.hub.seat import Seat
from gchat.hub.seats import Seats
from gchat.model.ignoring import NOBODY
from gchat.model.room_log import Cursor
from gchat.protocol.voices import voice_of

SENDS_PER_VISIT = 4
"""How often a client that has much to catch up with is sent to before it is the next one's
turn: 256 KiB, encoded for it alone, take about a millisecond."""

OUT_OF_MEMORY = (errno.ENOBUFS, errno.ENOMEM)
"""What sending fails with when the kernel has no memory for it now: no fault of the client's."""


class OneByOne:
    """Serves seats in a room each by itself, in one round, up to the round's end."""

    def __init__(
        self, hub: Hub, room: Room, batches: Batches, end: Cursor, backfill: Backfill
    ) -> None:
        self._hub = hub
        self._stats = hub.stats
        self._room = room
        self._batches = batches
        self._end = end
        self._backfill = backfill

    def serve(self, seat: Seat) -> None:
        """Send `seat` what it is to get, and see to it that it gets what follows."""
        try:
            self.advance(seat)
            if seat.takes_more and seat.log is self._room.log:
                self._have_listen(seat)
        except Exception:  # a mistake of ours: it costs this client, not the round
            self._hub.faults.report("cannot send to %s", seat.client)
            membership.lose(self._hub, seat.client, "internal error")
            seat.client.dismiss(seat.lost)

    def _have_listen(self, seat: Seat) -> None:
        """Put it into a cohort, if it wants what others do; else among those served one by one."""
        if seat.cohort is not None:
            return
        if seat.may_join_cohort and seat.join_cohort(self._room.cohorts, self._end):
            self._room.listeners.pop(seat.number, None)
        elif seat.cursor.id >= self._end.id:
            self._room.listeners[seat.number] = seat

    def advance(self, seat: Seat) -> None:
        """Send `seat` what is behind its cursor, as far as its socket takes it now.

        1. Never blocks, and never raises for what the peer does: a client whose connection
           is broken is left alone from then on.
        2. Never reorders, repeats or skips: the cursor moves only over messages whose
           bytes the kernel has taken; of the last one `seat.connection.cut` may hold the rest.
        3. Is called by the broadcaster alone, without the hub's lock.
        4. Costs one system call, and no encoding if another client with the same display setting
           stood at the same place in this round.
        """
        seat.leave_cohort()
        if seat.connection.seats is not None:
            self._send_in_turn(seat)
        elif self._send_some(seat):
            self._hub.visit(seat)
        if (trail := seat.trail) is not None:
            self._hub.touched.add(seat.number)
            if trail.is_long:
                trail.tidy(seat.received_bytes)
        if (progress := seat.client.progress) is not None:
            progress.set()

    def _send_in_turn(self, seat: Seat) -> None:
        """Send what comes next for `seat`, if it is its turn among the seats of its client."""
        seats: Seats = seat.connection.seats
        if seats.may_send(seat):
            has_more = self._send_some(seat)
            seats.end_turn(seat, has_more=has_more or seat.connection.blocked)
            self._hub.go_on(seat.client)
        if seats.is_waiting(seat):  # it will be visited
            self._room.listeners.pop(seat.number, None)

    def _send_some(self, seat: Seat) -> bool:
        """Send what comes next for `seat`; True if there may be more that its socket takes."""
        for _ in range(SENDS_PER_VISIT):
            if seat.connection.blocked or seat.lost or not self._send_next(seat):
                return False
        return True  # it takes all that we send: the others first

    def _send_next(self, seat: Seat) -> bool:
        """Send what comes next for `seat`; False if it has got everything."""
        if seat.connection.cut:
            self._send_cut(seat)
            return True
        stop, cursor = seat.until or self._end, seat.cursor
        if seat.owed and seat.owed[0].after.id <= stop.id:
            stop = seat.owed[0].after
            if cursor.id >= stop.id:
                seat.keep_rest(seat.take_owed())
                self._send_cut(seat)
                return True
        if cursor.id >= stop.id:
            return False
        batch = self._batches.between(cursor, stop, seat.display)
        if batch is None:
            return self._go_back(seat)
        self._send_lines(seat, batch, stop)
        return True

    def _send_lines(self, seat: Seat, batch: Batch, stop: Cursor) -> None:
        """Send what `batch` holds between the cursor and `stop`, but for what is not for it."""
        before, own = seat.cursor, 0
        if seat.ignores is not NOBODY:
            batch = batch.ignoring(seat.ignores)
        if seat.last_own > before.id:
            numbers = {seat.number, seat.client.former}
            self._send_part(seat, batch.without(numbers), stop)
            own = self._pass_own(seat, batch, before, numbers)
        else:
            self._send_part(seat, batch, stop)
        self._stats.deliveries += seat.cursor.spoken - before.spoken - own

    def _pass_own(self, seat: Seat, batch: Batch, before: Cursor, numbers: AbstractSet[int]) -> int:
        """Count the messages behind `before` that it has passed and that are its own."""
        trail, own = seat.trail, seat.own_ahead
        if trail is not None or seat.last_own > seat.cursor.id:
            ids = batch.said_by(numbers, before, seat.cursor)
            own = len(ids)
            if trail is not None:
                trail.add_own(ids)
        seat.own_ahead = max(0, seat.own_ahead - own)
        return own

    def _send_part(self, seat: Seat, batch: Batch, stop: Cursor) -> None:
        """Send what lies between the cursor and `stop`, or the first part of it."""
        start, connection = seat.cursor, seat.connection
        data, offset = batch.part(start, stop)
        before = connection.sent
        taken = self._send(seat, data)
        if taken == len(data):
            seat.cursor = min(stop, batch.end)
        elif taken:
            seat.cursor, rest = batch.place(offset + taken)
            seat.keep_rest(rest)
        if seat.trail is not None and seat.cursor.id > start.id:
            lines = slice(batch.index(start), batch.index(seat.cursor))
            seat.trail.add(before, start, batch.ends[lines], batch.spoken[lines], offset)

    def _send_cut(self, seat: Seat) -> None:
        seat.connection.cut = seat.connection.cut[self._send(seat, seat.connection.cut) :]

    def _send(self, seat: Seat, data: bytes | memoryview) -> int:
        """Hand `data` to the kernel; the number of bytes that it took."""
        try:
            sent = seat.connection.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        except OSError as error:
            if error.errno in OUT_OF_MEMORY:
                self._hub.visit(seat)
                return 0
            membership.lose(self._hub, seat.client, error.strerror or str(error))
            return 0
        seat.connection.sent += sent
        self._stats.bytes_out += sent
        if sent < len(data):
            self.leave_alone(seat)
        return sent

    def leave_alone(self, seat: Seat) -> None:
        """Send `seat` nothing until its socket has room again."""
        self._room.listeners.pop(seat.number, None)
        seat.connection.block(self._hub.go_on, seat.client)

    def _go_back(self, seat: Seat) -> bool:
        """What comes next for `seat` is not in memory; False if it has to wait for it."""
        page = self._room.pages.get(seat.cursor.id)
        if page is None and self._hub.store.is_kept:
            self._backfill.ask(self._room, seat)
            return False
        kept = Cursor(page[0].id - 1, page[0].spoken_before) if page else self._room.log.start
        self._tell_gap(seat, kept)
        return True

    def _tell_gap(self, seat: Seat, gone: Cursor) -> None:
        """What should come next for `seat`, up to `gone`, is kept nowhere: it learns how much."""
        log = self._room.log
        before, connection = seat.cursor, seat.connection
        if seat.until is not None:
            gone = min(gone, seat.until)
        numbers = {seat.number, seat.client.former}
        own_gone = seat.own_ahead and seat.own_ahead - sum(map(log.said_by, numbers))
        missed = gone.spoken - before.spoken - own_gone
        notices_missed = (gone.id - gone.spoken) - (before.id - before.spoken)
        seat.cursor = gone
        seat.own_ahead -= own_gone
        seat.missed += missed
        if missed or (notices_missed and seat.display.presence):
            seat.keep_rest(voice_of(seat.display).gap(missed, log.room))
        if seat.trail is not None:
            seat.trail.add_own([gone.id] * own_gone)
            seat.trail.skip(connection.sent + len(connection.cut), gone)
