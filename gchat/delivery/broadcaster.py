"""The one greenlet that writes to sockets: it moves every client's cursor along its room's log.

It works in rounds. A round of a room takes a snapshot of who listens there and
sends each of them, in one system call as a rule, all that the log held when the
round began. What is said meanwhile waits for the next round, so the busier it
is, the more messages a call carries. Rooms take turns, a slice of a round each.
"""

import errno
from itertools import islice
from operator import length_hint
from time import perf_counter

import gevent

from gchat.delivery.backfill import Backfill
from gchat.delivery.batch import Batch, Batches
from gchat.delivery.cohort_sends import CohortSend, CohortSends
from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.cohorts import Cohorts
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.model.ignoring import NOBODY
from gchat.model.room_log import Cursor
from gchat.protocol.voices import voice_of
from gchat.runtime.loop import give_way

SLICE = 0.002
"""Seconds that a room is served before the others, and those who talk, get their turn."""

AT_A_TIME = 32
"""Listeners that keep step and are sent to before it is looked at the clock: half a millisecond's
work."""

SENDS_PER_VISIT = 4
"""How often a client that has much to catch up with is sent to before it is the next one's
turn: 256 KiB, encoded for it alone, take about a millisecond."""

RETRY = 1.0
"""Seconds after which a room is served again that could not be served for a mistake of ours."""

OUT_OF_MEMORY = (errno.ENOBUFS, errno.ENOMEM)
"""What sending fails with when the kernel has no memory for it now: no fault of the client's."""


class Broadcaster:
    """Sends what the rooms of a hub hold to those who listen."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.backfill = Backfill(hub)
        """Which reads for those who are far behind; somebody has to let it run."""
        self._rounds: dict[Room, Round] = {}
        self._failed: set[Room] = set()
        """Those that will be served again a while after that was not possible."""

    def run(self) -> None:
        """Broadcast for ever."""
        ready_rooms = self._hub.ready_rooms
        while True:
            if not ready_rooms:
                self._hub.work.clear()
                self._hub.work.wait()
            while ready_rooms:
                deadline = perf_counter() + SLICE
                # Many rooms are small. None has two turns before more could be said in it.
                for room in tuple(ready_rooms):
                    self._try_to_serve(room)
                    if perf_counter() > deadline:
                        break
                if ready_rooms:
                    give_way()

    def _try_to_serve(self, room: Room) -> None:
        try:
            self._serve(room)
        except Exception:  # a mistake of ours: it must not be the end of all talk
            self._hub.faults.report("cannot broadcast in #%s", room.name)
            room.cohorts = Cohorts(Cursor(0, 0))  # whom the round has reached is not known
            if room not in self._failed:
                self._failed.add(room)
                gevent.spawn_later(RETRY, self._retry, room)

    def _retry(self, room: Room) -> None:
        self._failed.discard(room)
        self._hub.mark_ready(room)

    def _serve(self, room: Room) -> None:
        """Serve a slice of `room`'s clients; if there is more to do, the others come first."""
        del self._hub.ready_rooms[room]
        current = self._rounds.pop(room, None) or Round(self._hub, room, self.backfill)
        if current.serve(SLICE):
            self._rounds[room] = current
        said = room.log.end.id > room.sent.id
        # What is not recorded yet stirs the room when it is; nobody has a turn before that.
        waiting = room.queue.are_awaited and room.log.end == room.log.said
        if said or room in self._rounds or room.visits or waiting:
            self._hub.mark_ready(room)


