"""Several servers with the same rooms: everybody sees the same, each line once, whatever breaks."""

import pytest

from gchat.store.redis import keys
from tests.blackbox.waiting import wait_until
from tests.checker.histories import lines_of
from tests.nodes.cluster import Cluster, finish
from tests.nodes.conftest import MakeProxy, StartNode, StartRedis
from tests.nodes.redis_server import KEEPS_ALL, KEEPS_NOTHING


@pytest.mark.parametrize("count", [2, 3])
def test_all_see_the_same(start_redis: StartRedis, start_node: StartNode, count: int) -> None:
    redis = start_redis()
    cluster = Cluster(redis, [start_node(name, redis.url) for name in "abc"[:count]])
    cluster.say(5, rounds=20)
    finish(cluster)


@pytest.mark.parametrize("keeps", [KEEPS_ALL, KEEPS_NOTHING], ids=["keeps all", "keeps nothing"])
def test_redis_is_killed(
    start_redis: StartRedis, start_node: StartNode, keeps: tuple[str, ...]
) -> None:
    redis = start_redis(*keeps)
    cluster = Cluster(redis, [start_node(name, redis.url) for name in "abc"])
    for _ in range(3):
        cluster.say(5, rounds=5)
        redis.kill()
        cluster.say(5)
        redis.start()
        cluster.say(5, rounds=5)
        cluster.settle()
    finish(cluster)


def test_servers_have_many_rooms(start_redis: StartRedis, start_node: StartNode) -> None:
    """They are told which room has something new, also by a Redis that was killed meanwhile."""
    redis = start_redis()
    nodes = [start_node(name, redis.url, "many rooms") for name in "ab"]
    cluster = Cluster(redis, [*nodes, start_node("c", redis.url)])
    cluster.say(5, rounds=5)
    redis.kill()
    cluster.say(5)
    redis.start()
    cluster.say(5, rounds=5)
    finish(cluster)


def test_redis_is_emptied(start_redis: StartRedis, start_node: StartNode) -> None:
    """By hand, say: it is the same run of it, which knows nothing any more."""
    redis = start_redis()
    cluster = Cluster(redis, [start_node(name, redis.url) for name in "ab"])
    cluster.say(5, rounds=5)
    cluster.settle()
    redis.client.flushall()
    cluster.say(5, rounds=5)
    finish(cluster)


def test_redis_is_paused(start_redis: StartRedis, start_node: StartNode) -> None:
    redis = start_redis()
    cluster = Cluster(redis, [start_node(name, redis.url) for name in "ab"])
    cluster.say(5, rounds=5)
    with redis.paused():
        cluster.say(20)
        for node in cluster.nodes:
            node.server.expect_log("The store has not been usable")
    cluster.say(5, rounds=5)
    finish(cluster)


def lose_answers(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy, times: int, mutant: str = ""
) -> None:
    """Have answers of Redis be lost, and servers ask again before they see what was done."""
    redis = start_redis()
    ways = [proxy(redis) for _ in "ab"]
    nodes = [start_node(name, way.url, mutant) for name, way in zip("ab", ways, strict=True)]
    cluster = Cluster(redis, nodes)
    for _ in range(times):
        for way in ways:
            way.late_news, way.loses = 0.4, 1
        cluster.say(2)
        wait_until(lambda: not any(way.loses for way in ways), "an answer is lost")
        cluster.settle()
    for way in ways:
        way.late_news = 0
    finish(cluster)


def test_answers_are_lost(start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy) -> None:
    lose_answers(start_redis, start_node, proxy, 5)


