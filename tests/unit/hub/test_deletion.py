"""hub.deletion: what was deleted is seen no more, wherever it was on its way."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event

from gchat.hub import deletion, membership
from gchat.hub.deletion import count_all_of, delete, delete_all_of
from gchat.jobs.recorder import Recorder
from gchat.model.message import Kind
from gchat.runtime.loop import give_way
from gchat.store.errors import StoreError
from gchat.store.sqlite import deleting, messages
from gchat.store.sqlite.store import SqliteStore
from tests.unit.delivery.test_backfill import LINES, fall_behind
from tests.unit.peers import DEADLINE, HOME, Company, wait_until
from tests.unit.store.entries import batches, entry


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(str(tmp_path / "chat.db"))
    yield store
    store.close()


@pytest.fixture
def company(store: SqliteStore) -> Iterator[Company]:
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        company.room.log._max_messages = 64
        yield company


def write_all(company: Company) -> None:
    wait_until(lambda: not company.hub.pending_writes.rooms, "all is written")


def texts(company: Company, room: str = "lobby") -> list[str]:
    """What a log that is opened now holds."""
    return [m.text for m in company.hub.history.open(room).after(0, 1000) if m.is_spoken]


def test_it_is_gone_from_memory_and_from_the_file_and_its_place_is_left(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one", "two", "three")
    bob.read_lines(3)
    assert delete(company.hub, "lobby", [2, 99]) == {2}
    assert delete(company.hub, "lobby", [2, 99]) == set()
    assert [(m.id, m.kind, m.text) for m in company.room.log.after(0, 9)] == [
        (1, Kind.SAY, "one"),
        (2, Kind.GONE, ""),
        (3, Kind.SAY, "three"),
    ]
    assert texts(company) == ["one", "three"]
    company.say(ann, "four")
    assert bob.read_line() == "ann: four\n"


def test_it_is_gone_from_a_room_that_is_closed(company: Company, store: SqliteStore) -> None:
    store.append(batches(entry(1, 1, 1.0, "builds", Kind.SAY, 7, "zoe", "secret")))
    assert delete(company.hub, "builds", [1]) == {1}
    assert texts(company, "builds") == []
    assert "builds" not in company.hub.rooms.by_name


def test_what_is_deleted_before_it_is_written_is_not_in_the_file(
    company: Company, store: SqliteStore, tmp_path: Path
) -> None:
    ann = company.join("ann")
    with closing(sqlite3.connect(tmp_path / "chat.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        company.say(ann, "one", "two")
        write_all(company)  # as far as anybody has to wait for it
        assert store.owes("lobby")
        with suppress(StoreError):  # it may just be tried to write it
            delete(company.hub, "lobby", [2])
        assert [m.text for m in company.room.log.after(0, 9)] == ["one", ""]
    wait_until(lambda: not store.owes("lobby"), "it is written")
    assert texts(company) == ["one"]
    assert delete(company.hub, "lobby", [2]) == set()


def test_if_it_cannot_be_deleted_from_the_file_it_is_gone_from_memory(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = company.join("ann")
    company.say(ann, "one")
    write_all(company)

    def fail(*_arguments: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", fail)
        with pytest.raises(StoreError):
            delete(company.hub, "lobby", [1])
    assert [m.text for m in company.room.log.after(0, 9)] == [""]
    assert delete(company.hub, "lobby", [1]) == {1}
    assert texts(company) == []


def test_one_who_reads_late_is_sent_all_but_what_was_deleted(company: Company) -> None:
    (slow,) = fall_behind(company)
    got = slow.client.cursor.id
    gone = {got + 1, got + 2, LINES // 2, LINES - 5}
    delete(company.hub, "lobby", gone)
    heard = [int(line.split()[1]) + 1 for line in slow.read_lines(LINES - 4)]
    assert heard == [number for number in range(1, LINES + 1) if number not in gone]
    assert slow.client.missed == 0


def test_what_has_been_read_for_those_who_are_late_is_without_it_too(company: Company) -> None:
    ann = company.join("ann")
    company.say(ann, *map(str, range(20)))
    write_all(company)
    company.room.pages[3] = company.room.log.after(3, 10)
    assert delete(company.hub, "lobby", [5, 15]) == {5, 15}
    left = ["3", "", "5", "6", "7", "8", "9", "10", "11", "12"]
    assert [message.text for message in company.room.pages[3]] == left


def test_a_page_that_is_being_read_while_something_is_deleted_is_read_again(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = company.join("ann")
    company.say(ann, *map(str, range(200)))
    write_all(company)
    # Nobody else reads, and what is read is complete, or it would be read once more.
    wait_until(lambda: ann.client.cursor == company.room.log.end, "ann has passed all of it")
    wait_until(lambda: not store.unwritten, "all is in the file")
    assert company.room.log.start.id > 10
    run, pages = store._reader.run, list[Any]()

    def read_and_delete(*arguments: Any) -> Any:
        pages.append(run(*arguments))
        if len(pages) == 1:
            delete(company.hub, "lobby", [5])
        return pages[-1]

    monkeypatch.setattr(store._reader, "run", read_and_delete)
    found = company.hub.history.after(company.room.log, 0)
    assert len(pages) == 2  # with what was deleted, and without
    assert (found[4].id, found[4].kind, found[4].text) == (5, Kind.GONE, "")


def test_a_room_that_is_opened_meanwhile_does_not_have_it(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(batches(entry(1, 1, 1.0, "builds", Kind.SAY, 7, "zoe", "secret")))
    open_room, read, ready = store.open, Event(), Event()

    def open_slowly(room: str) -> Any:
        opened = open_room(room)
        read.set()
        ready.wait()
        return opened

    monkeypatch.setattr(store, "open", open_slowly)
    opening = company.start(membership.find_or_open, company.hub, "builds", HOME)
    read.wait()
    deleting = company.start(delete, company.hub, "builds", [1])
    wait_until(
        lambda: store._reader.run(messages.gone_between, "builds", 0, 9),
        "it is gone from the file",
    )
    ready.set()
    room = opening.get(timeout=5)
    assert deleting.get(timeout=5) == {1}
    assert [message.text for message in room.log.after(0, 9)] == [""]


def test_all_that_somebody_has_said_is_deleted_in_all_rooms(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "DELETED_AT_A_TIME", 7)
    monkeypatch.setattr(deletion, "SCANNED_AT_A_TIME", 20)
    monkeypatch.setattr(deletion, "PAUSE", 0.001)
    ann, bob = company.join("ann"), company.join("bob")
    number = ann.client.number
    hers = [
        entry(each, each, 1.0, "builds", Kind.SAY, number, "ann", "hers") for each in range(1, 20)
    ]
    store.append(batches(*hers))
    membership.find_or_open(company.hub, "cars", HOME)
    for each in range(100):
        company.say(ann, f"hers {each}")
        company.say(bob, f"his {each}")
    write_all(company)
    remove, steps = store.delete, list[int]()

    def remove_few(room: str, ids: Any) -> set[int]:
        steps.append(len(ids))
        return remove(room, ids)

    monkeypatch.setattr(store, "delete", remove_few)
    assert delete_all_of(company.hub, ann.client) == 119
    assert min(steps) > 0
    assert max(steps) <= deletion.DELETED_AT_A_TIME
    assert texts(company) == [f"his {each}" for each in range(100)]
    assert texts(company, "builds") == []
    assert delete_all_of(company.hub, ann.client) == 0


def fail_to_write(*_arguments: object, **_named: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def test_each_message_is_counted_once_wherever_it_is_kept(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "DELETED_AT_A_TIME", 7)
    monkeypatch.setattr(deletion, "SCANNED_AT_A_TIME", 20)
    ann, bob = company.join("ann"), company.join("bob")
    number = ann.client.number
    hers = [
        entry(each, each, 1.0, "builds", Kind.SAY, number, "ann", "hers") for each in range(1, 20)
    ]
    store.append(batches(*hers))
    assert count_all_of(company.hub, ann.client) == 19  # in a room that is closed
    membership.find_or_open(company.hub, "builds", HOME)
    assert count_all_of(company.hub, ann.client) == 19  # in memory and in the file
    for each in range(100):
        company.say(ann, f"hers {each}")
        company.say(bob, f"his {each}")
    write_all(company)
    assert company.room.log.start.id > 20
    assert count_all_of(company.hub, ann.client) == 119  # and in the file alone

    def fail(*_arguments: object, **_named: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", fail)
        with pytest.raises(StoreError):
            delete(company.hub, "lobby", [199])
    assert count_all_of(company.hub, ann.client) == 119  # gone from memory alone
    with monkeypatch.context() as patch:
        patch.setattr(messages, "append", fail_to_write)
        patch.setattr(messages, "append_owed", fail_to_write)
        company.say(ann, "hers", "hers")
        write_all(company)
        assert count_all_of(company.hub, ann.client) == 121  # and in memory alone
    wait_until(lambda: not store.owes("lobby"), "it is written")
    assert store.trim_room("builds", 4, 999) == 15
    assert count_all_of(company.hub, ann.client) == 121  # likewise: they are still shown
    assert delete_all_of(company.hub, ann.client) == 121
    assert count_all_of(company.hub, ann.client) == 0
    assert count_all_of(company.hub, bob.client) == 100


def test_what_the_file_is_owed_and_memory_has_dropped_is_deleted_too(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "hers before")
    bob.read_lines(1)
    with monkeypatch.context() as patch:
        for module, name in (
            (messages, "append"),
            (messages, "append_owed"),
            (deleting, "delete"),
        ):
            patch.setattr(module, name, fail_to_write)
        for each in range(60):
            company.say(ann, f"hers {each}")
            company.say(bob, f"his {each}")
        write_all(company)
        assert company.room.log.start.id > 20
        assert count_all_of(company.hub, ann.client) == 61

        def only_one_is_left() -> bool:
            with pytest.raises(StoreError):  # for the one that is in the file
                delete_all_of(company.hub, ann.client)
            return count_all_of(company.hub, ann.client) == 1

        # Not at once if just then it is tried to write what is owed: the file may have that.
        wait_until(only_one_is_left, "what the file has not got is deleted")
    wait_until(lambda: not store.owes("lobby"), "it is written")
    assert texts(company) == ["hers before", *(f"his {each}" for each in range(60))]
    assert delete_all_of(company.hub, ann.client) == 1
    assert texts(company) == [f"his {each}" for each in range(60)]


def test_what_is_written_while_it_is_looked_for_is_counted_once(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = company.join("ann")
    with monkeypatch.context() as patch:
        for name in ("append", "append_owed"):
            patch.setattr(messages, name, fail_to_write)
        for each in range(200):
            company.say(ann, f"hers {each}")
        write_all(company)
        found = store.archive.find_of(ann.client.number)
        ids = [*next(found)[1]]
    wait_until(lambda: not store.owes("lobby"), "it is written")
    ids += [number for _, some in found for number in some]
    assert ids == [*range(1, 201)]


def test_others_have_their_turn_while_messages_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deletion, "SCANNED_AT_A_TIME", 10)
    with Company() as company:
        ann, turns = company.join("ann"), list[int]()
        company.say(ann, *["hers"] * 200)

        def take_turns() -> None:
            while True:
                turns.append(1)
                gevent.sleep(0)

        company.start(take_turns)
        assert count_all_of(company.hub, ann.client) == 200
        assert len(turns) >= 10


@pytest.mark.parametrize("gate", ["command_gate", "search_gate"])
def test_messages_are_counted_in_fair_turns_with_what_others_ask_for(
    company: Company, store: SqliteStore, gate: str
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "hers")
    write_all(company)
    with getattr(company.hub, gate).hold(bob.client.owner):
        counting = company.start(count_all_of, company.hub, ann.client)
        for _ in range(20):
            store.read("lobby", 0, 9, 9, 9)  # a moment for the thread that would read
            give_way()
        assert not counting.ready()
    assert counting.get(timeout=DEADLINE) == 1


def test_without_a_file_all_that_somebody_has_said_is_gone_from_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deletion, "SCANNED_AT_A_TIME", 10)
    with Company() as company:
        ann, bob = company.join("ann"), company.join("bob")
        company.say(ann, *["hers"] * 30)
        company.say(bob, "his")
        company.say(ann, *["hers"] * 3)
        assert delete_all_of(company.hub, ann.client) == 33
        assert [m.text for m in company.room.log.after(0, 99) if m.is_spoken] == ["his"]
