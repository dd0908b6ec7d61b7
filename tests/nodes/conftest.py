"""Servers that share a Redis."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from gchat.store.redis import follower, joining, link
from tests.blackbox.server import Server
from tests.nodes.cluster import Node
from tests.nodes.proxy import Proxy
from tests.nodes.redis_server import KEEPS_NOTHING, Redis

sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

StartRedis = Callable[..., Redis]
StartNode = Callable[..., Node]
MakeProxy = Callable[[Redis], Proxy]


class Spare:
    """A Redis that keeps nothing, and has been up since the test before.

    The first server of a new one waits until that has been up for some seconds (joining.UP).
    """

    def __init__(self, make_folder: pytest.TempPathFactory) -> None:
        self._make_folder = make_folder
        self.redis = self._start()

    def take(self) -> Redis:
        """Have it, which nobody has used; there is another one from then on."""
        taken, self.redis = self.redis, self._start()
        return taken

    def _start(self) -> Redis:
        return Redis(self._make_folder.mktemp("redis"), *KEEPS_NOTHING)


@pytest.fixture(scope="session")
def spare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spare]:
    spare = Spare(tmp_path_factory)
    yield spare
    spare.redis.kill()


@pytest.fixture
def start_redis(tmp_path: Path, spare: Spare) -> Iterator[StartRedis]:
    """Starts the Redis of a test; by default one that keeps nothing."""
    started = list[Redis]()

    def start(*options: str) -> Redis:
        started.append(Redis(tmp_path, *options) if options else spare.take())
        return started[-1]

    yield start
    for redis in started:
        redis.kill()


@pytest.fixture
def start_node(tmp_path: Path) -> Iterator[StartNode]:
    """Starts servers, by name; at the end each must be in order, if it is there."""
    nodes = list[Node]()

    def start(name: str, url: str, mutant: str = "") -> Node:
        nodes.append(Node(tmp_path, name, url, mutant=mutant))
        return nodes[-1]

    yield start
    try:
        for node in nodes:
            if node.server.process.poll() is None:
                node.server.finish()
    finally:
        for node in nodes:
            node.dispose()


@pytest.fixture
def redis(start_redis: StartRedis) -> Redis:
    """One that keeps nothing."""
    return start_redis()


@pytest.fixture
def nodes(redis: Redis, start_node: StartNode) -> list[Node]:
    """Two that share it."""
    return [start_node(name, redis.url) for name in "ab"]


@pytest.fixture
def servers(nodes: list[Node]) -> list[Server]:
    """The programs of `nodes`."""
    return [node.server for node in nodes]


@pytest.fixture
def quick() -> Iterator[None]:
    """Nothing waits for what does not come."""
    with (
        patch.object(follower, "BLOCK", 1),
        patch.object(follower, "JOIN_PAUSE", 0.0),
        patch.object(link, "PAUSE", 0.0),
        patch.object(joining, "UP", 0),
    ):
        yield


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[MakeProxy]:
    """Makes ways to Redis that can be cut."""
    made = list[Proxy]()

    def make(redis: Redis) -> Proxy:
        made.append(Proxy(tmp_path / f"proxy{len(made)}.sock", redis.socket))
        return made[-1]

    yield make
    for each in made:
        each.close()
