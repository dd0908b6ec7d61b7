"""How many bytes a round may carry: as many as can be sent within a bound on its time."""

MAX_UNSENT = 128 * 1024
"""Bytes that may be added to a room while a round is under way: about what one call can hand over
to a connection that is read from. With 64 KiB, 1,000 lines in flight took two calls for each
client: with 1,000 clients, 0.61 and 0.41 of the throughput of a C loop that batches, and 0.91 and
0.94 with this (two runs, medians of five in turn, on a machine that others used as well)."""

MIN_UNSENT = 8 * 1024
"""Bytes that may be added at least, however long rounds take. Sending that many takes up to
twice as long as sending one line (measured on loopback): with fewer, a round is little shorter, and
there are many more rounds."""

FIRST_BYTES = 4 * 2**20
"""Bytes that a round may send to all clients together, as long as none was timed."""

ROUND_TIME = 0.012
"""Seconds that a round may take while senders wait for it. A line that is said now and then waits
for the rest of one round, and is delivered in the next: a tenth of a second, which seems immediate,
is not reached."""

FEW_SENDERS = 32
"""Senders that wait and count as one crowd: with fewer it makes no difference how many they are."""

LEAST_CHANGE, MOST_CHANGE = 0.5, 1.5
"""Bounds on the factor by which the time of one round changes what the next may carry: it may have
taken long because the machine was busy with something else."""


class Pace:
    """Learns from each round of a room how much the next one may carry.

    How long a round takes follows from the number of clients, from the bytes that each is sent, and
    from who waits for it: a thousand senders with a line each take longer to serve than ten with a
    hundred. None of that is estimated: if a round took too long, the next ones carry less; and if
    there are more clients, or more senders, than before, so much less until that is timed.
    """

    __slots__ = ("_began", "_limit", "_listeners", "_senders")

    def __init__(self) -> None:
        self._limit = float(MAX_UNSENT)
        self._began = 0.0
        self._listeners = FIRST_BYTES // MAX_UNSENT
        self._senders = FEW_SENDERS

    def begin(self, now: float, listeners: int, senders: int) -> int:
        """Start a round to so many `listeners` at the time `now`; return what may be added to it.

        So many `senders` have waited for it. If there are any, the round before has only just
        ended, and carried as much as it might.
        """
        if senders:
            senders = max(senders, FEW_SENDERS)
            factor = ROUND_TIME / max(now - self._began, 1e-9)
            self._limit *= min(max(factor, LEAST_CHANGE), MOST_CHANGE)
            self._limit *= min(1.0, self._senders / senders)
            self._senders = senders
        if listeners > self._listeners:
            self._limit *= self._listeners / listeners
        self._listeners = max(1, listeners)
        self._limit = min(max(self._limit, MIN_UNSENT), MAX_UNSENT)
        self._began = now
        return int(self._limit)
