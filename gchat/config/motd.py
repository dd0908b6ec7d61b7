"""The message of the day: a file that whoever runs the server may change at any time."""

import logging
import os

from gchat.text.safe import visible

MAX_BYTES = 4096
"""Of the file: each newcomer is owed it."""

log = logging.getLogger(__name__)


class Motd:
    """The text in the file at `path`, read again when the file has changed.

    Raises OSError if it cannot be read, ValueError if it is too long. Later it stays as it
    was if that happens, and the log tells so, once.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._version = self._display()
        self._lines = self._read()
        self._fault = ""

    def read_again(self) -> bool:
        """Read it even if it seems not to have changed; returns whether it has. Raises the same."""
        version, before = self._display(), self._lines
        self._lines, self._version, self._fault = self._read(), version, ""
        return self._lines != before

    def lines(self) -> list[str]:
        """Its lines, safe to show."""
        try:
            if self._display() != self._version or self._fault:
                self.read_again()
        except (OSError, ValueError) as error:
            if str(error) != self._fault:
                self._fault = str(error)
                why = getattr(error, "strerror", None) or error
                log.warning(
                    "the message of the day stays as it was: cannot use %s: %s", self.path, why
                )
        return self._lines

    def _display(self) -> object:
        """What is another one when the file has changed."""
        status = os.stat(self.path)
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> list[str]:
        with open(self.path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has over {MAX_BYTES} bytes")
        return [visible(line) for line in data.rstrip().splitlines()]
