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
from gchat.store.errors import StoreError
from gchat.store.redis import absence, joining
from gchat.store.redis.store import RedisStore
from gchat.store.shared import Arrived
from gchat.store.sqlite.store import SqliteStore
from tests.nodes.conftest import MakeProxy, StartRedis
from tests.nodes.proxy import Proxy

ANN = Peer(1, "ann", ["lobby"], True, False, None)


@pytest.fixture
def way(start_redis: StartRedis, proxy: MakeProxy) -> Proxy:
    return proxy(start_redis())


@pytest.fixture
def store(way: Proxy, tmp_path: Path) -> Iterator[RedisStore]:
    local = SqliteStore(str(tmp_path / "chat.db"))
    with patch.object(joining, "UP", 0), closing(RedisStore(way.url, local)) as store:
        yield store


def say(store: RedisStore, text: str, end: int) -> None:
    said = Utterance(1000.0, Kind.SAY, [text], 1, "ann")
    store.append([Batch("lobby", 0, Cursor(end, end), 0.0, [said])])


def test_what_clients_ask_for_delays_no_message_and_no_lease(store: RedisStore) -> None:
    """Each of them waits for Redis, one after the other: they may be hundreds."""
    store.open("lobby")
    with store._link._lock:  # as long as somebody waits for an answer
        say(store, "hello", 0)
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


def test_the_store_is_usable_when_what_was_not_answered_has_come(
    store: RedisStore, way: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may say anything more for a while: that would end it as well."""
    monkeypatch.setattr(absence, "TOLD_AFTER", 0.0)
    store.open("lobby")
    way.loses = 2  # it is sent once more
    with pytest.raises(StoreError):
        say(store, "hello", 0)
    assert store.is_unusable
    store.follow({"lobby": 0})
    assert store.is_unusable
    store.follow({"lobby": 1})
    assert not store.is_unusable
