"""Internal errors: none of them ends the server, and all are counted and logged.

One mistake may raise an error a thousand times a second. The log has the first error of a kind
with its traceback; for the next ones it has one line a minute with their number.
"""

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from traceback import walk_tb
from types import TracebackType
from typing import Any, NoReturn

from gevent import get_hub, sleep, spawn

from gchat.runtime.code_places import show_code_places
from gchat.text.phrases import counted

REPEAT_SECONDS = 60.0
"""Seconds between two lines about repeated errors of one kind."""

MAX_KINDS = 200
"""Kinds of errors told apart, which bounds memory; all further kinds count as one."""

_OTHERS = "others"

FIRST_PAUSE = 0.1
"""Seconds until a failed function runs again; doubled each time that it fails again,"""

LONGEST_PAUSE = 5.0
"""Seconds: the longest pause; clients that wait for the function have not given up by then."""

RECOVERED_SECONDS = 10.0
"""A function that has run this long counts as recovered: its next pause is FIRST_PAUSE."""

log = logging.getLogger(__name__)


class Faults:
    """Count errors, and log them without filling the log.

    Two errors are of one kind if they have the same type and come from the same line of our code.
    """

    def __init__(self) -> None:
        self.total = 0
        """Errors since the server started."""
        self._kinds: dict[str, _Kind] = {}

    def report(self, what: str, *arguments: object) -> None:
        """Count and log the error that an `except` block is handling. Never raises.

        `what`, such as `cannot send to %s`, and its `arguments` say what failed.
        """
        with suppress(Exception):
            self._count(what, arguments, sys.exc_info())

    def start(self) -> Any:
        """Report errors that end greenlets, too, and log repeated errors once a minute.

        Returns the greenlet that logs them.
        """
        setattr(get_hub(), "handle_error", self._handle_error)  # as gevent documents it
        return spawn(self.keep_running, "error summary", self._log_repeated_for_ever)

    def keep_running(
        self, what: str, function: Callable[..., object], *arguments: object
    ) -> NoReturn:
        """Run `function` for ever in the calling greenlet; restart it after a pause when it ends.

        An Exception is reported as `WHAT failed`. GreenletExit and its like, which kill the
        greenlet, pass.
        """
        pause = FIRST_PAUSE
        while True:
            began = monotonic()
            try:
                function(*arguments)
            except Exception:
                self.report("%s failed", what)
            if monotonic() - began >= RECOVERED_SECONDS:
                pause = FIRST_PAUSE
            sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def log_repeated(self) -> None:
        """Log how many errors of known kinds there were since the last call.

        Called every minute, and at the end of the program.
        """
        for kind in list(self._kinds.values()):
            if kind.unlogged:
                times = counted(kind.unlogged, "more time")
                log.error("%s: %s in the last minute (%s)", kind.what, times, kind.error)
                kind.unlogged = 0

    def _log_repeated_for_ever(self) -> None:
        while True:
            sleep(REPEAT_SECONDS)
            self.log_repeated()

    def _handle_error(self, context: Any, kind: Any, error: Any, traceback: Any) -> None:
        with suppress(Exception):
            if kind is None:  # gevent leaves the lookup to us
                kind, error, traceback = sys.exc_info()
            if not isinstance(error, BaseException):  # some of Cython's come as text only
                error = kind(error)
            if not isinstance(error, get_hub().NOT_ERROR):
                self._count("error in %s", (context,), (kind, error, traceback))

    def _count(self, what: str, arguments: tuple[object, ...], exc_info: Any) -> None:
        self.total += 1
        with suppress(Exception):  # the error may have broken an argument's __str__
            what %= arguments
        error = _describe(*exc_info)
        key = error if error in self._kinds or len(self._kinds) < MAX_KINDS else _OTHERS
        if key not in self._kinds:
            self._kinds[key] = _Kind()
            log.error("%s", what, exc_info=exc_info)
            return
        kind = self._kinds[key]
        kind.unlogged += 1
        kind.what, kind.error = what, error


class _Kind:
    """The errors of one kind that the log does not show yet; the errors themselves are not kept."""

    unlogged = 0
    what = error = ""
    """Of the latest error."""


def _describe(kind: type[BaseException], _error: object, traceback: TracebackType | None) -> str:
    """Describe an error's kind: `ValueError at hub.py:123 say`."""
    frames = list(walk_tb(traceback))
    return f"{kind.__name__} at {show_code_places(reversed(frames), 1)}"
