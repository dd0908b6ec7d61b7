"""A connection inside TLS: OpenSSL makes and reads the records, the socket stays ours.

OpenSSL never sees the socket. What is to be sent goes through two buffers that all connections
share, one record at a time, and from there to the kernel at once: a buffer of its own would cost
each connection 23 KiB once a record was in it, and never be given back (measured, OpenSSL 3.0).
"""

import errno
import socket
import ssl
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
from gevent.socket import wait

from gchat.hub.connection import Connection
from gchat.runtime.loop import WRITABLE

RECORD = 16 * 1024
"""Bytes of ours in a record at the most (RFC 8446, 5.1)."""

HEADER = 5
"""Bytes in front of a record, which nobody encrypts; the last two tell how many follow."""

MAX_EMPTY = 2048
EMPTY_TIME = 60.0
"""Records that a client may send in so many seconds with nothing of its own, such as new keys: to
make these takes as long as to read some lines. How much padding a record has is no matter."""

MAX_REPLIES = 2 * RECORD
"""Bytes that may be pending when a client has asked for new keys and does not read the answers."""

FLUSH_TIME = 10.0
"""Seconds at the end for the kernel to take what is pending; 128 KiB are before that already."""

TIDY = 32
"""Records of which ends are kept before the kernel is asked which of them have arrived."""

NOT_NOW = (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM)
"""Errors of a socket that takes nothing at the moment."""

# The loop has one thread, and no call leaves anything in them, whatever breaks: that would be taken
# for bytes of the connection that uses them next.
_incoming, _outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()


class TlsFailed(OSError):
    """Raised if the other side breaks the rules of TLS; `alert` is what tells it so."""

    def __init__(self, why: str, alert: bytes) -> None:
        super().__init__(errno.EPROTO, f"TLS: {why}")
        self.why = why
        self.alert = alert


