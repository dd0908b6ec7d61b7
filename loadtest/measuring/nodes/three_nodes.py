"""deploy/nodes/three-nodes as it is measured: Redis with Sentinels, three servers, HAProxy."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from measuring.ports import free_ports

ROOT = Path(__file__).resolve().parents[3]

PORTS = 9
"""Ports that it takes, one behind the other."""

STOP_SECONDS = 20.0


class ThreeNodes:
    """The script, running, in `folder`. Raises RuntimeError if it does not start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_ports(PORTS)[0]
        """The port of HAProxy, which people join."""
        program = f"{sys.executable} {ROOT / 'gchat.py'} --rate 0"
        self._process = subprocess.Popen(
            [str(ROOT / "deploy" / "nodes" / "three-nodes"), str(folder)],
            env={**os.environ, "PORT": str(self.port), "GCHAT": program},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        if not self._process.stdout.readline().startswith("to join: "):
            self.close()
            raise RuntimeError("deploy/nodes/three-nodes does not start")

    def pid(self, name: str) -> int:
        """The process called `name`: a, b, c, redis1, redis2, sentinel6, haproxy."""
        return int((self._folder / f"{name}.pid").read_text())

    def log(self, name: str) -> str:
        """What the process called `name` has told."""
        return (self._folder / f"{name}.log").read_text()

    def kill(self, name: str) -> None:
        """End the process called `name` as a crash does."""
        os.kill(self.pid(name), signal.SIGKILL)

    def close(self) -> None:
        """End all of it."""
        self._process.terminate()
        self._process.wait(STOP_SECONDS)
        if self._process.stdout:
            self._process.stdout.close()


@contextmanager
def three_nodes() -> Iterator[ThreeNodes]:
    """Run it; it ends with the block."""
    with TemporaryDirectory() as name:
        nodes = ThreeNodes(Path(name))
        try:
            yield nodes
        finally:
            nodes.close()
