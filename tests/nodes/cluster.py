"""Several servers on one Redis, members who talk at each of them, and the verdict."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Protocol

from tests.blackbox.operators import OPERATORS
from tests.blackbox.server import Server
from tests.blackbox.waiting import DEADLINE, wait_until
from tests.checker.histories import Fault, History, Line, faults
from tests.fuzz.members import Member


class Node:
    """One server, which may be killed and started again with its file."""

    def __init__(self, folder: Path, name: str, url: str, *, mutant: str = "") -> None:
        """`mutant` is what is wrong with it (see mutant.py)."""
        self.name = name
        self._file = folder / f"{name}.db"
        self._options = ("--store", url, "--history", str(self._file), "--rate", "0")
        self._mutant = mutant
        self._earlier = list[Server]()
        self.server = self._start()

    def restart(self) -> None:
        """Start it again."""
        self._earlier.append(self.server)
        self.server = self._start()

    def kill(self) -> None:
        """End it as a crash does."""
        self.server.process.kill()
        self.server.process.wait()

    def dispose(self) -> None:
        """Give back what it uses."""
        for server in (*self._earlier, self.server):
            server.dispose()

    def count(self, table: str) -> int:
        """How many rows `table` of its file has."""
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as file:
            return int(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def has(self, text: str) -> bool:
        """Whether its file has a message with this text."""
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as file:
            found = file.execute("SELECT count(*) FROM messages WHERE text = ?", (text,))
            return bool(found.fetchone()[0])

    def _start(self) -> Server:
        server = Server(
            *self._options,
            module="tests.nodes.mutant" if self._mutant else "",
            environment=OPERATORS | ({"MUTANT": self._mutant} if self._mutant else {}),
            may_be_copy=True,
        )
        try:
            server.wait_until_it_listens()
        except BaseException:
            server.dispose()
            raise
        return server


def refusal(url: str, folder: Path) -> str:
    """What a server tells that does not start with the store at `url`: a line."""
    file = str(folder / "refused.db")
    line = [sys.executable, "gchat.py", "--port", "0", "--store", url, "--history", file]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert ended.returncode == 1
    return ended.stderr


class Store(Protocol):
    """What servers share."""

    def lines(self, room: str) -> list[Line]:
        """What was said in `room`."""


class Cluster:
    """Servers, and two members at each."""

    def __init__(self, redis: Store, nodes: list[Node], room: str = "lobby") -> None:
        self.redis = redis
        self.nodes = nodes
        self.room = room
        self.members = {
            f"{node.name}{number}": Member(node.server, f"{node.name}{number}", room)
            for node in nodes
            for number in (1, 2)
        }

    def say(self, count: int = 5, rounds: int = 1, *, but: str = "-") -> None:
        """All members say so many lines, but those of one server."""
        for _ in range(rounds):
            for name, member in self.members.items():
                if not name.startswith(but):
                    member.say(count)
            self.look(but=but)

    def look(self, *, but: str = "-") -> None:
        """All members take what has come."""
        for name, member in self.members.items():
            if not name.startswith(but):
                member.look()

    def settle(self, *, but: str = "-") -> None:
        """Wait until all that was said is answered."""
        for name, member in self.members.items():
            if not name.startswith(but):
                member.settle()

    def faults(self, lost: int = 0) -> list[Fault]:
        """Which promises were broken, when everybody has seen all; so many lines may be lost."""
        lines = self.redis.lines(self.room)
        witnesses = {name: member.witness for name, member in self.members.items()}
        return faults(History(witnesses, lines, lost))


def finish(cluster: Cluster, *, but: str = "-", lost: int = 0) -> None:
    """Wait until everybody has seen all that was said, and give the verdict.

    So many lines may be lost, which was told.
    """
    cluster.say(1, but=but)
    cluster.settle(but=but)
    total = len(cluster.redis.lines(cluster.room))
    end = cluster.redis.lines(cluster.room)[-1]

    def all_have_seen_the_end() -> bool:
        cluster.look(but=but)
        return all(
            name.startswith(but)
            or end.text in member.witness.sent
            or any(getattr(event, "text", "") == end.text for event in member.witness.shown[-50:])
            for name, member in cluster.members.items()
        )

    wait_until(all_have_seen_the_end, "everybody has seen all")
    for name, member in cluster.members.items():
        member.witness.reads_to_the_end = not name.startswith(but)
    assert total
    found = cluster.faults(lost)
    assert found == [], found
