"""The store as a whole, without a hub."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest

from gchat.model.message import Kind, Utterance
from gchat.model.peers import Peer
from gchat.model.room_log import Cursor
from gchat.store.base import Batch
from gchat.store.redis import joining
from gchat.store.redis.store import RedisStore
from gchat.store.shared import Arrived
from gchat.store.sqlite.store import SqliteStore
from tests.nodes.conftest import StartRedis

ANN = Peer(1, "ann", ["lobby"], True, False, None)


@pytest.fixture
def store(start_redis: StartRedis, tmp_path: Path) -> Iterator[RedisStore]:
    local = SqliteStore(str(tmp_path / "chat.db"))
    with patch.object(joining, "UP", 0), closing(RedisStore(start_redis().url, local)) as store:
        yield store


def test_what_clients_ask_for_delays_no_message_and_no_lease(store: RedisStore) -> None:
    """Each of them waits for Redis, one after the other: they may be hundreds."""
    opened = store.open("lobby")
    said = Utterance(1000.0, Kind.SAY, ["hello"], 1, "ann")
    with store._link._lock:  # as long as somebody waits for an answer
        store.append([Batch("lobby", opened.epoch, Cursor(0, 0), 0.0, [said])])
        assert not store.renew([ANN]).was_given_up
    (news,) = store.follow({"lobby": 0})
    assert isinstance(news, Arrived)


def test_names_are_claimed_again_though_that_failed_at_first(store: RedisStore) -> None:
    store.directory.claim("ann", 1, "ann")
    store.renew([ANN])
    store._claims.must_claim_again = True
    store._link._lock.acquire()
    store.renew([ANN])
    store._link._lock.release()
    assert store._claims.must_claim_again
    store.renew([ANN])
    assert not store._claims.must_claim_again
