"""What servers give back to a Redis that has lost all, besides rooms; and where they read on."""

import json
from collections.abc import Iterator
from contextlib import closing
from time import monotonic
from unittest.mock import patch

import pytest

from gchat.store.errors import StoreError
from gchat.store.memory import MemoryStore
from gchat.store.redis import deletions, joining, keys
from gchat.store.redis.link import Link
from gchat.store.redis.starting import first_number, take_number
from gchat.store.shared import Informed, Letter
from tests.nodes.redis_server import Redis
from tests.nodes.store_parts import ROOM, Server, join

NAMES = ("5", "6")


pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def servers(redis: Redis) -> Iterator[list[Server]]:
    servers = [Server(redis.url, name) for name in NAMES]
    for server in servers:
        server.follower.known = NAMES
    join(redis, *servers)
    yield servers
    for server in servers:
        server.close()


class File(MemoryStore):
    """What a server knows of its earlier run."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.directory.first_number = first_number(str(last))
        self.noted = 0

    def note_number(self, number: int) -> None:
        self.noted = number

    def noted_number(self) -> int:
        return self.noted


def take(redis: Redis, last: int = 0) -> int:
    """The number of a server that had the number `last` when it ran before."""
    file = File(last)
    with closing(Link(redis.url)) as link:
        number = take_number(link, file, monotonic() + 10)  # type: ignore[arg-type]
    assert file.noted == first_number(number)
    return int(number)


def test_numbers_grow(redis: Redis) -> None:
    first = take(redis)
    assert [take(redis), take(redis, first + 10), take(redis)] == [
        first + 1,
        first + 11,
        first + 12,
    ]


def test_no_server_gets_the_number_of_one_that_runs(redis: Redis, servers: list[Server]) -> None:
    """Though Redis has lost which these are, and the file of the new one knows an older one."""
    redis.kill()
    redis.start()
    join(redis, *servers)
    assert take(redis, 5) == 7


def test_nor_that_of_one_that_others_know(redis: Redis, servers: list[Server]) -> None:
    """It is cut off, and not waited for."""
    redis.kill()
    redis.start()
    with patch.object(joining, "PATIENCE", 0):
        join(redis, servers[0])
    assert take(redis, 5) == 7


def test_news_and_letters_are_read_though_the_clock_of_redis_has_gone_back(
    redis: Redis, servers: list[Server]
) -> None:
    """Redis has lost all, and another machine's clock numbers the entries."""
    here, _ = servers
    tell(redis, "*", "before")
    assert read(here) == ["before letter", "before news"]
    redis.client.flushall()
    for server in servers:
        server.follower.join_again()
    join(redis, *servers)
    tell(redis, "5-0", "behind")
    assert read(here) == ["behind letter", "behind news"]
    assert read(here) == []


def test_what_was_told_is_not_told_again_though_redis_has_lost_the_last_of_it(
    redis: Redis, servers: list[Server]
) -> None:
    """And though another server had told it before this one came."""
    here, _ = servers
    tell(redis, "5-0", "first")
    with closing(Server(redis.url, "7")) as late:
        join(redis, late)
        tell(redis, "6-0", "second")
        assert len(read(here)) == 4
        assert read(late) == ["second news"]
        redis.client.xdel(keys.NEWS, "6-0")
        redis.client.execute_command("XSETID", keys.NEWS, "5-0")
        for server in (here, late):
            server.follower.join_again()
        join(redis, here, late)
        assert (read(here), read(late)) == ([], [])
        tell(redis, "7-0", "behind")
        assert read(here) == ["behind letter", "behind news"]
        assert read(late) == ["behind news"]


def test_nothing_that_was_told_is_lost_as_redis_goes_away_behind_it(
    redis: Redis, servers: list[Server]
) -> None:
    """It was read together with a room, of which something else is to be asked."""
    here, there = servers
    there.say(["secret", "behind"])
    there.send()
    there.link.call(*deletions.deleting(ROOM, [1]))
    tell(redis, "*", "before")
    link, call = here.follower._link, here.follower._link.call

    def fail(*command: bytes | str | float) -> object:
        if command[0] == "ZRANGEBYSCORE":
            raise StoreError("it has gone away")
        return call(*command)

    with patch.object(link, "call", fail), pytest.raises(StoreError, match="gone away"):
        here.follower.next({ROOM: 0})
    told = here.follower.next({ROOM: 0})
    assert [each.what for each in told if isinstance(each, Informed)] == ["before news"]
    assert [each.what for each in told if isinstance(each, Letter)] == ["before letter"]


def tell(redis: Redis, number: str, text: str) -> None:
    told = json.dumps(["6", "kind", f"{text} news"])
    sent = json.dumps(["6", "kind", f"{text} letter"])
    redis.client.xadd(keys.NEWS, {"told": told}, number)
    redis.client.xadd(keys.inbox("5"), {"letter": sent}, number)


def read(server: Server) -> list[str]:
    found = [each for _ in range(2) for each in server.follower.next({})]
    assert all(isinstance(each, Informed | Letter) for each in found)
    return sorted(each.what for each in found)  # type: ignore[union-attr]
