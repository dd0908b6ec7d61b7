"""What the history file of a server has of rooms that nobody has open there."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from unittest.mock import patch

import pytest

from gchat.model.message import Kind, Utterance
from gchat.model.room_log import Cursor
from gchat.store.base import Batch
from gchat.store.errors import StoreError
from gchat.store.redis import joining, keys
from gchat.store.redis.store import RedisStore
from gchat.store.sqlite.store import SqliteStore
from tests.nodes.redis_server import Redis

StartStore = Callable[[str], RedisStore]


@pytest.fixture
def start_store(redis: Redis, tmp_path: Path) -> Iterator[StartStore]:
    """Starts the store of a server, which may have had the file before."""
    with ExitStack() as stack, patch.object(joining, "UP", 0):

        def start(file: str) -> RedisStore:
            local = SqliteStore(str(tmp_path / f"{file}.db"))
            return stack.enter_context(closing(RedisStore(redis.url, local)))

        yield start


def say(store: RedisStore, room: str, *texts: str, end: int = 0, time: float = 1000.0) -> None:
    """Have the store of a server, which may have seen `end` messages, place `texts`."""
    said = Utterance(time, Kind.SAY, [*texts], 1, "ann")
    store.append([Batch(room, 0, Cursor(end, end), 0.0, [said])])


def in_file(store: RedisStore, room: str) -> list[str]:
    """What the file of a server has of `room`."""
    return [each.text for each in store.read(room, 0, 10**9, 1000, 10**6)]


def test_a_room_that_differs_keeps_no_other_one_from_being_caught_up_with(
    redis: Redis, start_store: StartStore, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = start_store("a"), start_store("b")
    for room in ("builds", "damaged", "zoo"):
        say(here, room, f"the first in {room}")
    there.catch_up()
    for room in ("builds", "damaged"):
        redis.client.delete(*redis.client.keys(f"gchat:1:{{{room}}}:*"))
    here = start_store("c")
    say(here, "builds", "another first", "and second", time=2000.0)
    redis.client.xadd(keys.log("damaged"), {"x": "no message"}, id="1-0")
    redis.client.hset(keys.meta("damaged"), mapping={"id": 2, "spoken": 2, "epoch": 1, "mark": 0})
    say(here, "zoo", "the second in zoo", end=1)
    for _ in range(2):
        there.catch_up()
    assert in_file(there, "zoo") == ["the first in zoo", "the second in zoo"]
    told = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert sorted(told) == [
        "cannot catch up with #builds: the history file has other messages of #builds than the "
        "store; start with another file",
        "cannot catch up with #damaged: it is damaged",
    ]
    with pytest.raises(StoreError, match="other messages of #builds"):
        there.open("builds")
