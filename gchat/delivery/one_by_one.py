"""Sending to a client by itself: what it has asked for, what others do not get, what it missed."""

import errno
from collections.abc import Set as AbstractSet

from gchat.delivery.backfill import Backfill
from gchat.delivery.batch import Batch, Batches
from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.model.ignoring import NOBODY
from gchat.model.room_log import Cursor
from gchat.protocol.voices import voice_of

SENDS_PER_VISIT = 4
"""How often a client that has much to catch up with is sent to before it is the next one's
turn: 256 KiB, encoded for it alone, take about a millisecond."""

OUT_OF_MEMORY = (errno.ENOBUFS, errno.ENOMEM)
"""What sending fails with when the kernel has no memory for it now: no fault of the client's."""


class OneByOne:
    """Serves clients of a room each by itself, in one round, up to the round's end."""

    def __init__(
        self, hub: Hub, room: Room, batches: Batches, end: Cursor, backfill: Backfill
    ) -> None:
        self._hub = hub
        self._stats = hub.stats
        self._room = room
        self._batches = batches
        self._end = end
        self._backfill = backfill

    def serve(self, client: Client) -> None:
        """Send `client` what it is to get, and see to it that it gets what follows."""
        try:
            self.advance(client)
            if client.takes_more and client.log is self._room.log:
                self._have_listen(client)
        except Exception:  # a mistake of ours: it costs this client, not the round
            self._hub.faults.report("cannot send to %s", client)
            membership.lose(self._hub, client, "internal error")
            client.dismiss(client.lost)

    def _have_listen(self, client: Client) -> None:
        """Put it into a cohort, if it wants what others do; else among those served one by one."""
        if client.cohort is not None:
            return
        if client.may_join_cohort and client.join_cohort(self._room.cohorts, self._end):
            self._room.listeners.pop(client.number, None)
        elif client.cursor.id >= self._end.id:
            self._room.listeners[client.number] = client

    def advance(self, client: Client) -> None:
        """Send `client` what is behind its cursor, as far as its socket takes it now.

        1. Never blocks, and never raises for what the peer does: a client whose connection
           is broken is left alone from then on.
        2. Never reorders, repeats or skips: the cursor moves only over messages whose
           bytes the kernel has taken; of the last one `client.connection.cut` may hold the rest.
        3. Is called by the broadcaster alone, without the hub's lock.
        4. Costs one system call, and no encoding if another client with the same display setting
           stood at the same place in this round.
        """
        client.leave_cohort()
        for _ in range(SENDS_PER_VISIT):
            if client.connection.blocked or client.lost or not self._send_next(client):
                break
        else:  # it takes all that we send: the others first
            self._hub.visit(client)
        if (trail := client.connection.trail) is not None:
            self._hub.touched.add(client.number)
            if trail.is_long:
                trail.tidy(client.received_bytes)
        if client.progress is not None:
            client.progress.set()

    def _send_next(self, client: Client) -> bool:
        """Send what comes next for `client`; False if it has got everything."""
        if client.connection.cut:
            self._send_cut(client)
            return True
        stop = client.until or self._end
        if client.owed and client.owed[0].after.id <= stop.id:
            stop = client.owed[0].after
            if client.cursor.id >= stop.id:
                client.connection.cut = client.take_owed()
                self._send_cut(client)
                return True
        if client.cursor.id >= stop.id:
            return False
        batch = self._batches.between(client.cursor, stop, client.display)
        if batch is None:
            return self._go_back(client)
        self._send_lines(client, batch, stop)
        return True

    def _send_lines(self, client: Client, batch: Batch, stop: Cursor) -> None:
        """Send what `batch` holds between the cursor and `stop`, but for what is not for it."""
        before, own = client.cursor, 0
        if client.ignores is not NOBODY:
            batch = batch.ignoring(client.ignores)
        if client.last_own > before.id:
            numbers = {client.number, client.former}
            self._send_part(client, batch.without(numbers), stop)
            own = self._pass_own(client, batch, before, numbers)
        else:
            self._send_part(client, batch, stop)
        self._stats.deliveries += client.cursor.spoken - before.spoken - own

    def _pass_own(
        self, client: Client, batch: Batch, before: Cursor, numbers: AbstractSet[int]
    ) -> int:
        """Count the messages behind `before` that it has passed and that are its own."""
        trail, own = client.connection.trail, client.own_ahead
        if trail is not None or client.last_own > client.cursor.id:
            ids = batch.said_by(numbers, before, client.cursor)
            own = len(ids)
            if trail is not None:
                trail.add_own(ids)
        client.own_ahead = max(0, client.own_ahead - own)
        return own

    def _send_part(self, client: Client, batch: Batch, stop: Cursor) -> None:
        """Send what lies between the cursor and `stop`, or the first part of it."""
        start, connection = client.cursor, client.connection
        data, offset = batch.part(start, stop)
        before = connection.sent
        taken = self._send(client, data)
        if taken == len(data):
            client.cursor = min(stop, batch.end)
        elif taken:
            client.cursor, connection.cut = batch.place(offset + taken)
        if connection.trail is not None and client.cursor.id > start.id:
            lines = slice(batch.index(start), batch.index(client.cursor))
            connection.trail.add(before - offset, start, batch.ends[lines], batch.spoken[lines])

    def _send_cut(self, client: Client) -> None:
        client.connection.cut = client.connection.cut[self._send(client, client.connection.cut) :]

    def _send(self, client: Client, data: bytes | memoryview) -> int:
        """Hand `data` to the kernel; the number of bytes that it took."""
        try:
            sent = client.connection.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        except OSError as error:
            if error.errno in OUT_OF_MEMORY:
                self._hub.visit(client)
                return 0
            membership.lose(self._hub, client, error.strerror or str(error))
            return 0
        client.connection.sent += sent
        self._stats.bytes_out += sent
        if sent < len(data):
            self.leave_alone(client)
        return sent

    def leave_alone(self, client: Client) -> None:
        """Send `client` nothing until its socket has room again."""
        self._room.listeners.pop(client.number, None)
        client.connection.block(self._hub.visit, client)

    def _go_back(self, client: Client) -> bool:
        """What comes next for `client` is not in memory; False if it has to wait for it."""
        page = self._room.pages.get(client.cursor.id)
        if page is None and self._hub.store.is_kept:
            self._backfill.ask(self._room, client)
            return False
        kept = Cursor(page[0].id - 1, page[0].spoken_before) if page else self._room.log.start
        self._tell_gap(client, kept)
        return True

    def _tell_gap(self, client: Client, gone: Cursor) -> None:
        """What should come next for `client`, up to `gone`, is kept nowhere: it learns how much."""
        log = self._room.log
        before, connection = client.cursor, client.connection
        if client.until is not None:
            gone = min(gone, client.until)
        own_gone = client.own_ahead and client.own_ahead - log.said_by(client.number)
        missed = gone.spoken - before.spoken - own_gone
        notices_missed = (gone.id - gone.spoken) - (before.id - before.spoken)
        client.cursor = gone
        client.own_ahead -= own_gone
        client.missed += missed
        if missed or (notices_missed and client.display.presence):
            connection.cut = voice_of(client.display).gap(missed)
        if connection.trail is not None:
            connection.trail.add_own([gone.id] * own_gone)
            connection.trail.skip(connection.sent + len(connection.cut), gone)
