"""store.sqlite.ledger: a file that cannot be written keeps nobody from talking, and gets it all."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import gevent
import pytest

from gchat.model.runs import Row
from gchat.store.sqlite import ledger, messages
from gchat.store.sqlite.store import SqliteStore
from tests.checker.histories import History, Witness, faults
from tests.unit.peers import DEADLINE, Company, Peer, wait_until
from tests.unit.store.ledger.failing_file import (
    Hanging,
    fail,
    full,
    in_the_file,
    locked,
    texts,
    wait_until_written,
)


def test_a_line_waits_for_a_lock_no_longer_than_it_has_to_and_then_none_waits(
    company: Company, op: Peer, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    with locked(path):
        company.say(ann, "first")
        assert bob.read_line() == "ann: first\n"
        for number in range(50):
            company.say(ann, str(number))
            assert bob.read_line() == f"ann: {number}\n"
        assert texts(path) == []
        assert company.hub.store.owes("lobby")
        assert op.read_until("cannot be written")[-1] == (
            f" * The history file {path} cannot be written: another program holds a lock on it. "
            "Messages are kept in memory and written as soon as it can be."
        )
        assert "(51 messages in memory)" in company.hub.store.trouble
    wait_until_written(company)
    assert texts(path) == ["first", *map(str, range(50))]
    again = op.read_until("written again")[-1]
    assert again == f" * The history file {path} is written again: 51 messages from memory."
    assert [message.split(":")[0] for message in caplog.messages] == [
        f"The history file {path} cannot be written",
        f"The history file {path} is written again",
    ]


@pytest.mark.parametrize("is_owed", [False, True])
def test_what_people_say_is_written_before_all_else_that_waits(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch, is_owed: bool
) -> None:
    ann, end, counts = company.join("ann"), threading.Event(), list[int]()
    if is_owed:
        patch = fail(full())
        company.say(ann, "one")
        wait_until(lambda: store.owes("lobby"), "it is owed")
        patch.undo()
    else:
        monkeypatch.setattr(ledger, "WAIT", DEADLINE)
    block = store._writer.submit(lambda _: end.wait(DEADLINE))
    wait_until(lambda: block.has_begun, "it has begun")

    def count(file: sqlite3.Connection) -> None:
        counts.append(file.execute("SELECT count(*) FROM messages").fetchone()[0])

    others = [store._writer.submit(count) for _ in range(3)]
    if not is_owed:
        company.say(ann, "one")
    waiting = store._writer
    wait_until(lambda: len(waiting._urgent) + len(waiting._others) == 4, "it is to be written")
    end.set()
    others[-1].wait(DEADLINE)
    assert counts == [1, 1, 1]
    wait_until_written(company)


def test_a_short_lock_is_no_trouble(
    company: Company, op: Peer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WAIT", DEADLINE)
    tried: list[int] = []
    append = messages.append

    def note(connection: sqlite3.Connection, rows: list[Row]) -> int:
        tried.append(1)
        return append(connection, rows)

    monkeypatch.setattr(messages, "append", note)
    ann = company.join("ann")
    with locked(path):
        company.say(ann, "one")
        wait_until(lambda: len(tried) > 2, "it is tried again and again")
    assert op.read_line() == "ann: one\n"
    assert not company.hub.store.trouble
    assert texts(path) == ["one"]


def test_a_full_disk_is_told_once_and_made_good(
    company: Company, op: Peer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    patch = fail(full())
    for text in ("one", "two", "three"):
        company.say(ann, text)
        assert bob.read_line() == f"ann: {text}\n"
    patch.undo()
    wait_until_written(company)
    assert texts(path) == ["one", "two", "three"]
    told = [line for line in op.read_until("written again") if line.startswith(" * ")]
    assert [": the disk is full." in line for line in told] == [True, False]


def test_a_disk_that_hangs_delays_the_first_line_alone_and_nothing_is_written_twice(
    company: Company, op: Peer, path: Path, hanging: Hanging
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one")
    assert bob.read_line() == "ann: one\n"
    assert hanging.begun.is_set()
    for text in ("two", "three"):
        company.say(ann, text)
        assert bob.read_line() == f"ann: {text}\n"
    assert "cannot be written: it does not answer." in op.read_until("not answer")[-1]
    assert "it does not answer" in company.hub.store.trouble
    hanging.end()
    wait_until_written(company)
    assert texts(path) == ["one", "two", "three"]


def test_a_file_that_is_slow_for_a_moment_is_no_trouble(
    company: Company,
    op: Peer,
    path: Path,
    hanging: Hanging,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "TELL_AFTER", DEADLINE)
    ann = company.join("ann")
    company.say(ann, "one")
    assert op.read_line() == "ann: one\n"
    hanging.end()
    wait_until_written(company)
    company.say(ann, "two")
    assert op.read_line() == "ann: two\n"
    assert texts(path) == ["one", "two"]


def test_a_place_that_another_program_has_taken_stops_nobody(
    company: Company, op: Peer, path: Path
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one")
    bob.read_line()
    with closing(sqlite3.connect(path)) as other:
        other.execute(
            "INSERT INTO messages (id, spoken, time, room, kind, sender, name, text)"
            " VALUES (2, 2, 1.0, 'lobby', 'say', 7, 'eve', 'theirs')"
        )
        other.commit()
    for text in ("two", "three"):
        company.say(ann, text)
        assert bob.read_line() == f"ann: {text}\n"
    assert op.read_until("written again")[-1].endswith("1 message lost.")
    company.say(ann, "four")
    bob.read_line()
    assert texts(path) == ["one", "theirs", "three", "four"]


def test_what_is_deleted_while_it_is_being_written_is_deleted_then(
    company: Company, path: Path, hanging: Hanging
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one", "two")
    bob.read_lines(2)
    deleting = gevent.spawn(company.hub.store.delete, "lobby", [2])
    hanging.end()
    assert deleting.get(timeout=DEADLINE) == {2}
    wait_until_written(company)
    assert texts(path) == ["one"]


def test_a_history_with_locks_and_full_disks_has_no_fault(
    company: Company, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = {name: company.join(name) for name in ("ann", "bob", "cleo")}
    witnesses = {name: Witness(reads_to_the_end=True) for name in people}
    turn = 0

    def talk(count: int) -> None:
        nonlocal turn
        for _ in range(count):
            for name, peer in people.items():
                turn += 1
                witnesses[name].sent.append(f"{name} {turn}")
                company.say(peer, f"{name} {turn}")
            gevent.sleep(0)

    for number in range(3):
        talk(5)
        with locked(path):
            talk(5)
            company.hub.pending_writes.wait_for_all(DEADLINE)
            talk(number)
        patch = fail(full())
        talk(5)
        patch.undo()
    talk(1)
    company.hub.pending_writes.wait_for_all(DEADLINE)
    wait_until_written(company)
    stored = in_the_file(path)
    places = {line.text: line for line in stored}
    for name, peer in people.items():
        others = [line for line in stored if not line.text.startswith(name)]
        shown = [line.partition(": ")[2] for line in peer.read_lines(len(others))]
        witnesses[name].shown = [places[text] for text in shown]
    assert faults(History(witnesses, stored)) == []
    assert len(stored) == turn
