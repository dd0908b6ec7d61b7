"""A Redis of a test's own, with which anything may happen."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from gchat.store.redis.entries import read
from tests.blackbox.waiting import wait_until
from tests.checker.histories import Line

KEEPS_ALL = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
KEEPS_NOTHING = ("--appendonly", "no", "--save", "")


class Redis:
    """`redis-server` on a Unix socket in `folder`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = folder / "redis.sock"
        self._line = [
            "redis-server",
            *("--port", "0", "--unixsocket", str(self.socket)),
            *("--dir", str(folder), "--maxmemory-policy", "noeviction", *options),
        ]
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(self._line, stdout=subprocess.DEVNULL)
        self.client: Any = redis.Redis(unix_socket_path=str(self.socket))
        wait_until(self._answers, "Redis answers")

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have it do nothing meanwhile."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def lines(self, room: str) -> list[Line]:
        """What was said in `room`, as its stream has it."""
        return lines_in(self.client, room)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


def lines_in(client: Any, room: str) -> list[Line]:
    """What was said in `room`, as its stream has it in the Redis of `client`."""
    stream = client.xrange(f"gchat:1:{{{room}}}:log")
    rows = [read(room, _flat(raw)).row for raw in stream]
    return [Line(f"{row[8]:x}", row[0], row[7], row[2]) for row in rows if row[4] == "say"]


def _flat(raw: tuple[bytes, dict[bytes, bytes]]) -> list[Any]:
    number, fields = raw
    return [number, [each for pair in fields.items() for each in pair]]