def test_without_numbers_of_batches_lines_are_said_twice(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    with pytest.raises(AssertionError, match="repeated"):
        lose_answers(start_redis, start_node, proxy, 5, "no batch number")


def test_a_server_is_cut_off(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    redis = start_redis()
    way = proxy(redis)
    cluster = Cluster(redis, [start_node("a", way.url), start_node("b", redis.url)])
    cluster.say(5, rounds=5)
    way.cut()
    cluster.say(5, rounds=5)
    cluster.settle(but="a")
    way.mend()
    cluster.say(5, rounds=5)
    finish(cluster)


def lose_all_while_a_server_is_cut_off(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy, mutant: str = ""
) -> Cluster:
    """One server alone has seen the end of the room when Redis loses all; and it is cut off."""
    redis = start_redis()
    ways = [proxy(redis) for _ in "ab"]
    nodes = [start_node(name, way.url, mutant) for name, way in zip("ab", ways, strict=True)]
    cluster = Cluster(redis, nodes)
    cluster.say(5, rounds=5)
    cluster.settle()
    members = cluster.members.values()
    wait_until(lambda: all(len(each.people()) == 4 for each in members), "both know each other")
    ways[1].cut()
    cluster.say(5, rounds=2, but="b")
    cluster.settle(but="b")
    ways[0].cut()
    redis.kill()
    redis.start()
    ways[1].mend()
    cluster.say(2, rounds=2, but="a")

    def waits_or_goes_on_alone() -> bool:
        cluster.look(but="a")
        answered = not any(cluster.members[name].unanswered for name in ("b1", "b2"))
        return answered or bool(redis.client.exists(keys.JOINED))

    wait_until(waits_or_goes_on_alone, "the other one waits for it, or goes on alone")
    ways[0].mend()
    return cluster


def test_redis_loses_all_while_a_server_is_cut_off(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    """The others wait for it, so nothing of what it has shown is lost."""
    finish(lose_all_while_a_server_is_cut_off(start_redis, start_node, proxy))


def test_without_the_gate_lines_are_lost(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    cluster = lose_all_while_a_server_is_cut_off(start_redis, start_node, proxy, "no gate")
    cluster.nodes[0].server.expect_log("20 messages of this server are lost")


def lose_a_server_with_what_it_said(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy, mutant: str = ""
) -> Cluster:
    """Kill a server that has not reached Redis with what its members said last."""
    redis = start_redis()
    way = proxy(redis)
    cluster = Cluster(redis, [start_node("a", way.url, mutant), start_node("b", redis.url)])
    cluster.say(5, rounds=2)
    cluster.settle()
    way.cut()
    cluster.say(5)
    cluster.nodes[0].server.expect_log("The store has not been usable")
    cluster.look()
    cluster.nodes[0].kill()
    return cluster


def test_nobody_is_shown_what_is_not_in_redis(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    finish(lose_a_server_with_what_it_said(start_redis, start_node, proxy), but="a")


def test_with_a_release_before_messages_are_placed_what_was_shown_is_lost(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    cluster = lose_a_server_with_what_it_said(start_redis, start_node, proxy, "released at once")
    with pytest.raises(AssertionError, match="not stored"):
        finish(cluster, but="a")


def test_redis_is_full(start_redis: StartRedis, start_node: StartNode) -> None:
    redis = start_redis()
    cluster = Cluster(redis, [start_node(name, redis.url) for name in "ab"])
    cluster.say(5, rounds=5)
    cluster.settle()
    redis.client.config_set("maxmemory", 1)
    cluster.say(5, rounds=2)
    for node in cluster.nodes:
        node.server.expect_log("it is full")
    redis.client.config_set("maxmemory", 0)
    finish(cluster)


def test_all_is_late(start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy) -> None:
    redis = start_redis()
    ways = [proxy(redis) for _ in "ab"]
    nodes = [start_node(name, way.url) for name, way in zip("ab", ways, strict=True)]
    cluster = Cluster(redis, nodes)
    for way in ways:
        way.delay = 0.05
    cluster.say(5, rounds=10)
    cluster.settle()
    for way in ways:
        way.delay = 0
    finish(cluster)


def test_a_server_is_killed(start_redis: StartRedis, start_node: StartNode) -> None:
    redis = start_redis()
    cluster = Cluster(redis, [start_node(name, redis.url) for name in "abc"])
    cluster.say(5, rounds=5)
    cluster.settle()
    victim = cluster.nodes[0]
    wait_until(lambda: victim.count("identities") == 2, "its tokens are in the file")
    cluster.say(5, rounds=3)
    victim.kill()
    cluster.say(5, rounds=3, but="a")
    cluster.settle(but="a")
    victim.restart()
    for name, member in cluster.members.items():
        if name.startswith("a"):
            member.read_to_the_end()
            member.come_back(victim.server)
    finish(cluster)


def fork(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy, mutant: str
) -> tuple[Cluster, int]:
    """What one server has shown is lost, and others have gone on without it, which did not wait.

    Returns how many lines that are.
    """
    redis = start_redis()
    ways = [proxy(redis) for _ in "ab"]
    nodes = [start_node(name, way.url, mutant) for name, way in zip("ab", ways, strict=True)]
    cluster = Cluster(redis, nodes)
    cluster.say(5, rounds=5)
    cluster.settle()
    wait_until(lambda: nodes[1].count("identities") == 2, "its tokens are in the file")
    ways[1].cut()
    cluster.say(5, rounds=2, but="b")
    cluster.settle(but="b")
    ways[0].cut()
    redis.kill()
    redis.start()
    ways[1].mend()
    cluster.say(5, rounds=4, but="a")
    cluster.settle(but="a")
    ways[0].mend()
    return cluster, 20


def test_clients_are_told_of_what_was_lost_in_a_fork(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    cluster, lost = fork(start_redis, start_node, proxy, "impatient")
    node = cluster.nodes[0]
    node.server.expect_log(f"{lost} messages of this server are lost")
    for name in ("a1", "a2"):
        member = cluster.members[name]
        member.read_to_the_end()
        member.come_back(node.server)
        assert member.gaps, "it was told that it may have missed something"
    finish(cluster, lost=lost)


def test_without_marks_a_fork_is_not_noticed(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    cluster, lost = fork(start_redis, start_node, proxy, "impatient, no mark")
    finish(cluster, lost=lost)  # ids alone are in order
    member = cluster.members["a1"]
    shown = {line.text for line in lines_of(member.witness.shown)} | {*member.witness.sent}
    missed = [line for line in cluster.redis.lines("lobby") if line.text not in shown]
    assert len(missed) == lost
    assert not member.gaps, "nobody has told it"
