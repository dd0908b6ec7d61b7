"""A server as a process of its own, on a core of its own, and what it has used so far."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import NamedTuple, Self

import psutil

START_SECONDS = 20.0
STOP_SECONDS = 10.0

POLL = 0.01
"""Seconds between two looks whether it has started."""

PR_SET_PDEATHSIG = 1
"""See prctl(2)."""

_libc = ctypes.CDLL(None)


class Cpu(NamedTuple):
    """Seconds of a core."""

    user: float
    system: float

    @property
    def total(self) -> float:
        """Both."""
        return self.user + self.system

    def since(self, before: "Cpu") -> "Cpu":
        """What was used between the two."""
        return Cpu(self.user - before.user, self.system - before.system)


def run_delay(process: int) -> float:
    """Seconds that the main thread of a process has waited for a core. See proc(5), schedstat."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9


def split_cores() -> tuple[int, int]:
    """The core for the server and the one for this process, which is bound to it."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    return cores[0], cores[-1]


class Child:
    """Runs `command` on `core`, or on several, as a context manager.

    It is stopped at the end, or with us. Options of gchat's in our own environment are not handed
    on.
    """

    def __init__(
        self,
        command: Sequence[str],
        core: int | Collection[int],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        def begin() -> None:
            os.sched_setaffinity(0, {core} if isinstance(core, int) else core)
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

        own = {name: value for name, value in os.environ.items() if not name.startswith("GCHAT_")}
        self._output = TemporaryFile()  # noqa: SIM115 - as long as the server
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env={**own, **(environment or {})},
            preexec_fn=begin,
        )
        self.process = psutil.Process(self._child.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def wait_until_started(self, name: str, has_started: Callable[[], bool]) -> None:
        """Return when `has_started`. Raises RuntimeError, with what it says, if it does not."""
        deadline = time.monotonic() + START_SECONDS
        try:
            while self._child.poll() is None and time.monotonic() < deadline:
                with suppress(psutil.Error):  # it may end while it is asked
                    if has_started():
                        return
                time.sleep(POLL)
            raise RuntimeError(f"{name} does not start; it says: {self.output().strip()}")
        except BaseException:
            self.close()
            raise

    def stop(self) -> int:
        """End it, by force if it does not end by itself; returns its exit status."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
        return self._child.wait()

    def close(self) -> None:
        """End it, and give up what it has written."""
        self.stop()
        self._output.close()

    def output(self) -> str:
        """What it has written so far to standard output and standard error."""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode(errors="replace")

    def cpu(self) -> Cpu:
        """What it has used so far, to a hundredth of a second."""
        times = self.process.cpu_times()
        return Cpu(times.user, times.system)

    def waited(self) -> float:
        """Seconds that it was ready to run and had to wait for a core, which others used."""
        return run_delay(self.process.pid)

    def thread_states(self) -> set[str]:
        """The letters that its threads' states have in proc(5)."""
        states = set()
        for stat in Path(f"/proc/{self.process.pid}/task").glob("*/stat"):
            with suppress(FileNotFoundError):  # it has ended meanwhile
                states.add(stat.read_text().rpartition(") ")[2][0])
        return states

    def rss(self) -> int:
        """Bytes of memory that it occupies now (kernel buffers of sockets are not among them)."""
        return self.process.memory_info().rss

    def descriptors(self) -> int:
        """Descriptors that it has open."""
        return self.process.num_fds()
