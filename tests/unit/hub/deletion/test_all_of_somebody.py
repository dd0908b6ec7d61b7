"""hub.deletion: all that somebody has said is counted and deleted, wherever it is kept."""

import sqlite3
from typing import Any

import gevent
import pytest

from gchat.hub import deletion, membership
from gchat.hub.deletion import count_all_of, delete, delete_all_of
from gchat.model.message import Kind
from gchat.runtime.loop import give_way
from gchat.store.errors import StoreError
from gchat.store.sqlite import deleting, messages
from gchat.store.sqlite.store import SqliteStore
from tests.unit.hub.deletion.logs import texts, write_all
from tests.unit.peers import DEADLINE, HOME, Company, wait_until
from tests.unit.store.entries import batches, entry


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
