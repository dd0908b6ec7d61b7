"""The store as a whole, without a hub."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest

from gchat.model.message import Kind, Private, Utterance
from gchat.model.peers import Peer
from gchat.model.room_log import Cursor
from gchat.model.runs import TEXT
from gchat.store.base import Batch
from gchat.store.errors import StoreError
from gchat.store.redis import absence, joining, keys
from gchat.store.redis.store import RedisStore
from gchat.store.shared import Arrived, News
from gchat.store.sqlite.store import SqliteStore
from tests.nodes.conftest import MakeProxy
from tests.nodes.proxy import Proxy
from tests.nodes.redis_server import Redis

ANN = Peer(1, "ann", ["lobby"], True, False, None)


@pytest.fixture
def way(redis: Redis, proxy: MakeProxy) -> Proxy:
    return proxy(redis)


@pytest.fixture
def store(way: Proxy, tmp_path: Path) -> Iterator[RedisStore]:
    local = SqliteStore(str(tmp_path / "chat.db"))
    with patch.object(joining, "UP", 0), closing(RedisStore(way.url, local)) as store:
        yield store


def say(store: RedisStore, text: str, end: int, room: str = "lobby") -> None:
    said = Utterance(1000.0, Kind.SAY, [text], 1, "ann")
    store.append([Batch(room, 0, Cursor(end, end), 0.0, [said])])


def test_what_clients_ask_for_delays_no_message_and_no_lease(store: RedisStore) -> None:
    """Each of them waits for Redis, one after the other: they may be hundreds."""
    store.open("lobby")
    with store._link._lock:  # as long as somebody waits for an answer
        say(store, "hello", 0)
        assert not store.renew([ANN]).was_given_up
    (news,) = store.follow({"lobby": 0})
    assert isinstance(news, Arrived)


def test_a_server_that_has_started_is_waited_for_at_once(
    store: RedisStore, way: Proxy, tmp_path: Path
) -> None:
    """It may show its clients what Redis loses before the next look at who is there."""
    store.renew([ANN])
    with closing(RedisStore(way.url, SqliteStore(str(tmp_path / "other.db")))) as other:
        assert other._follower.known == [store.node]
        store.follow({})
        assert store._follower.known == [other.node]
        assert [*store.renew([ANN]).present] == [other.node]


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


# A server that was paused for longer than its lease


def end_lease(redis: Redis, store: RedisStore) -> None:
    """Have another server find out that this one has not renewed its lease for too long."""
    redis.client.zrem(keys.ALIVE, store.node)
    redis.client.hdel(keys.LEASES, store.node)


def texts(news: Sequence[News]) -> list[str]:
    """What the server itself has said, and has places now."""
    return [run[TEXT] for each in news if isinstance(each, Arrived) for run in each.placed.runs]


@pytest.mark.parametrize("is_renewed_first", [True, False])
def test_nothing_that_was_said_under_a_lease_that_has_ended_has_a_place(
    redis: Redis, store: RedisStore, is_renewed_first: bool
) -> None:
    store.open("lobby")
    store.renew([ANN])
    say(store, "in time", 0)
    assert texts(store.follow({"lobby": 0})) == ["in time"]
    store.follow({"lobby": 1})
    end_lease(redis, store)
    if is_renewed_first:
        assert store.renew([ANN]).was_given_up
    for _ in range(2):
        with pytest.raises(StoreError, match="taken this one for ended"):
            say(store, "too late", 1)
    store.renew([ANN])
    with pytest.raises(StoreError, match="taken this one for ended"):
        say(store, "too late", 1)
    lease = store.new_lease
    assert lease
    store.place_under(lease)
    say(store, "again in time", 1)
    assert texts(store.follow({"lobby": 1})) == ["again in time"]
    end_lease(redis, store)
    store.renew([ANN])
    store.place_under(lease)  # which has ended as well
    with pytest.raises(StoreError, match="taken this one for ended"):
        say(store, "too late", 2)


@pytest.mark.usefixtures("quick")
def test_what_was_placed_before_the_lease_has_ended_is_known_before_anything_else_is_said(
    redis: Redis, store: RedisStore, way: Proxy
) -> None:
    store.open("lobby")
    store.renew([ANN])
    way.loses = 2  # it is sent once more
    with pytest.raises(StoreError):
        say(store, "in doubt", 0)
    end_lease(redis, store)
    store.renew([ANN])
    assert not store.new_lease
    say(store, "in doubt", 0)
    assert not store.new_lease
    assert texts(store.follow({"lobby": 0})) == ["in doubt"]
    store.follow({"lobby": 1})
    assert store.new_lease


def test_what_was_placed_in_a_room_that_is_closed_at_once_keeps_nobody_from_speaking(
    redis: Redis, store: RedisStore
) -> None:
    for room in ("lobby", "builds"):
        store.open(room)
    store.renew([ANN])
    say(store, "hello", 0, "builds")
    assert texts(store.follow({"lobby": 0, "builds": 0})) == ["hello"]
    end_lease(redis, store)
    store.renew([ANN])
    store.follow({"lobby": 0})
    assert store.new_lease


def test_redis_may_lose_the_leases_and_nothing_of_what_is_said(
    redis: Redis, store: RedisStore
) -> None:
    store.open("lobby")
    store.renew([ANN])
    redis.client.delete(keys.LEASES)
    say(store, "hello", 0)
    store.renew([ANN])
    say(store, "hello again", 1)
    assert not store.new_lease


# Direct messages to one who can come back, at no server


def private(number: int, text: str = "psst") -> Private:
    return Private(1.0, "bob", "ann", text, number)


@pytest.mark.parametrize(
    ("held", "is_kept"),
    [
        ("- 1 {later} ann", True),
        ("999 1 {later} ann", True),  # by a server that was killed
        ("{here} 1 {later} ann", None),
        ("- 2 {later} ann", None),  # for another one
        ("- 1 1.0 ann", None),  # no longer
        (None, None),
    ],
)
def test_a_message_is_kept_for_whoever_no_server_has_and_no_other(
    redis: Redis, store: RedisStore, held: str | None, is_kept: bool | None
) -> None:
    store.renew([ANN])
    if held:
        redis.client.hset(keys.NAMES, "ann", held.format(here=store.node, later=2.0**40))
    assert store.directory.leave_private("ann", ANN.number, private(4), 99) is is_kept
    assert store.directory.privates(ANN.number) == [private(4)] * bool(is_kept)
    assert (redis.client.ttl(keys.mail(ANN.number)) > 0) is bool(is_kept)


def test_what_was_left_for_those_who_are_here_is_read_once_until_it_has_arrived(
    redis: Redis, store: RedisStore
) -> None:
    """As others took this server for ended."""
    directory = store.directory
    store.renew([ANN])
    directory.keep_private(ANN.number, private(3), 99)
    redis.client.hset(keys.NAMES, "ann", f"999 {ANN.number} {2.0**40} ann")
    directory.leave_private("ann", ANN.number, private(4), 99)
    assert directory.left_privates([ANN.number, 2]) == [(ANN.number, private(4))]
    assert directory.left_privates([ANN.number, 2]) == []
    assert directory.privates(ANN.number) == [private(3), private(4)]
    directory.write_privates([], [4])
    assert directory.left_privates([ANN.number]) == []
    assert redis.client.hkeys(keys.mail(ANN.number)) == [b"3"]


def test_what_is_kept_for_whoever_no_server_has_is_bounded(store: RedisStore) -> None:
    directory = store.directory
    directory.claim("ann", ANN.number, "ann")
    directory.release("ann", ANN.number, 2.0**40)
    store.renew([ANN])
    kept = [
        directory.leave_private("ann", ANN.number, private(n, "x" * 500), 1200)
        for n in (1, 2, 3, 4)
    ]
    assert kept == [True, True, True, False]
    assert [each.number for each in directory.privates(ANN.number)] == [1, 2, 3]
