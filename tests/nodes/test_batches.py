"""Batches of a server that it has not seen placed, whatever became of them meanwhile."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from gchat.store.redis import follower, outbox
from gchat.store.redis.keys import batch, log
from tests.nodes.redis_server import Redis
from tests.nodes.store_parts import NAMES, ROOM, Server, join

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def servers(redis: Redis) -> Iterator[list[Server]]:
    servers = [Server(redis.url, name) for name in NAMES[:2]]
    for server in servers:
        server.follower.known = NAMES[:2]
    join(redis, *servers)
    yield servers
    for server in servers:
        server.close()


def say(server: Server, *texts: str) -> None:
    server.say([*texts])
    server.send()


def placed(redis: Redis) -> list[str]:
    return [line.text for line in redis.lines(ROOM)]


@pytest.mark.parametrize("kept", [0, 2, 3, 6], ids=["none", "half", "one part", "all"])
def test_what_was_trimmed_before_its_server_has_seen_it_is_settled(
    redis: Redis, servers: list[Server], kept: int
) -> None:
    here, there = servers
    say(there, "before")
    there.follow()
    here.follow()
    here.say(["a", "b", "c"])
    here.say(["d", "e", "f"])
    here.send()
    say(there, "behind")
    redis.client.xtrim(log(ROOM), maxlen=kept + 1, approximate=False)
    here.follow()
    assert not here.pending
    shown = [text for _, text in here.log if text]
    assert [*here.skipped, *shown[1:]] == ["a", "b", "c", "d", "e", "f", "behind"]
    assert len(here.skipped) == 6 - kept
    here.say(["g"])
    here.send()
    here.follow()
    assert here.log[-1] == (9, "g")


def test_what_another_server_has_given_back_is_not_placed_again(
    redis: Redis, servers: list[Server]
) -> None:
    here, there = servers
    say(here, "a", "b")
    there.follow()
    redis.kill()
    redis.start()
    join(redis, there, here)
    here.send()
    here.follow()
    assert not here.pending
    assert placed(redis) == ["a", "b"]


def test_what_was_lost_in_the_middle_of_a_batch_is_said_behind_the_rest(
    redis: Redis, servers: list[Server]
) -> None:
    """Another server has read the first part of it only, when Redis lost all."""
    here, there = servers
    here.say(["a", "b"])
    here.say(["c", "d", "e"])
    here.send()
    with patch.object(follower, "COUNT", 3):
        there.follow()
    redis.kill()
    redis.start()
    join(redis, there, here)
    for _ in range(3):
        here.send()
        here.follow()
    assert not here.pending
    assert placed(redis) == ["a", "b", "c", "d", "e"]


def test_a_batch_that_was_not_placed_is_not_taken_for_one_that_was_trimmed(
    redis: Redis, servers: list[Server]
) -> None:
    here, there = servers
    here.say(["mine"])
    here.send(0)
    for number in range(5):
        say(there, str(number))
        there.follow()
    redis.client.xtrim(log(ROOM), maxlen=1, approximate=False)
    here.follow()
    assert here.pending
    assert not redis.client.exists(batch(ROOM, here.name))
    here.send()
    here.follow()
    assert placed(redis) == ["4", "mine"]


def test_a_stream_is_bounded_by_its_bytes(redis: Redis, servers: list[Server]) -> None:
    here, there = servers
    with patch.object(outbox, "BOUNDS", (outbox.LENGTH, 2**20)):
        for number in range(60):
            say(here, *[f"{number} {'x' * 50_000}"] * 2)
            here.follow()
    kept = placed(redis)
    assert redis.client.memory_usage(log(ROOM)) < 1.3 * 2**20
    assert 10 < len(kept) < 30
    assert kept[-1].startswith("59 ")
    there.follow()
    assert [text for _, text in there.log if text] == kept
    assert there.end == 120


def test_batches_are_bounded_by_what_a_stream_keeps() -> None:
    """Or the beginning of one might be trimmed while its end is added."""
    assert outbox.MOST_AT_ONCE < outbox.LENGTH
