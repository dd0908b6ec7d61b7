"""A crew of rings: one in the thread that calls, each other one in a native thread of its own.

A send takes a few microseconds of the kernel's time and next to none of Python's, and ctypes gives
up the interpreter's lock while the kernel works. So rings in several threads send on several cores,
in a program whose Python runs on one.

A call is cut into portions, one for each ring. The thread that calls wakes the others, and sends a
portion itself; then it takes back what nobody has begun, since a thread may be late on a machine
that is busy, and waits for those that are still at theirs. It blocks meanwhile, as it would in a
call to the kernel: no other code of the event loop runs between the first send and the last result.
So no connection can be closed, and a newcomer be given its descriptor, while a thread sends to it.
"""

import errno
from array import array
from collections import deque
from contextlib import ExitStack, suppress
from itertools import chain
from socket import socketpair

from gevent import monkey

from gchat.delivery.senders.ring import Ring, RingFailed

MOST = 256
"""Sends in a portion at the most: a round looks at the clock between two calls (see rounds)."""

LEAST = 64
"""Sends in a portion at the least: to wake a thread costs as much as a dozen of them."""

# The originals: these threads know nothing of the event loop.
allocate_lock = monkey.get_original("_thread", "allocate_lock")
start_new_thread = monkey.get_original("_thread", "start_new_thread")


class Portion:
    """What one ring sends in a call: the same bytes to some of the sockets."""

    __slots__ = ("data", "descriptors", "done", "outcome")

    def __init__(self, data: bytes, descriptors: "array[int]") -> None:
        self.data = data
        self.descriptors = descriptors
        never = RingFailed("a send thread has ended", {}, len(descriptors))
        self.outcome: list[int] | RingFailed = never
        """As Ring.send."""
        self.done = allocate_lock()
        """Held until there is an outcome."""
        self.done.acquire()

    def send(self, ring: Ring) -> None:
        """Send it by `ring`."""
        try:
            self.outcome = ring.send(self.data, self.descriptors)
        except RingFailed as failed:
            self.outcome = failed
        finally:
            self.done.release()


class Crew:
    """Sends the same bytes to many sockets by several rings at a time."""

    def __init__(self, threads: int) -> None:
        """`threads` of them send besides the one that calls, which has to be this one.

        Raises OSError if there is no ring for each.
        """
        self._waiting = deque[Portion]()
        """Those that nobody has begun."""
        self._own = Ring(MOST)
        self._helpers = list[_Helper]()
        try:
            for _ in range(threads):
                self._helpers.append(_Helper(self._waiting))
        except BaseException:
            self.close()
            raise

    @property
    def has_threads(self) -> bool:
        """Whether anybody helps."""
        return bool(self._helpers)

    @property
    def at_a_time(self) -> int:
        """Sends in a call at the most."""
        return MOST * (1 + len(self._helpers))

    def send(self, data: bytes, descriptors: "array[int]") -> list[Portion]:
        """Hand `data` to the kernel for the first of the sockets; returns those that were begun.

        There is at least one portion; what is in none was not sent to.
        """
        portions = self._cut(data, descriptors)
        own, *others = portions
        self._waiting.extend(others)
        for helper, _ in zip(self._helpers, others, strict=False):
            helper.wake()
        try:
            own.send(self._own)
        finally:
            begun = self._take_back(others)
            for portion in begun:
                portion.done.acquire()
        return [own, *begun]

    def try_out(self) -> None:
        """Have each ring send a little. Raises OSError if that does not arrive."""
        with ExitStack() as opened:
            pairs = [socketpair() for _ in range(1 + len(self._helpers))]
            for each in chain.from_iterable(pairs):
                opened.enter_context(each)
            descriptors = array("i", [ours.fileno() for ours, _ in pairs for _ in range(LEAST)])
            for (_, theirs), portion in zip(pairs, self.send(b"?", descriptors), strict=False):
                if isinstance(portion.outcome, RingFailed):
                    raise OSError(errno.EIO, str(portion.outcome))
                if portion.outcome != [1] * LEAST or theirs.recv(LEAST + 1) != b"?" * LEAST:
                    raise OSError(errno.EIO, f"io_uring does not send: {portion.outcome}")

    def _cut(self, data: bytes, descriptors: "array[int]") -> list[Portion]:
        rings = min(1 + len(self._helpers), max(1, len(descriptors) // LEAST))
        size = min(MOST, -(-len(descriptors) // rings))
        firsts = range(0, min(size * rings, len(descriptors)), size)
        return [Portion(data, descriptors[first : first + size]) for first in firsts]

    def _take_back(self, others: list[Portion]) -> list[Portion]:
        """Have nobody begin any more; returns those of the `others` that somebody has begun."""
        begun = others.copy()
        with suppress(IndexError):  # helpers take them from the other end, until there is none
            while self._waiting.pop():
                begun.pop()
        return begun

    def close(self) -> None:
        """Give all rings back to the kernel."""
        self._own.close()
        for helper in self._helpers:
            helper.close()


class _Helper:
    """A native thread with a ring, which sends one of the `waiting` portions when it is woken."""

    def __init__(self, waiting: deque[Portion]) -> None:
        """Raises OSError if there is no ring."""
        self._waiting = waiting
        self._ring: Ring | None = None
        self._error: OSError | None = None
        self._asleep, self._started = allocate_lock(), allocate_lock()
        self._asleep.acquire()
        self._started.acquire()
        try:
            start_new_thread(self._run, ())
        except RuntimeError as error:
            raise OSError(errno.EAGAIN, str(error)) from error
        self._started.acquire()
        if self._error is not None:
            raise self._error

    def wake(self) -> None:
        """Have it look for a portion; it may be doing so already, having been woken in vain."""
        if self._asleep.locked():
            self._asleep.release()

    def close(self) -> None:
        """Have the thread end; not while a call is under way."""
        ring, self._ring = self._ring, None
        if ring is not None:
            ring.close()
        self.wake()

    def _run(self) -> None:
        try:
            self._ring = Ring(MOST)
        except OSError as error:
            self._error = error
            return
        finally:
            self._started.release()
        # It does nothing outside a call that might have Python collect garbage: the objects of the
        # event loop must not die here while that runs.
        while self._asleep.acquire() and (ring := self._ring) is not None:
            if self._waiting:
                try:
                    portion = self._waiting.popleft()
                except IndexError:  # somebody else was faster
                    continue
                portion.send(ring)
