"""store.base, memory, sqlite.store: one interface, whether anything is kept or not."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import gevent
import pytest

from gchat.model.identities import Identity, RememberedPlace
from gchat.model.message import Message, Private, Topic
from gchat.model.room_log import Cursor
from gchat.model.sanctions import Sanction
from gchat.store.base import Store
from gchat.store.errors import StoreError
from gchat.store.history import History
from gchat.store.memory import MemoryStore
from gchat.store.sqlite import privates, threads
from gchat.store.sqlite.store import SqliteStore
from gchat.store.sqlite.threads import NICER
from gchat.text.addresses import Network
from gchat.text.query import Query
from tests.unit.peers import DEADLINE, wait_until
from tests.unit.store.entries import batches, entries

LAST = 2**62
NETWORK: Network = ip_network("10.1.0.0/16")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "chat.db")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, path: str) -> Iterator[Store]:
    store = MemoryStore() if request.param == "memory" else SqliteStore(path)
    yield store
    store.close()


def ids(messages: list[Message]) -> list[int]:
    return [message.id for message in messages]


# The log


def test_a_room_of_which_nothing_is_known_begins_at_the_beginning(store: Store) -> None:
    end, epoch, tail = store.open("lobby")
    assert (end, tail) == (Cursor(0, 0), [])
    assert epoch
    assert store.read("lobby", 0, 10, 10, 1000) == []
    assert store.gone_between("lobby", 0, 10) == 0
    assert store.delete("lobby", [1]) == set()
    assert store.trim_old(LAST, 10) == store.trim_room("lobby", 0, 10) == 0
    assert store.find_crowded("", 1) == ""


def test_what_was_appended_is_where_a_room_goes_on_if_it_is_kept(store: Store) -> None:
    store.append(batches(*entries(3, "builds"), *entries(2, "lobby")))
    store.append(batches(*entries(1, "builds", first=4)))
    end, _, tail = store.open("builds")
    kept = [1, 2, 3, 4] if store.is_kept else []
    assert ids(list(tail)) == ids(store.read("builds", 0, 10, 10, 1000)) == kept
    assert end == Cursor(len(kept), len(kept))
    assert ids(store.read("builds", 1, 3, 10, 1000)) == kept[1:3]
    assert store.find_crowded("", 3) == ("builds" if store.is_kept else "")
    assert store.trim_room("builds", 2, 10) == (2 if store.is_kept else 0)
    assert ids(store.read("builds", 0, 10, 10, 1000)) == kept[2:]
    assert store.start("builds") == (2 if store.is_kept else None)


# The directory


def test_a_topic_is_kept_until_it_is_taken_away(store: Store) -> None:
    topic = Topic("the weather", 7, "ann")
    store.directory.write_topic("lobby", topic)
    assert store.directory.topic("lobby") == (topic if store.is_kept else None)
    store.directory.write_topic("lobby", None)
    assert store.directory.topic("lobby") is None


def test_sanctions_are_kept_by_their_kind(store: Store) -> None:
    held = {NETWORK: Sanction("ann", "flooding")}
    store.directory.write_sanctions({"ban": held, "mute": {}})
    assert store.directory.sanctions("ban") == (held if store.is_kept else {})
    assert store.directory.sanctions("mute") == {}


def test_what_is_said_to_somebody_is_kept_once_however_slow_the_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, end = threading.Event(), threading.Event()
    keep = privates.keep

    def hang(*arguments: Any, **named: Any) -> bool:
        begun.set()
        end.wait(DEADLINE)
        return keep(*arguments, **named)

    monkeypatch.setattr(privates, "keep", hang)
    monkeypatch.setattr(threads, "PATIENCE", 0.2)
    with closing(SqliteStore(str(tmp_path / "chat.db"))) as store:
        private = Private(1.0, "bob", "ann", "psst", 1)
        keeping = gevent.spawn(store.directory.keep_private, 7, private, 1000)
        wait_until(begun.is_set, "it has begun")
        gevent.sleep(0.3)
        assert not keeping.ready()  # or who wants it kept would try once more
        end.set()
        assert keeping.get(timeout=DEADLINE)
        assert store.directory.privates(7) == [private]


def test_identities_and_what_is_said_to_them_are_kept(store: Store) -> None:
    directory = store.directory
    ann = Identity(7, "digest", NETWORK, "ann", 1.0, [RememberedPlace("lobby", 1, Cursor(3, 3))])
    first, second = (Private(1.0, "bob", "ann", "psst", number) for number in (1, 2))
    directory.write_identities([ann], [], [])
    assert directory.keep_private(7, first, 1) is store.is_kept
    assert not directory.keep_private(7, second, 1)
    directory.write_privates([(7, second)], [])
    ann.places = [RememberedPlace("lobby", 1, Cursor(5, 4))]
    directory.write_identities([], [ann], [])
    assert [each.places for each in directory.identities()] == [ann.places] * store.is_kept
    assert directory.privates(7) == [first, second] * store.is_kept
    directory.write_privates([], [1])
    assert directory.privates(7) == [second] * store.is_kept
    directory.write_identities([], [], [7])
    assert directory.identities() == []


def test_numbers_of_clients_begin_above_those_of_earlier_runs(path: str) -> None:
    assert MemoryStore().directory.first_number == 1
    numbers = []
    for _ in range(2):
        store = SqliteStore(path)
        numbers.append(store.directory.first_number)
        store.close()
    assert 1 < numbers[0] < numbers[1]


def test_what_cannot_be_decoded_is_an_error_of_the_store(path: str) -> None:
    store = SqliteStore(path)
    store._writer.run(
        lambda file: file.executescript(
            "INSERT INTO messages VALUES (1, 1, 'x', 1.0, 'lobby', 'say', 7, 'ann', 'x', 1, 0);"
            "INSERT INTO sanctions VALUES ('ban', 'nowhere', 'ann', '', NULL);"
        )
    )
    for read in (lambda: History(store).open("lobby"), lambda: store.directory.sanctions("ban")):
        with pytest.raises(StoreError) as raised:
            read()
        assert str(raised.value) == "it is damaged"
    store.close()


# The archive


def test_what_is_indexed_is_found(store: Store) -> None:
    archive = store.archive
    store.append(batches(*entries(3)))
    assert archive.left() == (3 if store.is_kept else 0, 0)
    assert archive.index(2) == (1 if store.is_kept else 0, 0)
    assert archive.index(2) == archive.left() == (0, 0)
    found = archive.find(Query(("text",)), LAST, 10)
    assert found[0] == 0
    assert [message.id for message in found[1]] == ([3, 2, 1] if store.is_kept else [])
    found_of = [found for found in archive.find_of(7) if found[1]]
    assert found_of == ([("lobby", [3, 2, 1])] if store.is_kept else [])
    assert not any(ids for _, ids in archive.find_of(8))
    assert archive.since("lobby", 1002.0) == (1 if store.is_kept else None)
    assert archive.since_spoken("lobby", 3) == (2 if store.is_kept else None)


def test_the_grams_of_what_was_deleted_are_purged_step_by_step(path: str) -> None:
    store = SqliteStore(path)
    store.append(batches(*entries(3)))
    store.archive.index(10)
    store.delete("lobby", [2])
    assert b"text 2" not in Path(path).read_bytes()
    assert len(list(store.archive.purge())) < 100
    assert list(store.archive.purge()) == []
    assert store.archive.find(Query(("2",)), LAST, 10) == (0, [])
    store.close()


# Memory first, then the store


def test_a_log_goes_on_where_the_store_has_its_end(store: Store) -> None:
    history = History(store)
    store.append(batches(*entries(3)))
    log = history.open("lobby")
    log.append(2000.0, "say", ["new"])
    assert log.end == (Cursor(4, 4) if store.is_kept else Cursor(1, 1))


def test_what_memory_has_forgotten_comes_from_the_store(store: Store) -> None:
    history = History(store)
    store.append(batches(*entries(10)))
    log = history.open("lobby")
    if not store.is_kept:
        log.append(1000.0, "say", [f"text {number}" for number in range(1, 11)])
    while log.give_up(6):
        pass
    kept = 0 if store.is_kept else 6
    assert history.start(log) == kept
    assert ids(history.after(log, 2))[0] == max(2, kept) + 1
    assert history.back(log, 7) == max(3, kept)
    assert history.back(log, 2) == 8
    assert history.since(log, 0.0) == kept
    assert store.delete("lobby", [3, 4]) == ({3, 4} if store.is_kept else set())
    assert history.gone_after(log, 3) == (1 if store.is_kept else 0)
    assert history.complete_index() == (0, 0)


def test_the_thread_that_searches_gives_way_to_all_others(path: str) -> None:
    before = niceness()
    store = SqliteStore(path)
    try:
        store.archive.find(Query(("word",)), 2**62, 1)
        assert store.read("lobby", 0, 9, 9, 9) == []
        store.archive.index(1)
        added = Counter(nice for thread, nice in niceness().items() if thread not in before)
        assert added[os.getpriority(os.PRIO_PROCESS, 0) + NICER] == 1
        assert added.total() >= 3
    finally:
        store.close()


def niceness() -> dict[str, int]:
    """The niceness of each thread of this process (see proc(5), stat)."""
    return {
        thread.name: int((thread / "stat").read_text().rpartition(")")[2].split()[16])
        for thread in Path("/proc/self/task").iterdir()
    }
