"""What the history file of a server has of rooms that nobody has open there."""

from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from gchat.model.message import Kind, Utterance
from gchat.model.room_log import Cursor
from gchat.store.base import Batch
from gchat.store.errors import StoreError
from gchat.store.redis import deletions, follower, joining, keys
from gchat.store.redis import store as stores
from gchat.store.redis.store import RedisStore
from gchat.store.shared import Arrived, Deleted, Informed, News
from gchat.store.sqlite.store import SqliteStore
from tests.nodes.redis_server import Redis

StartStore = Callable[[str], RedisStore]


@pytest.fixture
def start_store(redis: Redis, tmp_path: Path) -> Iterator[StartStore]:
    """Starts the store of a server, again if it has been started with that file."""
    started = dict[str, RedisStore]()

    def start(file: str) -> RedisStore:
        if file in started:
            started[file].close()
        started[file] = RedisStore(redis.url, SqliteStore(str(tmp_path / f"{file}.db")))
        return started[file]

    with patch.object(joining, "UP", 0):
        yield start
    for store in started.values():
        store.close()


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


# Deletions, of which a server learns late


def follow(store: RedisStore, *rooms: str) -> list[News]:
    """All that the server is told, until there is no more."""
    told, ends = list[News](), dict.fromkeys(rooms, 0)
    while news := store.follow(ends):
        told += news
        for each in news:
            if isinstance(each, Arrived):
                ends[each.room] += len(each.placed.others)
    return told


@pytest.fixture
def short_news(monkeypatch: pytest.MonkeyPatch) -> int:
    """More pieces of news than Redis keeps."""
    monkeypatch.setattr(follower, "COUNT", 20)
    monkeypatch.setattr(stores, "NEWS_LENGTH", 100)
    return 300  # it drops a hundred at a time


@pytest.mark.usefixtures("quick")
def test_a_server_that_has_missed_news_learns_of_all_deletions(
    start_store: StartStore, short_news: int
) -> None:
    here, late = start_store("a"), start_store("b")
    for room in ("lobby", "builds"):
        say(here, room, "known", "secret", "known as well")
    late.catch_up()
    follow(late, "lobby")
    for room in ("lobby", "builds"):
        assert "secret" in in_file(late, room)
        here.delete(room, [2])
    for number in range(short_news):
        here.inform("news", number)
    new, told = start_store("c"), follow(late, "lobby")
    deleted = [(each.room, *each.ids) for each in told if isinstance(each, Deleted)]
    assert sorted(deleted) == [("builds", 2), ("lobby", 2)]
    for room in ("lobby", "builds"):
        assert in_file(late, room) == ["known", "", "known as well"]
        assert in_file(new, room) == ["known", "", "known as well"]
    for number in range(2 * follower.COUNT):
        here.inform("news", number)
    told = follow(late, "lobby")
    assert any(isinstance(each, Informed) for each in told)
    assert not any(isinstance(each, Deleted) for each in told), "it has missed nothing more"


def test_a_server_deletes_what_was_deleted_though_redis_keeps_nothing_of_it(
    redis: Redis, start_store: StartStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it was away, and however many were deleted since."""
    monkeypatch.setattr(deletions, "MOST_LEFT", 5)
    monkeypatch.setattr(deletions, "BYTES_AT_ONCE", 3)
    here, away = start_store("a"), start_store("b")
    say(here, "builds", *(f"secret {number}" for number in range(60)))
    away.catch_up()
    assert len(in_file(away, "builds")) == 60
    kept = [1, 8, 23, 24, 25, 60]
    here.delete("builds", [number for number in range(1, 61) if number not in kept])
    redis.client.xtrim(keys.log("builds"), maxlen=1, approximate=False)
    assert redis.client.zcard(keys.gone("builds")) == 5
    assert redis.client.strlen(keys.deleted("builds")) == 8
    texts = in_file(start_store("b"), "builds")
    assert [number for number, text in enumerate(texts, 1) if text] == kept


def test_of_a_message_that_is_deleted_twice_one_is_left(
    redis: Redis, start_store: StartStore
) -> None:
    """Redis may have lost that it was, and be given the message back by a server."""
    here = start_store("a")
    say(here, "lobby", "secret", "known")
    (number, fields), _ = redis.client.xrange(keys.log("lobby"))
    here.delete("lobby", [1])
    redis.client.delete(keys.log("lobby"))
    redis.client.xadd(keys.log("lobby"), {**fields, b"p": b"1 1000.000 5 7 -.0"}, id=number)
    here.delete("lobby", [1])
    assert redis.client.zcard(keys.gone("lobby")) == 1
    assert not redis.lines("lobby")


def test_more_news_is_kept_than_is_read_at_a_time() -> None:
    """Else some could be missed unnoticed."""
    assert stores.NEWS_LENGTH > 2 * follower.COUNT


def test_more_news_is_known_than_is_kept() -> None:
    """Else some could be told again."""
    assert follower.KNOWN_NEWS > 1.5 * stores.NEWS_LENGTH