class Round:
    """One pass over a room: those who listen, then those who are to be visited.

    Listeners have got everything, or nearly, so they share one batch. Visits are
    for the rest: who catches up, who is owed something, who leaves. They get a
    slice of time, and what is left of them waits for the next round, so that a
    thousand who catch up at once do not keep the listeners waiting.
    """

    def __init__(self, hub: Hub, room: Room, backfill: Backfill) -> None:
        self._hub = hub
        self._backfill = backfill
        self._stats = hub.stats
        self._room = room
        self._batches = Batches(room.log, room.pages)
        self._end = room.log.end
        said = self._end.id > room.sent.id
        before = room.cohorts
        if said:
            room.cohorts = Cohorts(self._end, before.displays)
        self._cohorts = room.cohorts
        self._sends = CohortSends(before, room.cohorts, self._batches)
        with hub.lock:
            self._listeners = iter(list(room.listeners.values()) if said else ())
        if said or self._end == room.log.said:
            room.queue.begin_round(len(room.listeners), len(hub.ready_rooms) + 1)

    def serve(self, seconds: float) -> bool:
        """Serve clients for so many seconds, or a little more; False if the round is over."""
        deadline = perf_counter() + seconds
        try:
            while length_hint(self._listeners):
                self._send_to_some(deadline)
                if perf_counter() > deadline:
                    return True
        finally:
            self._count_deliveries()
        visits = self._room.visits
        deadline = perf_counter() + seconds
        while visits and perf_counter() < deadline:
            client = visits.pop(next(iter(visits)))
            self._try_to_advance(client)
            if client.cursor.id >= self._end.id and client.takes_more:
                with self._hub.lock:
                    self._room.listeners[client.number] = client
        return False

    def _send_to_some(self, deadline: float) -> None:
        """Send what was said since the last round to AT_A_TIME listeners, or until the deadline.

        Those who keep step are known by their cursor, and there is nothing to see to but
        their sockets. For the others `advance` does the rest, which may take long.
        """
        send = None
        for client in islice(self._listeners, AT_A_TIME):
            if not (send and client.cursor is send.start):
                send = self._sends.of(client.display)
                if not (send and client.cursor is send.start):
                    if client.log is self._room.log:  # it may have gone to another room
                        self._try_to_advance(client)
                    if perf_counter() > deadline:
                        return
                    continue
            try:
                sent = client.connection.send(send.data)
            except Exception:  # whatever it is, `advance` will meet it
                sent = 0
            if sent == send.size:
                client.cursor = send.end
                send.reached += 1
            elif sent:
                self._stop_within(client, send, sent)
            else:
                self._try_to_advance(client)

    def _count_deliveries(self) -> None:
        for send in self._sends.taken:
            self._stats.deliveries += send.reached * send.messages
            self._stats.bytes_out += send.reached * send.size
            send.reached = 0

    def _try_to_advance(self, client: Client) -> None:
        try:
            self.advance(client)
        except Exception:  # a mistake of ours: it costs this client, not the round
            self._hub.faults.report("cannot send to %s", client)
            membership.lose(self._hub, client, "internal error")
            client.dismiss(client.lost)

    def advance(self, client: Client) -> None:
        """Send `client` what is behind its cursor, as far as its socket takes it now.

        1. Never blocks, and never raises for what the peer does: a client whose connection
           is broken is left alone from then on.
        2. Never reorders, repeats or skips: the cursor moves only over messages whose
           bytes the kernel has taken; of the last one `client.connection.cut` may hold the rest.
        3. Is called by the broadcaster alone, without the hub's lock.
        4. Costs one system call, and no encoding if another client with the same look
           stood at the same place in this round.
        """
        for _ in range(SENDS_PER_VISIT):
            if client.connection.blocked or client.lost or not self._send_next(client):
                break
        else:  # it takes all that we send: the others first
            self._hub.visit(client)
        if client.cursor == self._end and client.may_join_cohort:
            client.cursor = self._cohorts.join(client.display)
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
        before = client.cursor.spoken
        if client.ignores is not NOBODY:
            batch = batch.ignoring(client.ignores)
        if client.last_own > client.cursor.id:
            own_numbers = {client.number, client.former}
            batch = batch.without(own_numbers)
            self._send_batch(client, batch)
            own = client.own_ahead  # none is behind the last one
            if client.last_own > client.cursor.id:
                own = batch.said_by(own_numbers, client.cursor)
            client.own_ahead = max(0, client.own_ahead - own)
            before += own
        else:
            self._send_batch(client, batch)
        self._stats.deliveries += client.cursor.spoken - before
        return True

    def _send_batch(self, client: Client, batch: Batch) -> None:
        sent = self._send(client, batch.data)
        if sent == len(batch.data):
            client.cursor = batch.end
        elif sent:
            client.cursor, client.connection.cut = batch.place(sent)

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
        self._stats.bytes_out += sent
        if sent < len(data):
            self._leave_alone(client)
        return sent

    def _stop_within(self, client: Client, send: CohortSend, sent: int) -> None:
        """The socket of `client` has taken only a part of `step`."""
        before = client.cursor.spoken
        client.cursor, client.connection.cut = send.batch.place(sent)
        self._stats.deliveries += client.cursor.spoken - before
        self._stats.bytes_out += sent
        self._leave_alone(client)

    def _leave_alone(self, client: Client) -> None:
        """Until its socket has room again."""
        with self._hub.lock:
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
        before = client.cursor
        if client.until is not None:
            gone = min(gone, client.until)
        own_gone = client.own_ahead and client.own_ahead - log.said_by(client.number)
        missed = gone.spoken - before.spoken - own_gone
        notices_missed = (gone.id - gone.spoken) - (before.id - before.spoken)
        client.cursor = gone
        client.own_ahead -= own_gone
        client.missed += missed
        if missed or (notices_missed and client.display.presence):
            client.connection.cut = voice_of(client.display).gap(missed)
