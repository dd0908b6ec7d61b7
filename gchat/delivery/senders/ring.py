"""A ring of io_uring's: many requests to the kernel in one system call, in plain Python.

io_uring is two queues in memory that a process shares with the kernel. What the kernel is to do is
written into the submission queue, one entry of 64 bytes (struct io_uring_sqe) for each request;
`io_uring_enter` tells it to begin, and may wait; what came of each is found in the completion queue
(struct io_uring_cqe, 16 bytes). Nothing but that call costs a switch into the kernel, so a thousand
sends cost one, and no Python runs between them.

No extension is needed: the queues are mapped (mmap), the two system calls go through ctypes, which
gives up the interpreter's lock while the kernel works. An entry is not written field by field:
a memoryview of the queue with a step of one entry is the column of one field for all of them, and
is assigned an array. For one batch to many sockets, that is the column of descriptors alone; what
is the same in all entries stays from the call before.

A ring belongs to the thread that makes it. A process that is forked gets none: it would write into
the memory of its parent's queues.

The layouts are those of <linux/io_uring.h>; Linux has the operation since 5.6, the flags since 6.1.
"""

import ctypes
import errno
import mmap
import os
import struct
from array import array
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from socket import MSG_DONTWAIT, MSG_NOSIGNAL
from typing import Any
from weakref import WeakSet

SETUP, ENTER = 425, 426
"""Numbers of the system calls io_uring_setup and io_uring_enter, on all architectures."""

SUBMIT_ALL, SINGLE_ISSUER, DEFER_TASKRUN = 1 << 7, 1 << 12, 1 << 13
"""Flags of the setup: a request that fails does not keep the others back; one thread submits;
completions are worked off when it waits for them."""

GETEVENTS = 1
"""Flag of io_uring_enter: wait for completions."""

SEND = 26
"""The operation IORING_OP_SEND."""

PARAMETERS = "30I"
"""struct io_uring_params as numbers, of which these are used:"""

FLAGS, COMPLETIONS = 2, 1
TAIL, ORDER = 11, 16
DONE_HEAD, DONE_TAIL, DONE = 20, 21, 25
"""How many completions there is room for; where in the queues' memory the submission queue's tail
and the queue itself are; the completion queue's head, tail and entries."""

ENTRIES_OFFSET = 0x10000000
"""Where the submission entries are mapped from; the queues are at 0."""

ENTRY, COMPLETION = 64, 16
"""Bytes of a submission entry and of a completion."""

WRAP = 0xFFFFFFFF
"""Heads and tails are counted on for ever, in 32 bits."""

_libc = ctypes.CDLL(None, use_errno=True)

_rings = WeakSet["Ring"]()
"""The rings of this process."""


class RingFailed(Exception):
    """Raised if the kernel has not done as it must: the ring cannot be used any more."""

    def __init__(self, why: str, results: dict[int, int], taken: int) -> None:
        """`results` has what is known, by the number of the send; of those that the kernel has
        `taken` over, which are the first ones, the others may have been done or not.
        """
        super().__init__(f"io_uring fails: {why}")
        self.results = results
        self.taken = taken


