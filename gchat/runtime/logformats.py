"""How a line of the server's own log looks: for people, or as JSON; neither drives a terminal."""

import json
import logging
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from gchat.text.safe import escape


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
