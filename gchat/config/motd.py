"""The message of the day: a file that the operator of the server may change at any time."""

import logging
import os

from gchat.text.safe import visible

MAX_MOTD = 4096
"""Bytes of the file: every newcomer is sent it."""

log = logging.getLogger(__name__)


class Motd:
    """The text in the file at `path`, read again whenever the file has changed.

    Raises OSError if the file cannot be read, ValueError if it is too long. After the start such a
    file leaves the text as it was, and is logged once.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._version = self._file_version()
        self._lines = self._read()
        self._error = ""

    def reload(self) -> bool:
        """Read the file even if it seems unchanged; return whether the text is a new one.

        Raises OSError and ValueError.
        """
        version, before = self._file_version(), self._lines
        self._lines, self._version, self._error = self._read(), version, ""
        return self._lines != before

    def lines(self) -> list[str]:
        """The current text, in lines that are safe to show."""
        try:
            if self._file_version() != self._version or self._error:
                self.reload()
        except (OSError, ValueError) as error:
            if str(error) != self._error:
                self._error = str(error)
                why = getattr(error, "strerror", None) or error
                log.warning("cannot use motd file %s: %s; the old text stays", self.path, why)
        return self._lines

    def _file_version(self) -> object:
        """A value that differs once the file has changed: time, size and inode."""
        status = os.stat(self.path)
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> list[str]:
        with open(self.path, "rb") as file:
            data = file.read(MAX_MOTD + 1)
        if len(data) > MAX_MOTD:
            raise ValueError(f"longer than {MAX_MOTD} bytes")
        return [visible(line) for line in data.rstrip().splitlines()]
