"""One round of a room: its cohorts are sent what was said, then the others one by one."""

from collections.abc import Callable
from itertools import islice
from time import perf_counter

from gchat.delivery.backfill import Backfill
from gchat.delivery.batch import Batch
from gchat.delivery.batches import Batches, SharedPages
from gchat.delivery.heartbeat import Pulse
from gchat.delivery.one_by_one import OneByOne
from gchat.delivery.senders.choice import Sender
from gchat.delivery.senders.loop import FULL
from gchat.hub.cohorts import Cohort
from gchat.hub.hub import Hub
from gchat.hub.room import Room
from gchat.hub.seat import Seat
from gchat.model.room_log import Cursor
from gchat.protocol.voices import voice_of

AT_A_TIME = 64
"""Visits that are looked up together: with 10,000 due, to find each by itself takes 23 us."""


class Round:
    """One pass over a room, up to what its log held when the round began.

    1. Every cohort is sent a batch as a whole.
    2. Seats that listen alone, as their clients have spoken or want something of their own, are
       sent the same, each by itself.
    3. Visits are for the rest: who catches up, who is owed something, who leaves. They get a
       slice of time, and what is left of them waits for the next round, so that a thousand who
       catch up at once do not keep the listeners waiting.

    If it is due, cohorts whose voice has a heartbeat get that between the first and the second.

    A seat may change from the third kind to the first at the end of a visit, when it has got
    everything: then all cohorts stand where it does.
    """

    def __init__(
        self, hub: Hub, room: Room, backfill: Backfill, shared: SharedPages, sender: Sender
    ) -> None:
        self._stats = hub.stats
        self._sender = sender
        self._room = room
        self._batches = Batches(room.log, room.pages, shared)
        self._end = room.log.end
        self._alone = OneByOne(hub, room, self._batches, self._end, backfill)
        self._in_flight: Batch | Pulse | None = None
        """What the first of the cohorts is being sent."""
        said = self._end.id > room.sent.id
        room.sent = self._end
        room.cohorts.begin_round()
        self._cohorts: list[Cohort[Seat]] = list(room.cohorts) if said else []
        self._beating: list[Cohort[Seat]] = list(room.cohorts) if room.is_pulse_due else []
        room.is_pulse_due = False
        self._listeners: dict[int, Seat] = {}
        listeners = len(room.listeners) + len(room.cohorts)
        if said or not room.pending:
            room.queue.begin_round(listeners, len(hub.ready_rooms) + 1)
        self._said = said

    def serve(self, seconds: float) -> bool:
        """Serve clients for so many seconds, or a little more; False if the round is over."""
        deadline = perf_counter() + seconds
        while self._cohorts:
            if self._send_to_some(self._cohorts[-1], self._begin):
                self._cohorts.pop()
            if perf_counter() > deadline:
                return True
        while self._beating:
            if self._send_to_some(self._beating[-1], self._begin_pulse):
                self._beating.pop()
            if perf_counter() > deadline:
                return True
        if self._said:
            self._said = False
            self._listeners = self._room.listeners.copy()
        while self._listeners:
            number, seat = self._listeners.popitem()
            if self._room.listeners.get(number) is seat:  # it may have gone to another room
                self._alone.serve(seat)
            if perf_counter() > deadline:
                return True
        self._visit(perf_counter() + seconds)
        return False

    def _visit(self, deadline: float) -> None:
        """Serve those who are to be visited, the first one first, until the deadline."""
        visits = self._room.visits
        while visits:
            # The first one alone is not found at once: a dict keeps the places of those before.
            for number in tuple(islice(visits, AT_A_TIME)):
                if perf_counter() >= deadline:
                    return
                if seat := visits.pop(number, None):  # it may have gone to another room
                    self._alone.serve(seat)

    def _send_to_some(
        self, cohort: Cohort[Seat], begin: Callable[[Cohort[Seat]], Batch | Pulse | None]
    ) -> bool:
        """Send the next batch to some members; True if the cohort has got everything.

        `begin` returns that batch, or None if the cohort needs none.
        """
        batch = self._in_flight or begin(cohort)
        if batch is None:
            return True
        if batch.data:
            first = cohort.done
            connections = cohort.connections[first : first + self._sender.at_a_time]
            results = list[int]()
            cohort.in_call = True
            try:
                results = self._sender.send(batch.data, connections)
            finally:  # else nobody could leave it again
                cohort.end_call(len(results))
            full = results.count(cohort.size)
            self._count(batch, cohort, full)
            if full < len(results):
                self._see_to_the_others(cohort, batch, first, results)
            if cohort.leaving:
                cohort.let_leave()
        else:  # nothing of it is shown in this display setting
            cohort.done = len(cohort.members)
        if cohort.done < len(cohort.members):
            return False
        cohort.finish()
        self._in_flight = None
        return cohort.cursor == self._end

    def _begin(self, cohort: Cohort[Seat]) -> Batch | None:
        """The next batch for `cohort`; None if it needs none, or cannot be sent to as a whole."""
        if not cohort.members or cohort.cursor == self._end:
            return None
        batch = self._batches.exactly(cohort.cursor, self._end, cohort.display)
        if batch is None:  # it has fallen off the log's old end: each member is told of the gap
            for seat in tuple(cohort.members):
                seat.leave_cohort()
            return None
        if cohort.ignores.names:
            batch = batch.ignoring(cohort.ignores)
        cohort.begin(len(batch.data), batch.end)
        if cohort.marks is not None:
            cohort.marks.add(cohort.sent, batch.first, batch.ends, batch.spoken)
        self._in_flight = batch
        return batch

    def _begin_pulse(self, cohort: Cohort[Seat]) -> Pulse | None:
        """The heartbeat for `cohort`; None if its voice has none."""
        data = voice_of(cohort.display).heartbeat
        if not (data and cohort.members) or cohort.cursor != self._end:
            return None
        cohort.begin(len(data), cohort.cursor)
        self._in_flight = pulse = Pulse(data, cohort.cursor)
        return pulse

    def _count(self, batch: Batch | Pulse, cohort: Cohort[Seat], full: int) -> None:
        self._stats.deliveries += full * (batch.end.spoken - cohort.cursor.spoken)
        self._stats.bytes_out += full * cohort.size

    def _see_to_the_others(
        self, cohort: Cohort[Seat], batch: Batch | Pulse, first: int, results: list[int]
    ) -> None:
        """Take those members out of the cohort whose socket has not taken all of `batch`."""
        start, sent, size = cohort.cursor, cohort.sent, cohort.size
        # From the last one: what fills a hole comes from behind it, and has been seen to.
        for slot in range(first + len(results) - 1, first - 1, -1):
            if results[slot - first] != size:
                self._take_out(cohort.members[slot], batch, start, sent, results[slot - first])

    def _take_out(
        self, seat: Seat, batch: Batch | Pulse, start: Cursor, sent: int, taken: int
    ) -> None:
        """Take `seat` out of its cohort, which was at `start` when its stream had `sent` bytes.

        `taken` is the result of sending it `batch`.
        """
        if taken > 0:
            cursor, cut = batch.place(taken)
            seat.cut_loose(cursor, seat.base + sent + taken)
            seat.keep_rest(cut)
            self._stats.deliveries += cursor.spoken - start.spoken
            self._stats.bytes_out += taken
        else:
            seat.cut_loose(start, seat.base + sent)
        if taken > 0 or taken == FULL:
            self._alone.leave_alone(seat)
        else:
            self._alone.serve(seat)
