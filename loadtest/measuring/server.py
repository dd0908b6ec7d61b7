"""gchat as it is measured, and what else there is to know about its process."""

import re
import resource
import sys
from collections.abc import Collection
from pathlib import Path

from child import Child

PROGRAM = Path(__file__).resolve().parents[2] / "gchat.py"

MIB = 2**20

UNLIMITED = ("--rate", "0", "--max-per-address", "0", "--connect-rate", "0")
"""The server's own speed is measured, with all its clients at one address."""

_LISTENING = re.compile(r"to join: nc \S+ (\d+)$", re.MULTILINE)


class Server(Child):
    """A running `gchat.py`, as a context manager; it is stopped at the end.

    `descriptors` is its limit on open files once it has started, this process's by default: it
    would lower its limit on clients by one that it starts with. Raises RuntimeError if it does
    not start.
    """

    def __init__(
        self, core: int | Collection[int], *options: str, descriptors: int | None = None
    ) -> None:
        command = [sys.executable, str(PROGRAM), "--port", "0", *UNLIMITED, *options]
        super().__init__(command, core)
        self.port = 0
        self.wait_until_started("gchat.py", self._finds_port)
        if descriptors is not None:
            limits = (descriptors, descriptors)
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, limits)

    def threads(self) -> int:
        """Threads of its process (greenlets are none)."""
        return self.process.num_threads()

    def cpu_time(self) -> float:
        """Seconds for which its threads have run: exact, where `cpu` counts hundredths."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def forget_peak(self) -> None:
        """Let `peak` start anew. See proc(5), clear_refs."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        """The most that `rss` has been since `forget_peak`, however short the moment."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        if found is None:
            raise RuntimeError("the kernel does not tell a process's peak memory")
        return int(found[1]) * 1024

    def _finds_port(self) -> bool:
        if found := _LISTENING.search(self.output()):
            self.port = int(found[1])
        return bool(found)
