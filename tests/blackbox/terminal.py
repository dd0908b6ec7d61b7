"""A real client program in a terminal of its own."""

import os
import pty
import subprocess
import time
from select import select
from typing import Self

from tests.blackbox.waiting import DEADLINE


class Terminal:
    """`with Terminal("nc", host, port) as terminal:` a program, and somebody who types."""

    def __init__(self, *command: str) -> None:
        self._terminal, end_of_program = pty.openpty()
        self._shown = b""
        try:
            # setsid makes it the program's terminal, so that Ctrl-C there is a signal
            self.process = subprocess.Popen(
                ["setsid", "--ctty", *command],
                stdin=end_of_program,
                stdout=end_of_program,
                stderr=end_of_program,
                env={**os.environ, "TERM": "dumb"},
            )
        finally:
            os.close(end_of_program)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._terminal)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def type(self, keys: str) -> None:
        """Press `keys`."""
        os.write(self._terminal, keys.encode())

    def expect(self, text: str) -> bytes:
        """Wait until `text` is shown; returns what was shown since what was expected last."""
        end = time.monotonic() + DEADLINE
        while text.encode() not in self._shown:
            left = end - time.monotonic()
            readable, _, _ = select([self._terminal], [], [], max(0.0, left))
            assert readable, f"no {text!r} in {self._shown!r}"
            self._shown += self._read(text)
        before, _, self._shown = self._shown.partition(text.encode())
        return before

    def _read(self, text: str) -> bytes:
        try:
            return os.read(self._terminal, 65_536)
        except OSError:  # the program has ended
            raise AssertionError(f"it ended before {text!r}: {self._shown!r}") from None