class TlsConnection(Connection):
    """A connection of which all bytes are in records of TLS, once `shake_hands` is through.

    What `send` has taken is encrypted, and cannot be taken back: if the kernel has no room for all
    of a record, its rest is `pending`, and nothing more is taken before the kernel has it.
    """

    __slots__ = (
        "_arrived",
        "_counted_since",
        "_early",
        "_empty",
        "_encrypted",
        "_handed_over",
        "_header",
        "_next_header",
        "_our_ends",
        "_record_ends",
        "_rest",
        "_tls",
    )

    is_secure = True

    def __init__(self, plain: Connection, context: ssl.SSLContext) -> None:
        """Goes on with the socket of `plain`, on which nothing was sent.

        `plain` may be used until the handshake is over, and not afterwards.
        """
        super().__init__(plain._socket, plain.readable)  # noqa: SLF001 - it is one itself
        self._tls = context.wrap_bio(_incoming, _outgoing, server_side=True)
        self._early = b""
        """What the client has sent with the end of the handshake."""
        self._rest: bytes | memoryview = b""
        self._handed_over = 0
        """Bytes that the kernel took."""
        self._encrypted = 0
        """Bytes of ours that were put into records."""
        self._record_ends = array("Q")
        """Where each record ends in what the kernel gets, as long as it may not have arrived."""
        self._our_ends = array("Q")
        """Where it ends in what is ours."""
        self._arrived = 0
        """Bytes of ours in records that have arrived."""
        self._header = b""
        """What has come of the header of the client's next record."""
        self._next_header = 0
        """Bytes that come before it."""
        self._empty = 0
        """Records of the client's that carried nothing, and the one that has begun to come."""
        self._counted_since = time.monotonic()

    def shake_hands(self, data: bytes) -> bool:
        """Go on with the handshake, for which `data` has come; True when it is over.

        Never waits. Raises TlsFailed if there will be no handshake, and OSError.
        """
        try:
            self._take_in(data)
            self._tls.do_handshake()
            self._early = self._read_records() or b""
        except ssl.SSLWantReadError:
            self._send_replies()
            return False
        except ssl.SSLError as error:
            raise _failure(error) from error
        finally:
            _leave_empty()
        return True

    def abandon(self) -> None:
        """There is no handshake: the socket is the plain connection's again."""
        if self._writable is not None:
            self._writable.stop()
            self._writable.close()

    def send(self, data: bytes | memoryview) -> int:
        """Encrypt `data`, and hand it to the kernel; returns how many of these bytes were taken.

        Never waits. Raises BlockingIOError and OSError as Connection.send; if the connection breaks
        behind the first record, the next call does.
        """
        if self._rest:
            self._hand_over()
            if self._rest:
                raise BlockingIOError
        size, taken = len(data), 0
        view = memoryview(data) if size > RECORD else data
        while taken < size and not self._rest:
            part = view[taken : taken + RECORD]
            try:
                self._encrypt(part)
            except OSError:
                if not taken:
                    raise
                break  # the caller has to count what was taken before
            taken += len(part)
        return taken

    def recv(self, size: int) -> bytes:
        """Read at most `size` bytes from the kernel; returns what is in the records that they end.

        That may be a record more than `size`. None at the end of input. Raises BlockingIOError if
        no record has ended, and OSError.
        """
        if self._early:
            early, self._early = self._early, b""
            return early
        data: bytes = self._socket.recv(size)
        if not data:  # many clients do not say before that it is their end
            return b""
        try:
            self._take_in(data)
            found = self._read_records()
        finally:
            _leave_empty()
        if found is None:
            raise BlockingIOError
        return found

    @property
    def pending(self) -> int:  # type: ignore[override]
        """Bytes of records that the kernel has not taken yet."""
        return len(self._rest)

    @property
    def unacknowledged(self) -> int:
        """Bytes of ours in records that have not arrived to their end: none of these can be read.

        What is pending is among them.
        """
        self._forget_arrived()
        return self._encrypted - self._arrived

    def block(self, on_room: Callable[..., None], *arguments: Any) -> None:
        """The socket is full: call `on_room` once, when the kernel has all and takes more."""
        if self._writable is not None:
            self._writable.stop()
        super().block(on_room, *arguments)

    def _unblock(self, on_room: Callable[..., None], *arguments: Any) -> None:
        if self._flush_now():
            super()._unblock(on_room, *arguments)

    def finish(self) -> None:
        """Send the end, of TLS and of the connection, behind all else.

        Waits FLUSH_TIME at the most for the kernel to take what is pending. Raises OSError.
        """
        with suppress(ssl.SSLError):  # nobody waits for the other side's end
            self._tls.unwrap()
        _incoming.read()
        self._send_replies()
        deadline = time.monotonic() + FLUSH_TIME
        while self._rest:
            has_room = gevent.get_hub().loop.io(self._socket.fileno(), WRITABLE)
            try:
                wait(has_room, max(0.0, deadline - time.monotonic()))
            finally:
                has_room.close()
            if self._rest:
                self._hand_over()
        super().finish()

    def _encrypt(self, part: bytes | memoryview) -> None:
        """Make a record of `part`, and hand it to the kernel. Raises OSError; then it counts as not
        sent, as it does for the caller.
        """
        try:
            self._tls.write(part)
        except ssl.SSLError as error:
            raise _failure(error) from error
        self._rest = _outgoing.read()
        end = self._handed_over + len(self._rest)
        self._hand_over()
        self._encrypted += len(part)
        self._record_ends.append(end)
        self._our_ends.append(self._encrypted)
        if not len(self._our_ends) % TIDY:
            self._forget_arrived()

    def _hand_over(self) -> None:
        """Hand what is pending to the kernel; see to it that it gets the rest. Raises OSError."""
        try:
            taken = self._socket.send(self._rest)
        except OSError as error:
            if error.errno not in NOT_NOW:
                raise
            taken = 0
        self._handed_over += taken
        self._rest = memoryview(self._rest)[taken:] if taken < len(self._rest) else b""
        if self._rest and not (self._writable and self._writable.active):
            self._await_room(self._flush)

    def _flush(self) -> None:
        if self._flush_now():
            self._writable.stop()

    def _flush_now(self) -> bool:
        """Hand over what is pending; False if there is no room for it."""
        if self._rest:
            try:
                self._hand_over()
            except OSError:  # the connection is broken, which whoever sends next is told
                self._rest = b""
        return not self._rest

    def _forget_arrived(self) -> None:
        """Forget the ends of records that the other side's kernel has acknowledged."""
        count = bisect_right(self._record_ends, self._handed_over - self._on_the_way)
        if count:
            self._arrived = self._our_ends[count - 1]
            del self._record_ends[:count], self._our_ends[:count]

    def _take_in(self, data: bytes) -> None:
        """Hand `data` to OpenSSL, and count the records that begin in it."""
        _incoming.write(data)
        data = self._header + data
        at = self._next_header
        while at + HEADER <= len(data):
            self._empty += 1
            at += HEADER + int.from_bytes(data[at + HEADER - 2 : at + HEADER], "big")
        self._header, self._next_header = data[at:], max(0, at - len(data))

    def _read_records(self) -> bytes | None:
        """What is in the records that have come.

        None if no record with bytes of the client's has ended. Raises OSError.
        """
        parts, has_ended = list[bytes](), False
        try:
            while not has_ended and (_incoming.pending or not parts):
                part = self._tls.read(RECORD)
                parts.append(part)
                has_ended = not part
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            raise self._broken(_failure(error)) from error
        if has_ended:
            self._end_input()
        self._send_replies()
        self._empty -= len(parts)
        if self._empty > MAX_EMPTY:
            self._check_time()
        return b"".join(parts) if parts else None

    def _end_input(self) -> None:
        """The client says nothing more: have the socket tell so whoever reads next."""
        _incoming.read()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)

    def _send_replies(self) -> None:
        """Send what OpenSSL has to answer. Raises OSError."""
        if not _outgoing.pending:
            return
        self._rest = bytes(self._rest) + _outgoing.read()
        if len(self._rest) > MAX_REPLIES:
            raise TlsFailed("new keys asked for, and no answer read", b"")
        self._hand_over()

    def _check_time(self) -> None:
        """Raise TlsFailed if so many records without use came within EMPTY_TIME."""
        now = time.monotonic()
        if now - self._counted_since < EMPTY_TIME:
            raise self._broken(TlsFailed("too many messages without data", b""))
        self._counted_since, self._empty = now, 0

    def _broken(self, failed: TlsFailed) -> TlsFailed:
        """Tell the client why the connection is over, if that is possible; returns `failed`."""
        if failed.alert and not self._rest:
            with suppress(OSError):
                self._socket.send(failed.alert)
        return failed


def _leave_empty() -> None:
    """Take out of the buffers what an error has left in them, as a rule nothing."""
    _incoming.read()
    _outgoing.read()


def _failure(error: ssl.SSLError) -> TlsFailed:
    """What OpenSSL has met, with its alert."""
    why = (error.reason or str(error)).lower().replace("_", " ")
    return TlsFailed(why, _outgoing.read())
