"""py, of which one part fails once when SIGUSR1 comes: `python -m tests.unit.failing_parts`.

The environment variable FAILING_PART says which.
"""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import logging
import os
import signal
import sys
from typing import Any

import gevent

from gchat.commands import TABLE, admin
from gchat.delivery.broadcaster import Broadcaster
from gchat.doors import opening
from gchat.doors.admission import Admission
from gchat.doors.dialects import Dialects
from gchat.doors.server import ChatServer
from gchat.hub import rooms
from gchat.hub.rooms import Rooms
from gchat.hub.shutdown import Shutdown
from gchat.jobs import checkpointer, idle, upkeep, vanished
from gchat.jobs.checkpointer import Checkpointer
from gchat.jobs.recorder import Recorder
from gchat.runtime import faults
from gchat.runtime.watchdog import Watchdog
from gchat.store.sqlite.archive import SqliteArchive
from tests.unit.failing import Failing

PARTS: dict[str, tuple[Any, str]] = {
    "broadcaster": (Broadcaster, "_try_to_serve"),
    "recorder": (Recorder, "_wait_for_more"),
    "checkpointer": (Checkpointer, "write"),
    "indexer": (SqliteArchive, "index"),
    "vanished": (vanished, "has_vanished"),
    "idle": (idle, "_check"),
    "upkeep": (upkeep, "_delete_old"),
    "tidying": (Rooms, "close_empty"),
    "beat": (Watchdog, "_beat"),
    "session": (Dialects, "obey"),
    "admission": (Admission, "objection"),
    "accept": (ChatServer, "do_read"),
    "shutdown": (Shutdown, "_run"),
}
"""Where the parts fail; a command does besides."""

OFTEN = 0.02
"""Seconds between two times that something is done in the background."""

log = logging.getLogger(__name__)


class Part(Failing):
    """What fails, and logs it when it is to do its work again."""

    has_failed = False

    def fail_once(self) -> None:
        """The next time."""
        self.times, self.has_failed = 1, True
        log.info("it will fail")

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if self.has_failed and not self.times:
            self.has_failed = False
            log.info("it works again")
        return super().__call__(*arguments, **named)


def hurry() -> None:
    """What is done now and then is done often, and nobody waits for long."""
    opening.QUIET_MOMENT = OFTEN
    faults.FIRST_PAUSE = admin.MEASURED = OFTEN
    idle.MAX_INTERVAL = checkpointer.INTERVAL = OFTEN
    upkeep.INDEX_INTERVAL = upkeep.EXPIRY_INTERVAL = OFTEN
    rooms.EMPTY_TIME = 10 * OFTEN
    upkeep.TIDY_INTERVAL = OFTEN
    vanished.CHECKS = int(110 / OFTEN)


def part(name: str) -> Part:
    """The part of this name, which works until it is told to fail."""
    if name == "command":
        entry = TABLE["/version"]
        failing = Part(entry.function, times=0)
        TABLE["/version"] = entry._replace(function=failing)
    else:
        owner, attribute = PARTS[name]
        failing = Part(getattr(owner, attribute), times=0)
        setattr(owner, attribute, failing)
    return failing


if __name__ == "__main__":
    hurry()
    gevent.signal_handler(signal.SIGUSR1, part(os.environ["FAILING_PART"]).fail_once)
    sys.exit(gchat.__main__.main())
