"""Bans and mutes in Redis: dropped when they have expired, bounded, given back."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_network
from unittest.mock import patch

import pytest

from gchat.model.sanctions import Sanction
from gchat.store.errors import StoreError
from gchat.store.memory import MemoryStore
from gchat.store.redis import sanctions
from gchat.store.redis.keys import SANCTIONS, SANCTIONS_ENDS
from gchat.store.redis.link import Link
from gchat.store.redis.sanctions import SharedSanctions
from tests.nodes.conftest import StartRedis
from tests.nodes.redis_server import Redis

FIRST, SECOND, THIRD = (ip_network(f"10.0.0.{number}") for number in (1, 2, 3))
FOR_EVER = Sanction("ann", "flooding")


@pytest.fixture
def redis(start_redis: StartRedis) -> Redis:
    return start_redis()


@pytest.fixture
def links(redis: Redis) -> Iterator[list[Link]]:
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Link(redis.url))) for _ in range(2)]


@pytest.fixture
def both(links: list[Link]) -> list[SharedSanctions]:
    return [SharedSanctions(link, MemoryStore().directory) for link in links]


def kept(redis: Redis) -> set[str]:
    return {field.decode() for field in redis.client.hkeys(SANCTIONS)}


def test_other_servers_learn_of_them_in_their_order(both: list[SharedSanctions]) -> None:
    here, there = both
    assert there.read_new() is None
    for network in (SECOND, FIRST):
        here.impose("ban", network, FOR_EVER)
    here.impose("mute", THIRD, FOR_EVER)
    held = there.read_new()
    assert held is not None
    assert [*held["ban"]] == [SECOND, FIRST]
    assert held["mute"] == {THIRD: FOR_EVER}
    here.impose("ban", SECOND, None)
    assert (there.read_new() or {})["ban"] == {FIRST: FOR_EVER}
    assert there.read_new() is None
    assert there.of("ban") == {FIRST: FOR_EVER}


def test_those_that_have_expired_go_with_the_next_change(
    redis: Redis, both: list[SharedSanctions]
) -> None:
    here, there = both
    now = time.time()
    here.impose("ban", FIRST, Sanction("ann", until=now - 1))
    here.impose("mute", FIRST, Sanction("ann", until=now + 1000))
    assert (there.read_new() or {})["ban"] == {}
    there.impose("ban", SECOND, FOR_EVER)
    assert kept(redis) == {f"mute {FIRST}", f"ban {SECOND}"}
    here.impose("mute", FIRST, FOR_EVER)
    here.impose("mute", SECOND, Sanction("ann", until=now + 1000))
    here.impose("mute", SECOND, None)
    assert redis.client.zcard(SANCTIONS_ENDS) == 0


def test_they_are_bounded_but_can_be_changed_and_lifted(both: list[SharedSanctions]) -> None:
    here, _ = both
    with patch.object(sanctions, "LIMIT", 2):
        here.impose("ban", FIRST, FOR_EVER)
        here.impose("mute", FIRST, FOR_EVER)
        with pytest.raises(StoreError, match="no more than 2 bans and mutes"):
            here.impose("ban", SECOND, FOR_EVER)
        here.impose("ban", FIRST, Sanction("bob"))
        here.impose("mute", FIRST, None)
        here.impose("ban", SECOND, FOR_EVER)


def test_what_redis_has_lost_is_given_back_once(redis: Redis, both: list[SharedSanctions]) -> None:
    here, there = both
    here.impose("ban", FIRST, Sanction("ann", until=time.time() + 1000))
    here.impose("mute", FIRST, FOR_EVER)
    for server in both:
        server.read_new()
    redis.client.flushall()
    there.impose("ban", SECOND, FOR_EVER)
    assert kept(redis) == {f"ban {FIRST}", f"mute {FIRST}", f"ban {SECOND}"}
    assert redis.client.zcard(SANCTIONS_ENDS) == 1
    held = here.read_new()
    assert held is not None
    assert {*held["ban"]} == {FIRST, SECOND}


def test_only_what_is_new_is_decoded(both: list[SharedSanctions]) -> None:
    here, there = both
    here.impose("ban", FIRST, FOR_EVER)
    there.read_new()
    here.impose("ban", SECOND, FOR_EVER)
    with patch.object(sanctions, "_decode", wraps=sanctions._decode) as decode:
        there.read_new()
    assert decode.call_count == 1
