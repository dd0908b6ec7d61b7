"""Giving messages their places, and seeing that the history file gets their rows: now or later.

The server that has the file is its only owner, so it puts rooms in order by itself. A file that
cannot be written keeps nobody from talking: its rows are owed, in order, until they are written.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from time import monotonic
from typing import Any

import gevent

from gchat.model.room_log import Cursor
from gchat.model.runs import Row, place, rows_of
from gchat.store.base import Batch, Placed
from gchat.store.errors import StoreError
from gchat.store.sqlite import messages
from gchat.store.sqlite.owed import OwedRows
from gchat.store.sqlite.worker import PAUSE, SILENT, Job, Worker
from gchat.text.clock import duration
from gchat.text.phrases import counted

WAIT = 0.2
"""Seconds that a line waits for the file before it is shown without it."""

PORTION = 2048
"""Owed rows that are written in one transaction: some ten milliseconds."""

LOCKED_PAUSE = 0.05
"""Seconds until it is tried again if another program holds a lock on the file,"""

FAILED_PAUSE = 0.5
"""and if it cannot be written for another reason."""

TELL_AFTER = 1.0
"""Seconds that the file may not answer before operators are told: on a busy machine it happens."""

GONE = "it was removed or replaced"


class Ledger:
    """Places what is said in all rooms of a history file, and owes the file what it cannot take."""

    def __init__(self, path: str, writer: Worker, report: Callable[[str], None]) -> None:
        """`report` is told what operators have to know; it must not wait."""
        self.owed = OwedRows()
        self._path = path
        self._writer = writer
        self._report = report
        self._gone = ""
        """Why what is written is in no file that anybody finds; empty if it is."""
        self._why = ""
        """Why it cannot be written; empty if it can be."""
        self._since = 0.0
        self._is_told = False
        """Operators know of it."""
        self._unchecked = 0
        """Rows written since the file was last seen under its name."""
        self._unknown: Job[int] | None = None
        """What has begun to write the first of what is owed."""
        self._settling: Any = None
        """The greenlet that writes what is owed; it is there as long as there is trouble."""

    def append(self, batches: Sequence[Batch]) -> list[Placed]:
        """Place the messages of `batches`; returns when they are written, or after WAIT seconds.

        While anything is owed, it returns at once. Raises nothing.
        """
        placed = [Placed((), place(*batch)) for batch in batches]
        runs = chain.from_iterable(each.runs for each in placed)
        rows = [*chain.from_iterable(map(rows_of, runs))]
        if rows and (self._why or not self._write(rows)):
            self._owe(rows)
        return placed

    def record(self, rows: Sequence[Row]) -> None:
        """Owe rows that another store has placed; they are written as soon as that is possible."""
        if rows:
            self._owe(rows)

    @property
    def trouble(self) -> str:
        """What is wrong, for an operator who asks or comes; empty if nothing is."""
        if not self._why:
            return ""
        lost = f", {self.owed.lost} lost" if self.owed.lost else ""
        return (
            f"The history file {self._path} has not been writable for "
            f"{duration(monotonic() - self._since)}: {self._why} "
            f"({counted(len(self.owed), 'message')} in memory{lost})"
        )

    def set_gone(self, why: str) -> None:
        """Learn why what is written now is in no file that anybody finds; empty if it is."""
        is_new = not self._gone
        self._gone = why
        if why and is_new:
            doubt = ""
            if self._unchecked:
                doubt = f" {counted(self._unchecked, 'message')} written just before may be lost."
            self._begin_trouble(why)
            self._tell_trouble(doubt)
            self._settle_later()
        elif why:
            self._why = why
        else:
            self._unchecked = 0

    def check_is_there(self) -> None:
        """Raises StoreError if what is written now is in no file that anybody will find."""
        if self._gone:
            raise StoreError(self._gone)

    def close(self, seconds: float) -> bool:
        """Write what is owed, for so many seconds at the most; report what is not in the file.

        Returns whether the file has all that was shown.
        """
        if settling := self._settling:
            settling.join(0 if self._gone else seconds)
            settling.kill(block=False)
        lost = len(self.owed) + self.owed.lost
        if lost:
            verb = "is" if lost == 1 else "are"
            self._report(
                f"{counted(lost, 'message')} {verb} not in the history file {self._path}: "
                f"{self._why}"
            )
        return not (lost or self._gone)

    def _write(self, rows: Sequence[Row]) -> bool:
        """Write rows, if that is possible within WAIT seconds; otherwise they are to be owed."""
        deadline, met = monotonic() + WAIT, ""
        while True:
            job = self._writer.submit(partial(messages.append, rows=rows), urgent=True)
            if not job.wait(max(0.0, deadline - monotonic())):
                self._begin_trouble(met or SILENT)
                if not job.cancel():  # whether it will be done is not known before it ends
                    self._unknown = job
                return False  # operators are told if that lasts
            if job.error is None:
                self._unchecked += len(rows)
                return True
            if not _is_locked(job.error) or monotonic() + PAUSE > deadline:
                self._begin_trouble(str(job.error))
                self._tell_trouble()
                return False
            met = str(job.error)
            gevent.sleep(PAUSE)

    def _owe(self, rows: Sequence[Row]) -> None:
        lost = self.owed.lost
        self.owed.add(rows, begun=self._unknown is not None and not self.owed)
        self._tell_lost(lost)
        self._settle_later()

    def _tell_lost(self, before: int) -> None:
        """Tell operators when the first rows are lost; `before` says how many were."""
        if self.owed.lost and not before:
            self._report(
                f"Too many messages wait for the history file {self._path}: the oldest are lost."
            )

    def _begin_trouble(self, why: str) -> None:
        if not self._why:
            self._since = monotonic()
        self._is_told = self._is_told and why != self._gone
        self._why = why

    def _tell_trouble(self, details: str = "") -> None:
        if not self._is_told:
            self._is_told = True
            self._report(
                f"The history file {self._path} cannot be written: {self._why}.{details} Messages "
                "are kept in memory and written as soon as it can be."
            )

    # Writing what is owed

    def _settle_later(self) -> None:
        if not self._settling:
            self._settling = gevent.spawn(self._settle)

    def _settle(self) -> None:
        """Write what is owed until there is no more, however long that takes."""
        try:
            written = 0
            while self._unknown or self.owed or self.owed.lost_ends or self._gone:
                job, self._unknown = self._unknown, None
                if self._gone and not job:
                    gevent.sleep(FAILED_PAUSE)
                    continue
                written += self._pay(job)
            self._end_trouble(written)
        finally:
            self._settling = None

    def _pay(self, job: Job[int] | None) -> int:
        """Write the first of what is owed; or wait for `job`, which has begun with that.

        Returns how many rows were written. Waits a while if it cannot be written.
        """
        ends = dict[str, Cursor]()
        if job is None:
            ends = dict(self.owed.lost_ends)
            rows = self.owed.begin(PORTION)
            job = self._writer.submit(
                partial(messages.append_owed, rows=rows, ends=ends), urgent=True
            )
        if not job.wait(TELL_AFTER):
            self._tell_trouble()
            job.wait()
        if error := job.error:
            lost = self.owed.lost
            self.owed.fail()
            self._tell_lost(lost)
            self._why = self._gone or str(error)
            self._tell_trouble()
            gevent.sleep(LOCKED_PAUSE if _is_locked(error) else FAILED_PAUSE)
            return 0
        self.owed.succeed(job.result)
        self.owed.settle_lost_ends(ends)
        self._unchecked += job.result
        return job.result

    def _end_trouble(self, written: int) -> None:
        lost, self.owed.lost = self.owed.lost, 0
        is_told, self._is_told, self._why = self._is_told, False, ""
        lost_too = f"; {counted(lost, 'message')} lost" if lost else ""
        if is_told or lost:
            self._report(
                f"The history file {self._path} is written again: {counted(written, 'message')} "
                f"from memory{lost_too}."
            )


def _is_locked(error: Exception) -> bool:
    return isinstance(error, StoreError) and error.is_locked
