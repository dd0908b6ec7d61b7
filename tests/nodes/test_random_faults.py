"""Three servers on one Redis, to which anything happens at random, two things at a time."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from random import Random

import pytest

from tests.blackbox.waiting import wait_until
from tests.nodes.cluster import Cluster, Node, finish
from tests.nodes.conftest import MakeProxy, StartNode, StartRedis
from tests.nodes.proxy import Proxy
from tests.nodes.redis_server import KEEPS_ALL, Redis

BOUTS = 6
"""How often something happens in a run."""

ALWAYS = {2, 3, 23}
"""Seeds that .ci/run runs: each kind of fault is in them, and together they take the least time."""

SEEDS = [
    pytest.param(seed, marks=() if seed in ALWAYS else pytest.mark.variant) for seed in range(30)
]
"""Up to half a minute each. .ci/long runs all."""

Fault = Callable[[], AbstractContextManager[None]]


@contextmanager
def killed(redis: Redis) -> Iterator[None]:
    redis.kill()
    yield
    redis.start()


@contextmanager
def cut(way: Proxy) -> Iterator[None]:
    way.cut()
    yield
    way.mend()


@contextmanager
def slow(way: Proxy) -> Iterator[None]:
    way.delay = 0.03
    yield
    way.delay = 0


@contextmanager
def losing_answers(way: Proxy) -> Iterator[None]:
    way.late_news, way.loses = 0.2, 2
    yield
    way.late_news, way.loses = 0, 0


@contextmanager
def paused(node: Node) -> Iterator[None]:
    node.server.process.send_signal(signal.SIGSTOP)
    yield
    node.server.process.send_signal(signal.SIGCONT)


@contextmanager
def down(cluster: Cluster, node: Node) -> Iterator[None]:
    """A server is killed, and comes back; so do those who were there."""
    node.kill()
    yield
    node.restart()
    for name, member in cluster.members.items():
        if name.startswith(node.name):
            member.read_to_the_end()
            member.come_back(node.server)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_all_see_the_same_each_line_once(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy, seed: int
) -> None:
    random = Random(seed)
    redis = start_redis(*KEEPS_ALL)
    ways = [proxy(redis) for _ in "abc"]
    nodes = [start_node(name, way.url) for name, way in zip("abc", ways, strict=True)]
    cluster = Cluster(redis, nodes)
    for node in nodes:
        wait_until(lambda n=node: n.count("identities") == 2, "tokens are in its file")  # type: ignore[misc]
    for _ in range(BOUTS):
        victim = random.choice(nodes)
        with ExitStack() as happening:
            for fault in two_of(random, cluster, redis, random.choice(ways), victim):
                happening.enter_context(fault())
            is_gone = victim.server.process.poll() is not None
            cluster.say(5, rounds=random.randint(1, 8), but=victim.name if is_gone else "-")
        cluster.say(5, rounds=2)
    finish(cluster)


def two_of(random: Random, cluster: Cluster, redis: Redis, way: Proxy, victim: Node) -> list[Fault]:
    """Two faults of different kinds; that of a server first, since it starts with a store only."""
    kinds: list[list[Fault]] = [
        [partial(down, cluster, victim), partial(paused, victim)],
        [partial(killed, redis), redis.paused],
        [partial(cut, way), partial(slow, way), partial(losing_answers, way)],
    ]
    return [random.choice(kinds[index]) for index in sorted(random.sample(range(3), 2))]
