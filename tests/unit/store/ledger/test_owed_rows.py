"""store.sqlite.ledger: unwritten rows keep their room open, are read, and are bounded."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gchat.hub import membership
from gchat.model.message import Kind
from gchat.store.sqlite.owed import OwedRows
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import DEADLINE, Company, Peer, wait_until
from tests.unit.store.entries import batches, entries, entry
from tests.unit.store.ledger.failing_file import (
    locked,
    owing,
    texts,
    wait_until_written,
)


def test_a_room_that_owes_rows_is_not_closed_and_no_id_comes_twice(
    company: Company, path: Path
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    membership.move(company.hub, ann.client, "builds")
    with locked(path):
        company.say(ann, "one", "two")
        company.hub.pending_writes.wait_for_all(DEADLINE)
        membership.move(company.hub, ann.client, "lobby")
        builds = company.hub.rooms.by_name["builds"]
        builds.empty_since = -1e9
        company.hub.rooms.close_empty([ann.client, bob.client])
        assert company.hub.rooms.by_name["builds"] is builds
        # And if it were, its ids would go on.
        end, _, tail = company.hub.store.open("builds")
        assert (end.id, [message.text for message in tail]) == (builds.log.end.id, ["one", "two"])
    wait_until_written(company)
    company.hub.rooms.close_empty([ann.client, bob.client])
    assert "builds" not in company.hub.rooms.by_name
    room = membership.move(company.hub, ann.client, "builds")
    company.say(ann, "three")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    assert [m.text for m in room.log.after(0, 99) if m.is_spoken] == ["one", "two", "three"]
    assert texts(path, "builds") == ["one", "two", "three"]
    assert not company.hub.store.trouble


def test_what_is_too_much_for_memory_is_counted_and_its_ids_are_not_given_out_again(
    company: Company,
    op: Peer,
    path: Path,
    store: SqliteStore,
) -> None:
    store._ledger.owed = OwedRows(max_rows=10)
    ann, bob = company.join("ann"), company.join("bob")
    with owing(store):
        company.say(ann, *map(str, range(25)))
        bob.read_lines(25)
        wait_until(lambda: ", 15 lost)" in company.hub.store.trouble, "the bound is kept")
    wait_until_written(company)
    told = op.read_until("written again")
    assert sum("the oldest are lost" in line for line in told) == 1
    assert told[-1].endswith("10 messages from memory; 15 messages lost.")
    assert texts(path) == [str(number) for number in range(15, 25)]
    assert store.open("lobby").end == company.room.log.end


def test_all_of_a_room_may_be_lost_and_its_ids_go_on(
    company: Company, path: Path, store: SqliteStore
) -> None:
    store._ledger.owed = OwedRows(max_rows=3)
    ann, bob = company.join("ann"), company.join("bob")
    with owing(store):
        for peer, room in ((ann, "builds"), (bob, "cars")):
            membership.move(company.hub, peer.client, room)
        for peer in (ann, bob):
            company.say(peer, "one", "two", "three")
        company.hub.pending_writes.wait_for_all(DEADLINE)
    wait_until_written(company)
    assert (texts(path, "builds"), texts(path, "cars")) == ([], ["one", "two", "three"])
    assert store.open("builds").end == company.hub.rooms.by_name["builds"].log.end


def test_who_reads_late_is_sent_what_memory_has_forgotten_and_the_file_does_not_have(
    company: Company, path: Path
) -> None:
    company.room.log._max_messages = 64
    ann, slow = company.join("ann"), company.join("slow", 2048)
    company.say(ann, "in the file")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    with locked(path):
        for number in range(600):
            company.say(ann, f"{number} {'x' * 100}")
            if number % 50 == 0:
                company.hub.pending_writes.wait_for_all(DEADLINE)
        company.hub.pending_writes.wait_for_all(DEADLINE)
        assert company.room.log.start.id > slow.client.cursor.id
        heard = [line.split()[1] for line in slow.read_lines(601)[1:]]
    assert heard == [*map(str, range(600))]


def test_what_is_written_while_somebody_reads_is_not_missed(
    company: Company, path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = company.join("ann")
    run, lock = store._reader.run, ExitStack()

    def run_before_it_is_written(*arguments: Any) -> Any:
        found = run(*arguments)
        lock.close()
        wait_until_written(company)
        return found

    with lock:
        lock.enter_context(locked(path))
        company.say(ann, "one", "two")
        company.hub.pending_writes.wait_for_all(DEADLINE)
        monkeypatch.setattr(store._reader, "run", run_before_it_is_written)
        found = store.read("lobby", 0, company.room.log.end.id, 99, 9999)
    assert [message.text for message in found if message.is_spoken] == ["one", "two"]


def test_the_end_of_an_epoch_may_be_owed(store: SqliteStore) -> None:
    store.append(batches(*entries(3)))
    with owing(store):
        store.append(batches(*entries(2, first=4)))
        later = [
            entry(number, number, 1000.0, "lobby", Kind.SAY, 7, "ann", "later", epoch=2)
            for number in (6, 7)
        ]
        store.append(batches(*later))
        assert store.epoch_end("lobby", 1) == 5
        assert store.epoch_end("lobby", 2) == store.epoch_end("lobby", 9) == 7
    wait_until(lambda: not store.owes("lobby"), "it is written")
    assert (store.epoch_end("lobby", 1), store.epoch_end("lobby", 2)) == (5, 7)