class Ring:
    """Sends the same bytes to many sockets in one call."""

    def __init__(self, size: int) -> None:
        """A ring for `size` sends in a call, a power of two. Raises OSError if there is none."""
        buffer = ctypes.create_string_buffer(struct.calcsize(PARAMETERS))
        struct.pack_into("I", buffer, 4 * FLAGS, SUBMIT_ALL | SINGLE_ISSUER | DEFER_TASKRUN)
        descriptor = _call(SETUP, size, buffer)
        if descriptor < 0:
            raise OSError(-descriptor, os.strerror(-descriptor))
        self._file = FileIO(descriptor)
        self._size = size
        try:
            self._map(struct.unpack(PARAMETERS, buffer.raw))
        except BaseException:
            self._file.close()
            raise
        _rings.add(self)

    def send(self, data: bytes, descriptors: Sequence[int]) -> list[int]:
        """Hand `data` to the kernel for each of the sockets, `size` of them at most; never waits.

        Returns one result for each: the bytes that it took, or the negative number of the error.
        Raises RingFailed.
        """
        count, taken = len(descriptors), 0
        try:
            ring = self._file.fileno()  # fails before anything is written if it is closed
            if data is not self._data:
                self._fill_in(data)
            self._descriptors[:count] = array("i", descriptors)
            self._put(count)
            taken = count  # as far as is known, from now on
            return self._take(count, _enter(ring, count))
        except RingFailed:
            raise
        except Exception as error:  # a mistake of ours: what was sent is sent nobody again
            raise RingFailed(f"{type(error).__name__}: {error}", {}, taken) from error

    def close(self) -> None:
        """Give it back to the kernel."""
        self._file.close()

    def _map(self, parameters: Sequence[int]) -> None:
        size, self._completions = self._size, parameters[COMPLETIONS]
        order, done = parameters[ORDER], parameters[DONE]
        queues = self._mapped(max(order + 4 * size, done + COMPLETION * self._completions), 0)
        self._words = queues.cast("I")
        """The queues, as numbers of four bytes."""
        self._tail, self._done_head, self._done_tail = (
            parameters[where] // 4 for where in (TAIL, DONE_HEAD, DONE_TAIL)
        )
        self._order = self._words[order // 4 : order // 4 + size]
        """The submission queue: the numbers of entries."""
        completions = queues[done : done + COMPLETION * self._completions]
        self._done_numbers = completions.cast("Q")[0::2]
        self._done_results = completions.cast("i")[2::4]
        entries = self._mapped(ENTRY * size, ENTRIES_OFFSET)
        integers, longs = entries.cast("i"), entries.cast("Q")
        self._descriptors, self._lengths, self._addresses = (
            integers[1::16],
            integers[6::16],
            longs[2::8],
        )
        integers[0::16] = array("i", [SEND]) * size  # and no flags, which are in the same word
        integers[7::16] = array("i", [MSG_DONTWAIT | MSG_NOSIGNAL]) * size
        longs[4::8] = array("Q", range(size))  # comes back with the result
        self._numbers = array("I", range(size))
        self._in_order = list(range(size))
        self._data: bytes | None = None
        """What the entries point at. It is kept, as the kernel reads it while it sends."""

    def _mapped(self, size: int, offset: int) -> memoryview:
        access = mmap.PROT_READ | mmap.PROT_WRITE
        flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
        return memoryview(mmap.mmap(self._file.fileno(), size, flags, access, offset=offset))

    def _fill_in(self, data: bytes) -> None:
        """Have all entries send `data`."""
        address = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value
        assert address is not None
        self._addresses[:] = array("Q", [address]) * self._size
        self._lengths[:] = array("i", [len(data)]) * self._size
        self._data = data

    def _put(self, count: int) -> None:
        """Put the first `count` entries into the queue."""
        tail = self._words[self._tail]
        first = tail % self._size
        before_end = min(count, self._size - first)
        self._order[first : first + before_end] = self._numbers[:before_end]
        self._order[: count - before_end] = self._numbers[before_end:count]
        self._words[self._tail] = (tail + count) & WRAP

    def _take(self, count: int, taken: int) -> list[int]:
        """The results of `count` sends, of which the kernel has taken over so many.

        A negative number is that of an error. Raises RingFailed.
        """
        head = self._words[self._done_head]
        there = (self._words[self._done_tail] - head) & WRAP
        first = head % self._completions
        last = first + there
        numbers = self._done_numbers[first:last].tolist()
        results: list[int] = self._done_results[first:last].tolist()
        if last > self._completions:  # the queue goes on at its beginning
            numbers += self._done_numbers[: last - self._completions].tolist()
            results += self._done_results[: last - self._completions].tolist()
        self._words[self._done_head] = (head + there) & WRAP
        if numbers == self._in_order[:count]:  # always, as far as is known
            return results
        by_number = dict(zip(numbers, results, strict=True))
        if len(by_number) < count or there > count:
            why = f"{there} of {count} sends done, {taken} taken over"
            if taken < 0:
                why = os.strerror(-taken)
            known = by_number if there <= count else {}  # some are those of an earlier call
            raise RingFailed(why, known, max(0, taken))
        return [by_number[number] for number in range(count)]


def _enter(descriptor: int, count: int) -> int:
    """Have the kernel do `count` requests, and wait for all: they do not wait themselves.

    Returns how many it has taken over, or the negative number of the error.
    """
    while (taken := _call(ENTER, descriptor, count, count, GETEVENTS, None, 0)) == -errno.EINTR:
        pass
    return taken


def _close_all() -> None:
    """In a process that was just forked: leave the rings to the parent, which goes on with them."""
    for ring in _rings:
        with suppress(OSError):
            ring.close()


os.register_at_fork(after_in_child=_close_all)


def _call(number: int, *arguments: Any) -> int:
    """A system call; the negative number of the error if it fails."""
    result: int = _libc.syscall(number, *arguments)
    return result if result >= 0 else -ctypes.get_errno()
