"""The server's own log, on standard error; writing it never stops the chat.

The reader of standard error may be slow or stopped (a pager behind a pipe, a terminal on hold):
a write then waits, and everything in the process with it. So a native thread writes, behind a
bounded queue; when the queue is full, lines are left out and counted. A full disk is handled the
same way.
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

from gchat.text.phrases import counted
from gchat.text.safe import escape

STANDARD_ERROR = 2

MAX_LINES = 10_000
"""Lines that may wait to be written."""

GATHERING = 0.01
"""Seconds that the thread waits for more lines before it writes the first one: waking it for each
line would take as long as making the line."""

LINES_AT_ONCE = 1000
"""Lines in one write."""

FULL = (errno.EAGAIN, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors after which a write may succeed later: another program made the descriptor non-blocking,
the disk or the quota is full, or the file has reached the size limit."""

FLUSH_SECONDS = 1.0
"""Seconds that the end of the program waits for the last lines."""

# The originals: gevent's would run in the one thread that must not wait.
SimpleQueue = monkey.get_original("queue", "SimpleQueue")
RLock = monkey.get_original("_thread", "RLock")
start_new_thread = monkey.get_original("_thread", "start_new_thread")
sleep = monkey.get_original("time", "sleep")

log = logging.getLogger(__name__)


def start_logging(level: str, as_json: bool = False) -> logging.Handler:
    """Log records of at least `level` (a name, in any case) on standard error, as text or JSON.

    Returns the handler, to be flushed at the end.
    """
    _occupy_standard_descriptors()
    handler = BackgroundHandler(STANDARD_ERROR)
    handler.setFormatter(JsonFormatter() if as_json else Formatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.setLogRecordFactory(Record)
    logging._srcfile = None  # noqa: SLF001 - it finds no source lines (see its documentation, Optimization)
    return handler


class Record(logging.LogRecord):
    """A record without the thread, the process and the source line, which no line of the log has.

    Every connection logs two lines: to find these out takes a third of making one, and looking up
    the thread makes and keeps an object of nearly a kilobyte for each greenlet that ever logs.
    """

    def __init__(
        self,
        name: str,
        level: int,
        _pathname: str,
        _lineno: int,
        msg: object,
        args: Any,
        exc_info: Any,
        _func: str | None = None,
        sinfo: str | None = None,
    ) -> None:
        self.name, self.msg, self.args = name, msg, args
        self.levelno, self.levelname = level, logging.getLevelName(level)
        self.exc_info, self.exc_text, self.stack_info = exc_info, None, sinfo
        self.created = time.time()
        self.msecs = self.created % 1 * 1000


def _occupy_standard_descriptors() -> None:
    """Open the standard descriptors that are closed, so that no client's socket gets their number.

    Else a client would be sent our log.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        pass
    os.close(descriptor)


class BackgroundHandler(logging.Handler):
    """Write lines to a descriptor; the greenlet that logs never waits."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines = SimpleQueue()
        self._left_out = 0
        self._queued = self._written = 0
        start_new_thread(self._write_for_ever, ())

    def createLock(self) -> None:  # noqa: N802
        """Use the native lock, which is faster than gevent's: no greenlet ever waits for it."""
        self.lock = RLock()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line, or count it as left out if MAX_LINES are waiting."""
        if self._lines.qsize() >= MAX_LINES:
            self._left_out += 1
            return
        if self._left_out:
            self._queue(_left_out(self._left_out))
            self._left_out = 0
        self._queue(record)

    def flush(self) -> None:
        """Wait until the queued lines are written, at most FLUSH_SECONDS."""
        deadline = time.monotonic() + FLUSH_SECONDS
        while self._written < self._queued and time.monotonic() < deadline:
            sleep(0.001)

    def _queue(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        self._queued += 1
        self._lines.put(f"{line}\n")

    def _write_for_ever(self) -> None:
        while True:
            first = self._lines.get()
            sleep(GATHERING)
            others = min(self._lines.qsize(), LINES_AT_ONCE - 1)
            lines = first + "".join(self._lines.get() for _ in range(others))
            self._write(lines.encode(errors="backslashreplace"))
            self._written += 1 + others

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except OSError as error:
                if error.errno not in FULL:  # nobody can read it any more
                    return
                sleep(0.01)


def _left_out(count: int) -> logging.LogRecord:
    text = f"{counted(count, 'log line')} left out here: could not be written in time"
    return log.makeRecord(log.name, logging.WARNING, "", 0, text, (), None)


class Formatter(logging.Formatter):
    """Format text lines that cannot drive a terminal: their messages hold what clients type."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end; with a traceback, the lines."""
        if record.exc_info or record.stack_info:
            return super().format(record)
        message = escape(record.getMessage())  # nearly always: what follows is the same
        return f"{self.formatTime(record)} {record.levelname} {message}"

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Format the time as logging does, but only once for the lines of one second."""
        return f"{_second(int(record.created))},{int(record.msecs):03}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Format the line with its message escaped."""
        record.message = escape(record.message)
        return super().formatMessage(record)

    def formatException(self, *arguments: Any) -> str:  # noqa: N802
        """Format a traceback with each of its lines escaped."""
        return "\n".join(map(escape, super().formatException(*arguments).split("\n")))


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return time.strftime(Formatter.default_time_format, time.localtime(seconds))


class JsonFormatter(logging.Formatter):
    """Format each record as a JSON object in ASCII: `time`, `level`, `logger`, `message`.

    `time` is UTC, such as `2026-11-23T10:15:00.123Z`; `level` is a word that --log-level takes. A
    record of an exception has its traceback as `error`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, without its end."""
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
