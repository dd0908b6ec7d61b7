"""Servers that share their rooms through a Redis of their own, as they are measured."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis
from child import Child

from measuring.server import Server

OPTIONS = ("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction")


class Redis(Child):
    """A running `redis-server` on a Unix socket in `folder`, as a context manager.

    It keeps nothing. Raises RuntimeError if it does not start.
    """

    def __init__(self, folder: Path, core: int) -> None:
        self._socket = folder / "redis.sock"
        where = "--port", "0", "--unixsocket", str(self._socket), "--dir", str(folder)
        super().__init__(["redis-server", *where, *OPTIONS], core)
        self.client: Any = redis.Redis(unix_socket_path=str(self._socket))
        self.wait_until_started("redis-server", self._answers)

    @property
    def url(self) -> str:
        """What servers are given as --store."""
        return f"unix://{self._socket}"

    def _answers(self) -> bool:
        with suppress(redis.RedisError):
            return bool(self.client.ping())
        return False


class Cluster:
    """Servers on `core`, which share a Redis on the core of this process.

    Their history files are in `folder`, and are theirs again when they are started once more.
    """

    def __init__(self, store: Redis, folder: Path, core: int) -> None:
        self.redis = store
        self.servers: list[Server] = []
        self._folder = folder
        self._core = core
        self._stack = ExitStack()

    def start(self, name: str, *options: str) -> Server:
        """Start the server with this name. Raises RuntimeError if it does not start."""
        shared = "--store", self.redis.url, "--history", str(self.file(name))
        server = self._stack.enter_context(Server(self._core, *shared, *options))
        self.servers.append(server)
        return server

    def stop(self, server: Server) -> None:
        """Stop one of the servers; what it has told can still be read."""
        server.stop()
        self.servers.remove(server)

    def file(self, name: str) -> Path:
        """The history file of the server with this name."""
        return self._folder / f"{name}.db"

    def close(self) -> None:
        """Stop all servers."""
        self._stack.close()


@contextmanager
def cluster(core: int, names: str = "", *options: str) -> Iterator[Cluster]:
    """A Redis, and a server on `core` for each letter of `names`; all end with the block."""
    own = max(os.sched_getaffinity(0))
    with TemporaryDirectory() as name, Redis(Path(name), own) as store:
        made = Cluster(store, Path(name), core)
        try:
            for letter in names:
                made.start(letter, *options)
            yield made
        finally:
            made.close()
