"""Mistakes of ours: none of them ends the server, each is counted, and the log tells of it.

The same mistake may be made a thousand times a second. The log has the first error of a
kind with its traceback; of further ones it has a line a minute, which says how many.
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
"""Between two lines about errors of one kind that is known already."""

MAX_KINDS = 200
"""Kinds that are told apart, so that memory is bounded; all others count as one more."""

_OTHERS = "others"

FIRST_PAUSE = 0.1
"""Seconds until what has failed is run again; they double each time that it fails again,"""

LONGEST_PAUSE = 5.0
"""up to these, in which those who wait for it have not yet given it up."""

WELL_SECONDS = 10.0
"""What has run for so long without a failure is well: the next pause is the first again."""

log = logging.getLogger(__name__)


class Faults:
    """Counts errors, and logs them without filling the log.

    Two are of the same kind if they have the same type and come from the same line of ours.
    """

    def __init__(self) -> None:
        self.total = 0
        """All errors since the server started."""
        self._kinds: dict[str, _Kind] = {}

    def report(self, what: str, *arguments: object) -> None:
        """In an `except` block: count the error, and log it with its context.

        That is `what`, like `cannot send to %s`, and its arguments. Never raises.
        """
        with suppress(Exception):
            self._count(what, arguments, sys.exc_info())

    def start(self) -> Any:
        """From now on, report also what ends greenlets, and tell every minute what is repeated.

        Returns the greenlet that tells it.
        """
        setattr(get_hub(), "handle_error", self._handle_error)  # as gevent documents it
        return spawn(self.keep_running, "telling of errors", self._tell_for_ever)

    def keep_running(
        self, what: str, function: Callable[..., object], *arguments: object
    ) -> NoReturn:
        """Run a function for ever, in the calling greenlet: whenever it ends, again after a pause.

        If it ends with an Exception, that is reported: `what` has failed. Others pass, such as
        GreenletExit, by which the greenlet is killed.
        """
        pause = FIRST_PAUSE
        while True:
            began = monotonic()
            try:
                function(*arguments)
            except Exception:
                self.report("%s has failed", what)
            if monotonic() - began >= WELL_SECONDS:
                pause = FIRST_PAUSE
            sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def tell_repeated(self) -> None:
        """Log how many errors of known kinds there were since that was last done.

        To be called at the end of the program as well.
        """
        for kind in list(self._kinds.values()):
            if kind.untold:
                times = counted(kind.untold, "time")
                log.error("%s, again: %s in the last minute, %s", kind.what, times, kind.error)
                kind.untold = 0

    def _tell_for_ever(self) -> None:
        while True:
            sleep(REPEAT_SECONDS)
            self.tell_repeated()

    def _handle_error(self, context: Any, kind: Any, error: Any, traceback: Any) -> None:
        with suppress(Exception):
            if kind is None:  # gevent leaves it to us to look
                kind, error, traceback = sys.exc_info()
            if not isinstance(error, BaseException):  # some of Cython's come as their text alone
                error = kind(error)
            if not isinstance(error, get_hub().NOT_ERROR):
                self._count("error in %s", (context,), (kind, error, traceback))

    def _count(self, what: str, arguments: tuple[object, ...], exc_info: Any) -> None:
        self.total += 1
        with suppress(Exception):  # the error may have left an argument unfit to be shown
            what %= arguments
        error = _describe(*exc_info)
        key = error if error in self._kinds or len(self._kinds) < MAX_KINDS else _OTHERS
        if key not in self._kinds:
            self._kinds[key] = _Kind()
            log.error("%s", what, exc_info=exc_info)
            return
        kind = self._kinds[key]
        kind.untold += 1
        kind.what, kind.error = what, error


class _Kind:
    """What is still to be told of errors of one kind; the errors themselves are not kept."""

    untold = 0
    what = error = ""
    """Of the last one."""


def _describe(kind: type[BaseException], _error: object, traceback: TracebackType | None) -> str:
    """`ValueError at hub.py:123 say`."""
    frames = list(walk_tb(traceback))
    return f"{kind.__name__} at {show_code_places(reversed(frames), 1)}"
