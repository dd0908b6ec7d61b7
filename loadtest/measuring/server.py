"""The server that is measured: a process of its own, on a core of its own."""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

PROGRAM = Path(__file__).resolve().parents[2] / "gchat.py"

START_SECONDS = 10.0
STOP_SECONDS = 10.0

MIB = 2**20

UNLIMITED = ("--rate", "0", "--max-per-address", "0", "--connect-rate", "0")
"""The server's own speed is measured, with all its clients at one address."""

_LISTENING = re.compile(r"to join: nc \S+ (\d+)$", re.MULTILINE)


def split_cores() -> tuple[int, int]:
    """The core for the server and the one for this process, which is bound to it."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    return cores[0], cores[-1]


class Server:
    """A running `gchat.py`, as a context manager; it is stopped at the end.

    `descriptors` is its limit on open files, this process's by default. Raises
    RuntimeError if it does not start.
    """

    def __init__(self, core: int, *options: str, descriptors: int | None = None) -> None:
        def prepare() -> None:
            os.sched_setaffinity(0, {core})
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        own = {name: value for name, value in os.environ.items() if not name.startswith("GCHAT_")}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the server
        self._child = subprocess.Popen(
            [sys.executable, str(PROGRAM), "--port", "0", *UNLIMITED, *options],
            stdin=subprocess.DEVNULL,
            stderr=self._log,
            env=own,
            preexec_fn=prepare,
        )
        self._process = psutil.Process(self._child.pid)
        try:
            self.port = self._wait_for_port()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """End it, by force if it does not end by itself; returns its exit status."""
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
        return self._child.wait()

    def log(self) -> str:
        """What it has logged so far."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def cpu(self) -> float:
        """Seconds of a core that it has used so far, in user mode and in the kernel."""
        times = self._process.cpu_times()
        return times.user + times.system

    def descriptors(self) -> int:
        """Descriptors that it has open."""
        return self._process.num_fds()

    def threads(self) -> int:
        """Threads of its process (greenlets are none)."""
        return self._process.num_threads()

    def rss(self) -> int:
        """Bytes of memory that it occupies now (kernel buffers of sockets are not among them)."""
        return self._process.memory_info().rss

    def forget_peak(self) -> None:
        """Let `peak` start anew. See proc(5), clear_refs."""
        Path(f"/proc/{self._child.pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        """The most that `rss` has been since `forget_peak`, however short the moment."""
        status = Path(f"/proc/{self._child.pid}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        if found is None:
            raise RuntimeError("the kernel does not tell a process's peak memory")
        return int(found[1]) * 1024

    def _wait_for_port(self) -> int:
        deadline = time.monotonic() + START_SECONDS
        while (found := _LISTENING.search(self.log())) is None:
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start; it logged: {self.log()!r}")
            time.sleep(0.01)
        return int(found[1])
