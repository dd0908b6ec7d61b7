"""A server of the benchmark that runs."""

import socket
import time
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from child import Child

from benchmark.servers import Server

REST = 0.02
"""Seconds that a server is looked at. The kernel tells its CPU time in steps of half of that."""

ASLEEP = {"S", "I"}
"""What proc(5) calls threads that wait for something to happen, which no file is read for."""


def own_cpu() -> float:
    """Seconds of a core that this process has used."""
    return time.process_time()


class Process(Child):
    """`server`, running on `core`, or on several, as a context manager.

    Raises RuntimeError if it does not run.
    """

    def __init__(self, server: Server, core: int | Collection[int]) -> None:
        self._directory = TemporaryDirectory()
        self.port = _free_port()
        command = server.command(self.port, Path(self._directory.name))
        super().__init__(command, core, server.environment)
        self.wait_until_started(server.name, self._listens)

    def close(self) -> None:
        """The same, and its files are removed."""
        super().close()
        self._directory.cleanup()

    def rests(self) -> bool:
        """Whether it does next to nothing, which takes REST seconds to see.

        On a machine that is busy it may have much to do, and get no core for it.
        """
        before = self.cpu()
        time.sleep(REST)
        return self.cpu().since(before).total == 0 and self.thread_states() <= ASLEEP

    def _listens(self) -> bool:
        # Without connecting: a client that leaves again is none of the measurement.
        return any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == self.port
            for connection in self.process.net_connections("tcp4")
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
