"""Signals while the server starts, and the terminal that it was started in.

__main__.py imports this before gevent, which takes most of the start: so it imports nothing slow.
"""

import os
import signal
from collections.abc import Sequence
from types import FrameType

STANDARD_ERROR = 2

TOOLS = ("export", "check")
"""Commands that run instead of the server; Ctrl-C is an exception there (see tools.py)."""

ANSWERS = ("-h", "--help", "--version")
"""Options that print something instead of starting the server."""


def serves(arguments: Sequence[str]) -> bool:
    """Whether the command line `arguments` start a server."""
    is_tool = any(argument in TOOLS for argument in arguments[:1])
    return not is_tool and not any(argument in ANSWERS for argument in arguments)


class StartSignals:
    """Handle signals from the first line of the program until the event loop takes them over."""

    def __init__(self) -> None:
        is_ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN  # by nohup, for one
        self._has_terminal = os.isatty(STANDARD_ERROR) and not is_ignored
        self.hung_up = False
        """SIGHUP has come since the start."""

    def catch(self) -> None:
        """Make SIGINT and SIGTERM end the program with one line, and remember a SIGHUP."""
        signal.signal(signal.SIGINT, _end)
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGHUP, self._note)  # last: once this one is caught, all are

    def terminal_is_closed(self) -> bool:
        """Whether standard error was a terminal at the start and no longer is one.

        False if SIGHUP was ignored at the start: the server is then meant to outlive its terminal.
        """
        return self._has_terminal and not os.isatty(STANDARD_ERROR)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.hung_up = True


def _end(number: int, _frame: FrameType | None) -> None:
    """End the program at once: an exception would show as a traceback, wherever it was raised."""
    line = f"gchat: stopped by {signal.Signals(number).name} before it was ready\n"
    try:
        os.write(STANDARD_ERROR, line.encode())
    finally:  # also if nobody can read it
        os._exit(0)
