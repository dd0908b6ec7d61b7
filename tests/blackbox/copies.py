"""Servers without the time that Python takes to load gchat: copies of a process that has done so.

Loading is four fifths of the processor time that most tests have a server use. A copy is a process
of its own, with its own options, variables and log, as a server that was started is one.
"""

import atexit
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from select import select

ROOT = Path(__file__).parents[2]


class Copy:
    """A server's process, with what `subprocess.Popen` has that tests use."""

    def __init__(self, options: Iterable[str], environment: dict[str, str], log: int) -> None:
        """`log` is a descriptor for standard output and standard error."""
        channel, _ = _loaded_program()
        request = json.dumps({"options": [*options], "environment": environment}).encode()
        ours, theirs = os.pipe()
        self._report = open(ours, "rb", buffering=0)  # noqa: SIM115 - closed when it has ended
        try:
            socket.send_fds(channel, [request], [log, theirs])
        finally:
            os.close(theirs)
        self.pid = int(self._report.readline())
        """The number of the process."""
        self.returncode: int | None = None
        """Its exit status, or minus the signal that killed it, once `poll` or `wait` know it."""

    def poll(self) -> int | None:
        """Its exit status, or None if it runs."""
        if self.returncode is None and select([self._report], [], [], 0)[0]:
            self._learn_status()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, for which this waits."""
        if self.returncode is None:
            if not select([self._report], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("gchat", timeout or 0.0)
            self._learn_status()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send it SIGTERM, if it runs."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send it SIGKILL, if it runs."""
        self.send_signal(signal.SIGKILL)

    def _learn_status(self) -> None:
        self.returncode = int(self._report.readline())
        self._report.close()


def can_be_copied() -> bool:
    """Whether a copy inherits just what a process that is started now would inherit."""
    return _loaded_program()[1] == _inherited()


@cache
def _loaded_program() -> tuple[socket.socket, object]:
    """Where requests go, and what the process that makes copies has inherited."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.blackbox.loaded_program", str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(_end, ours, process)
    return ours, _inherited()


def _end(channel: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    channel.close()
    process.wait()


def _inherited() -> object:
    mask = os.umask(0o077)
    os.umask(mask)
    limits = [resource.getrlimit(limit) for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)]
    return mask, limits, os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
