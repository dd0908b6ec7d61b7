"""A Redis with a replica, and three Sentinels that watch over them, with a password."""

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from measuring.ports import free_ports

from tests.blackbox.waiting import wait_until
from tests.checker.histories import Line
from tests.nodes.redis_server import lines_in

NAME = "chat"

CONFIGURATION = """\
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {name} 127.0.0.1 {master} 2
sentinel down-after-milliseconds {name} 500
sentinel failover-timeout {name} 3000
requirepass {password}
sentinel sentinel-pass {password}
"""

PASSWORD = "of-the-sentinels"


class Watched:
    """Redis on two ports of 127.0.0.1, one after the other; members ask the Sentinels for it."""

    def __init__(self, folder: Path) -> None:
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._folder = folder
        first, second, *self._sentinels = free_ports(5)
        try:
            self._start(first, second)
        except BaseException:
            self.dispose()
            raise

    def _start(self, first: int, second: int) -> None:
        self._start_redis(first)
        self._start_redis(second, "--replicaof", "127.0.0.1", str(first))
        wait_until(lambda: self._info(second)["master_link_status"] == "up", "it is a replica")
        for port in self._sentinels:
            self._start_sentinel(port, first)
        wait_until(
            lambda: all(map(self._knows_others, self._sentinels)), "the Sentinels know each other"
        )

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._sentinels)
        return f"redis+sentinel://{hosts}/{NAME}?sentinel_password={PASSWORD}"

    @property
    def master(self) -> int:
        """The port of the one that is it now, as the first Sentinel knows it."""
        sentinel: Any = redis.Redis(port=self._sentinels[0], password=PASSWORD)
        return int(sentinel.sentinel_get_master_addr_by_name(NAME)[1])

    @property
    def client(self) -> Any:
        """A connection to the one that is it now."""
        return redis.Redis(port=self.master)

    def lines(self, room: str) -> list[Line]:
        """What was said in `room`, as its stream has it."""
        return lines_in(self.client, room)

    def kill_master(self) -> None:
        """End it as a crash does, and wait until the other one has taken its place."""
        before = self.master
        self._processes[before].kill()
        self._processes[before].wait()
        wait_until(lambda: self.master != before, "the Sentinels have chosen another one")

    def dispose(self) -> None:
        """End all."""
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _start_redis(self, port: int, *options: str) -> None:
        folder = self._folder / str(port)
        folder.mkdir()
        keeps_nothing = "--save", "", "--repl-diskless-sync-delay", "0"
        where = "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)
        self._run(port, *where, *keeps_nothing, *options)

    def _start_sentinel(self, port: int, master: int) -> None:
        file = self._folder / f"sentinel{port}.conf"
        file.write_text(
            CONFIGURATION.format(
                port=port, folder=self._folder, name=NAME, master=master, password=PASSWORD
            )
        )
        self._run(port, str(file), "--sentinel")

    def _run(self, port: int, *options: str) -> None:
        line = ["redis-server", *options]
        self._processes[port] = subprocess.Popen(line, stdout=subprocess.DEVNULL)
        wait_until(lambda: self._answers(port), "it answers")

    def _answers(self, port: int) -> bool:
        password = PASSWORD if port in self._sentinels else None
        with suppress(redis.RedisError):
            return bool(redis.Redis(port=port, password=password).ping())
        return False

    def _info(self, port: int) -> dict[str, Any]:
        client: Any = redis.Redis(port=port)
        found: dict[str, Any] = client.info("replication")
        return found

    def _knows_others(self, port: int) -> bool:
        sentinel: Any = redis.Redis(port=port, password=PASSWORD)
        facts = sentinel.sentinel_master(NAME)
        return (facts["num-other-sentinels"], facts["num-slaves"]) == (2, 1)
