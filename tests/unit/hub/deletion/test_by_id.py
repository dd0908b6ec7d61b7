"""hub.deletion: what was deleted is seen no more, wherever it was on its way."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from gevent.event import Event

from gchat.hub import arriving, membership
from gchat.hub.deletion import delete
from gchat.hub.hub import Hub
from gchat.model.message import Kind
from gchat.store.errors import StoreError
from gchat.store.shared import Deleted
from gchat.store.sqlite import messages
from gchat.store.sqlite.store import SqliteStore
from tests.unit.delivery.test_backfill import LINES, fall_behind
from tests.unit.hub.deletion.logs import texts, write_all
from tests.unit.peers import HOME, Company, wait_until
from tests.unit.store.entries import batches, entry


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


def delete_as_told(hub: Hub, room: str, ids: list[int]) -> set[int]:
    """Delete what another server, which shares the store, has deleted."""
    arriving.take(hub, Deleted(room, ids))
    deleted = hub.store.delete(room, ids)
    with hub.opening.hold(room):  # behind who has waited for that
        return deleted


@pytest.mark.parametrize("how", [delete, delete_as_told])
def test_a_room_that_is_opened_meanwhile_does_not_have_it(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch, how: Any
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
    deleting = company.start(how, company.hub, "builds", [1])
    wait_until(
        lambda: store._reader.run(messages.gone_between, "builds", 0, 9),
        "it is gone from the file",
    )
    ready.set()
    room = opening.get(timeout=5)
    assert deleting.get(timeout=5) == {1}
    assert [message.text for message in room.log.after(0, 9)] == [""]
