"""A server that runs: its process, on a core of its own, and what it has used so far."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from types import TracebackType
from typing import NamedTuple, Self

import psutil

from benchmark.servers import Server

START_SECONDS = 20.0
STOP_SECONDS = 10.0


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


def own_cpu() -> float:
    """Seconds of a core that this process has used."""
    return time.process_time()


class Process:
    """`server`, running on `core`, as a context manager. Raises RuntimeError if it does not run."""

    def __init__(self, server: Server, core: int) -> None:
        self._directory = TemporaryDirectory()
        self._output = TemporaryFile()  # noqa: SIM115 - as long as the server
        self.port = _free_port()
        self._child = subprocess.Popen(
            server.command(self.port, Path(self._directory.name)),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env={**_environment(), **server.environment},
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        self._process = psutil.Process(self._child.pid)
        try:
            self._wait_until_it_listens(server.name)
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

    def stop(self) -> None:
        """End it, by force if it does not end by itself."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._child.wait()
        self._output.close()
        self._directory.cleanup()

    def cpu(self) -> Cpu:
        """What it has used so far, to a hundredth of a second."""
        times = self._process.cpu_times()
        return Cpu(times.user, times.system)

    def memory(self) -> int:
        """Bytes that it occupies (what the kernel holds for its sockets is not among them)."""
        return self._process.memory_info().rss

    def descriptors(self) -> int:
        """How many it has open."""
        return self._process.num_fds()

    def _wait_until_it_listens(self, name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._child.poll() is not None or time.monotonic() > deadline:
                self._output.seek(0)
                text = self._output.read().decode(errors="replace")
                raise RuntimeError(f"{name} does not start; it says: {text.strip()}")
            time.sleep(0.02)

    def _listens(self) -> bool:
        # Without connecting: a client that leaves again is none of the measurement.
        return any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == self.port
            for connection in self._process.net_connections("tcp4")
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GCHAT_")}
