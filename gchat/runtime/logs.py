"""The server's own log, on standard error, which must never stop the chat.

Whoever reads standard error may be slow or stopped (a pipe into a pager, a
terminal on hold): then a write waits, and everything in the process with it. So
a real thread writes, behind a bounded queue; when that is full, lines are left
out and counted. The same goes for a disk that is full.
"""

import errno
import json
import logging
import os
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from gevent import monkey

from gchat.text.safe import escape

STANDARD_ERROR = 2

MAX_LINES = 10_000
"""Lines that may wait to be written."""

GATHERING = 0.01
"""Seconds in which more lines may come before the first one is written: to wake the thread for
each of them takes as long as to make it."""

LINES_AT_ONCE = 1000
"""Lines that are written together, at the most."""

FULL = (errno.EAGAIN, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a write fails with that may succeed later: somebody made the descriptor non-blocking, the
disk is full, or the file is as long as it may be."""

FLUSH_SECONDS = 1.0
"""How long the end of the program waits for the last lines."""

# The real ones: gevent's would run in the one thread that must not wait.
SimpleQueue = monkey.get_original("queue", "SimpleQueue")
RLock = monkey.get_original("threading", "RLock")
start_new_thread = monkey.get_original("_thread", "start_new_thread")
sleep = monkey.get_original("time", "sleep")

log = logging.getLogger(__name__)


def start_logging(level: str, as_json: bool = False) -> logging.Handler:
    """Log what is at least `level` (a name, in any case) to standard error, for people or as JSON.

    Returns the handler, to be flushed at the end.
    """
    _occupy_standard_descriptors()
    handler = BackgroundHandler(STANDARD_ERROR)
    for_people = Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(JsonFormatter() if as_json else for_people)
    logging.basicConfig(level=level.upper(), handlers=[handler])
    _leave_out_what_nobody_reads()
    return handler


def _leave_out_what_nobody_reads() -> None:
    """Where a line comes from: thousands who connect are two lines each.

    To find out the thread makes and keeps an object for each greenlet that ever logs, of
    nearly a kilobyte.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - this is how it is told to (see its documentation, Optimization)


def _occupy_standard_descriptors() -> None:
    """If standard error is closed, no client's connection may get its number, and our log."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        pass
    os.close(descriptor)


class BackgroundHandler(logging.Handler):
    """Writes lines to a descriptor without ever making the one who logs wait."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines = SimpleQueue()
        self._left_out = 0
        self._queued = self._written = 0
        start_new_thread(self._write_for_ever, ())

    def createLock(self) -> None:  # noqa: N802
        """The quick one: gevent's would let greenlets wait for it, and none ever has to."""
        self.lock = RLock()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line, or leave it out if MAX_LINES are waiting."""
        if self._lines.qsize() >= MAX_LINES:
            self._left_out += 1
            return
        if self._left_out:
            self._queue(_left_out(self._left_out))
            self._left_out = 0
        self._queue(record)

    def flush(self) -> None:
        """Give the lines that wait FLUSH_SECONDS to be written."""
        deadline = time.monotonic() + FLUSH_SECONDS
        while self._written < self._queued and time.monotonic() < deadline:
            sleep(0.001)

    def _queue(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        self._queued += 1
        self._lines.put(f"{line}\n".encode(errors="backslashreplace"))

    def _write_for_ever(self) -> None:
        while True:
            first = self._lines.get()
            sleep(GATHERING)
            others = min(self._lines.qsize(), LINES_AT_ONCE - 1)
            self._write(first + b"".join(self._lines.get() for _ in range(others)))
            self._written += 1 + others

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except OSError as error:
                if error.errno not in FULL:  # nobody is there to read it any more
                    return
                sleep(0.01)


def _left_out(count: int) -> logging.LogRecord:
    text = "%d lines were left out here: they could not be written"
    return log.makeRecord(log.name, logging.WARNING, "", 0, text, (count,), None)


class Formatter(logging.Formatter):
    """The usual one, but nothing that it writes can drive a terminal."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """As usual; most lines come in the same second as the one before."""
        return f"{_second(int(record.created))},{int(record.msecs):03}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Add what is around the message, which holds names and other people's texts."""
        record.message = escape(record.message)
        return super().formatMessage(record)

    def formatException(self, *arguments: Any) -> str:  # noqa: N802
        """A traceback keeps its lines; what they quote is made safe."""
        return "\n".join(map(escape, super().formatException(*arguments).split("\n")))


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return time.strftime(Formatter.default_time_format, time.localtime(seconds))


class JsonFormatter(logging.Formatter):
    """Each line is an object, all in ASCII: `time`, `level`, `logger`, `message`.

    The time is UTC, like `2026-11-23T10:15:00.123Z`, the level as --log-level takes it. With
    an error there is its traceback besides, as `error`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line, without its end."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = {
            "time": when[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields)
