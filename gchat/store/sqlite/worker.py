"""A native thread for what may block: whoever asks for it waits, and the loop goes on.

Nobody waits for a lock inside SQLite, where one job would keep all others waiting: a job that
meets a lock fails at once, and is tried again from here, behind those that have come meanwhile.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import gevent
from gevent.event import Event
from gevent.threadpool import ThreadPool

from gchat.runtime.waited import count_wait
from gchat.store.errors import StoreError
from gchat.store.sqlite.errors import store_error

PAUSE = 0.01
"""Seconds until a job that has met a lock is tried again."""

SILENT = "it does not answer"
"""Why a job was given up that has not ended in time, or not begun."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Job(Generic[Result]):
    """Something to do with a connection, in the thread of a worker."""

    def __init__(self, function: Callable[[sqlite3.Connection], Result]) -> None:
        self._function = function
        self._results = list[Result]()
        self._error: Exception | None = None
        self._ended = Event()
        self.has_begun = False
        """The thread is at it, or has been: it cannot be taken back any more."""
        self.is_cancelled = False
        self.took = 0.0
        """Seconds that it took the thread; 0 until it has ended."""

    def carry_out(self, connection: sqlite3.Connection) -> None:
        """Do it, in the thread."""
        began = monotonic()
        try:
            self._results.append(self._function(connection))
        except Exception as error:  # gevent's pool would print what it is given
            self._error = error
        self.took = monotonic() - began

    def end(self, *_: object) -> None:
        """Wake those who wait, in the loop."""
        self._ended.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended; False if that takes longer."""
        return self._ended.wait(seconds)

    def cancel(self) -> bool:
        """Take it back; False if it has begun, so that it may be done or not."""
        self.is_cancelled = not self.has_begun
        return self.is_cancelled

    @property
    def error(self) -> Exception | None:
        """What it has raised; a StoreError for an error of SQLite's. None if it was done."""
        if isinstance(self._error, sqlite3.Error):
            error = store_error(self._error)
            error.__cause__ = self._error
            return error
        return self._error

    @property
    def result(self) -> Result:
        """What it has returned. Raises `error`."""
        if error := self.error:
            raise error
        return self._results[0]


class Worker:
    """Does one job after the other with `connection`, which is its own: the urgent ones first.

    `connection` may be exchanged while it is suspended.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        patience: float | None = None,
        counts_own_time: bool = False,
    ) -> None:
        """`patience`: seconds that `run` waits if it is not told otherwise; None is for ever.

        With `counts_own_time` it begins anew with each job that the worker begins: however many
        are before it, a job has all of it, and only one that hangs lets those behind it give up.
        """
        self.connection = connection
        self._patience = patience
        self._counts_own_time = counts_own_time
        self._last_begun = 0.0
        """When a job was begun last, by the monotonic clock."""
        self._pool = ThreadPool(1)
        self._urgent = deque[Job[Any]]()
        self._others = deque[Job[Any]]()
        self._current: Job[Any] | None = None
        self._is_suspended = False

    def submit(
        self, function: Callable[[sqlite3.Connection], Result], *, urgent: bool = False
    ) -> Job[Result]:
        """Have `function` called with the connection, before all that is not urgent if it is."""
        job = Job(function)
        (self._urgent if urgent else self._others).append(job)
        self._begin_next()
        return job

    def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Wait for what `function` returns for the connection and the arguments.

        Raises what it raises, but StoreError for an error of SQLite's; and StoreError if a lock is
        held, or nothing comes back, for as long as the worker's patience lasts.
        """
        return self.run_within(
            self._patience, lambda connection: function(connection, *arguments, **named)
        )

    def run_to_the_end(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """Wait as `run` does until `function` is called, and then until it has returned.

        For what must not be done without anybody knowing of it.
        """
        return self.run_within(self._patience, function, to_the_end=True)

    def run_within(
        self,
        seconds: float | None,
        function: Callable[[sqlite3.Connection], Result],
        *,
        to_the_end: bool = False,
    ) -> Result:
        """Wait as `run` does, with a patience of so many seconds; for ever if that is None.

        What it waits for others, or for a lock, is counted as waited (runtime.waited).
        """
        came, took, met = monotonic(), 0.0, None
        began = came
        try:
            while True:
                job = self.submit(function)
                if not self._wait(job, began, seconds) and (self._take_back(job) or not to_the_end):
                    raise met or StoreError(SILENT)
                job.wait()
                took += job.took
                error = job.error
                if not (isinstance(error, StoreError) and error.is_locked):
                    return job.result
                if met is None and self._counts_own_time:
                    began = monotonic()
                if seconds is not None and monotonic() + PAUSE > began + seconds:
                    raise error
                met = error
                gevent.sleep(PAUSE)
        finally:
            count_wait(monotonic() - came - took)

    def close(self, seconds: float | None = None) -> bool:
        """Close the connection, behind what is under way.

        False if that takes over `seconds`; then it is left as it is, for the end of the process.
        """
        if not self.submit(sqlite3.Connection.close).wait(seconds):
            return False
        self._pool.kill()
        return True

    def _wait(self, job: Job[Any], began: float, seconds: float | None) -> bool:
        """Wait until `job` has ended; False if that takes over `seconds`, counted from `began`."""
        if seconds is None:
            return job.wait()
        while (left := self._counting_from(began) + seconds - monotonic()) > 0:
            if job.wait(left):
                return True
        return job.wait(0.0)

    def _counting_from(self, began: float) -> float:
        return max(began, self._last_begun) if self._counts_own_time else began

    def suspend(self, seconds: float) -> bool:
        """Wait for the job that is under way, and begin no other one until `go_on`.

        False if that job takes over `seconds`.
        """
        self._is_suspended = True
        return self._current is None or self._current.wait(seconds)

    def go_on(self) -> None:
        """Begin what has waited meanwhile."""
        self._is_suspended = False
        self._begin_next()

    def _take_back(self, job: Job[Any]) -> bool:
        """Have a job of `run` not be done; False if it has begun."""
        if not job.cancel():
            return False
        # As a rule it is the first of them. While a disk hangs, nobody else takes them out.
        self._others.remove(job)
        return True

    def _begin_next(self) -> None:
        while (
            self._current is None
            and not self._is_suspended
            and (queue := self._urgent or self._others)
        ):
            job = queue.popleft()
            if not job.is_cancelled:
                job.has_begun, self._current, self._last_begun = True, job, monotonic()
                self._pool.spawn(job.carry_out, self.connection).rawlink(self._end_current)

    def _end_current(self, _: object) -> None:
        job, self._current = self._current, None
        if job:
            job.end()
        self._begin_next()
