"""store.sqlite.ledger: a file that cannot be written keeps nobody from talking, and gets it all."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import gevent
import pytest

from gchat.hub import membership
from gchat.jobs.recorder import Recorder
from gchat.model.message import Private, Topic
from gchat.model.room_log import Entry
from gchat.store.errors import StoreError
from gchat.store.sqlite import ledger, messages
from gchat.store.sqlite.owed import OwedRows
from gchat.store.sqlite.store import SqliteStore
from tests.checker.histories import History, Line, Witness, faults
from tests.unit.peers import DEADLINE, Company, Peer, wait_until


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "FAILED_PAUSE", 0.01)
    monkeypatch.setattr(ledger, "LOCKED_PAUSE", 0.01)
    monkeypatch.setattr(ledger, "TELL_AFTER", 0.1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(str(path))
    yield store
    store.close()


@pytest.fixture
def company(store: SqliteStore) -> Iterator[Company]:
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        yield company


@pytest.fixture
def op(company: Company) -> Peer:
    op = company.join("op")
    op.client.operator = True
    return op


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the lock on the file within."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


class Hanging:
    """A disk that does not answer, and does what it was asked to when it does again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = threading.Event()
        self._end = threading.Event()
        append = messages.append

        def hang(connection: sqlite3.Connection, entries: list[Entry]) -> int:
            self.begun.set()
            self._end.wait(DEADLINE)
            return append(connection, entries)

        monkeypatch.setattr(messages, "append", hang)

    def end(self) -> None:
        self._end.set()


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    hanging = Hanging(monkeypatch)
    yield hanging
    hanging.end()


def fail(error: Exception) -> pytest.MonkeyPatch:
    """Have all writing of messages fail until `undo`."""

    def raise_it(*_: object, **__: object) -> None:
        raise error

    patch = pytest.MonkeyPatch()
    patch.setattr(messages, "append", raise_it)
    patch.setattr(messages, "append_owed", raise_it)
    return patch


def in_the_file(path: Path, room: str = "lobby") -> list[Line]:
    """What people have said, as the file has it."""
    with closing(sqlite3.connect(path)) as file:
        return [
            Line("", number, text, time)
            for number, text, time in file.execute(
                "SELECT id, text, time FROM messages WHERE room = ? AND kind = 'say' ORDER BY id",
                (room,),
            )
        ]


def texts(path: Path, room: str = "lobby") -> list[str]:
    return [line.text for line in in_the_file(path, room)]


def wait_until_written(company: Company) -> None:
    wait_until(lambda: not company.hub.store.trouble, "all is written")


def full() -> sqlite3.Error:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


# Each promise, with somebody who looks on


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


def test_a_short_lock_is_no_trouble(
    company: Company, op: Peer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WAIT", DEADLINE)
    tried: list[int] = []
    append = messages.append

    def note(connection: sqlite3.Connection, entries: list[Entry]) -> int:
        tried.append(1)
        return append(connection, entries)

    monkeypatch.setattr(messages, "append", note)
    ann = company.join("ann")
    with locked(path):
        company.say(ann, "one")
        wait_until(lambda: len(tried) > 2, "it is tried again and again")
    assert op.read_line() == "ann: one\n"
    assert not company.hub.store.trouble
    assert texts(path) == ["one"]


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
        end, tail = company.hub.store.open("builds")
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


def test_what_is_too_much_for_memory_is_counted_and_its_ids_are_not_given_out_again(
    company: Company,
    op: Peer,
    path: Path,
    store: SqliteStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "WAIT", 2.0)  # in which a lock is met, however busy it is
    store._ledger.owed = OwedRows(max_rows=10)
    ann, bob = company.join("ann"), company.join("bob")
    with locked(path):
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
    company: Company, path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WAIT", 2.0)  # in which a lock is met, however busy it is
    store._ledger.owed = OwedRows(max_rows=3)
    ann, bob = company.join("ann"), company.join("bob")
    with locked(path):
        for peer, room in ((ann, "builds"), (bob, "cars")):
            membership.move(company.hub, peer.client, room)
        for peer in (ann, bob):
            company.say(peer, "one", "two", "three")
        company.hub.pending_writes.wait_for_all(DEADLINE)
    wait_until_written(company)
    assert (texts(path, "builds"), texts(path, "cars")) == ([], ["one", "two", "three"])
    assert store.open("builds").end == company.hub.rooms.by_name["builds"].log.end


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


# The file is removed, replaced, put back


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_removed_is_noticed_and_what_is_said_then_is_kept_for_it(
    company: Company, op: Peer, path: Path, tmp_path: Path, replaced: bool
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "before")
    bob.read_line()
    assert company.hub.store.check()
    company.say(ann, "just before")
    bob.read_line()
    path.rename(tmp_path / "aside")
    if replaced:
        path.write_bytes(b"")
    assert not company.hub.store.check()
    assert not company.hub.store.check()
    company.say(ann, "meanwhile")
    assert bob.read_line() == "ann: meanwhile\n"
    told = op.read_until("removed or replaced")[-1]
    assert "1 message written just before may be lost" in told
    (tmp_path / "aside").rename(path)
    assert company.hub.store.check()
    wait_until_written(company)
    assert texts(path) == ["before", "just before", "meanwhile"]


def test_nobody_is_told_that_something_is_kept_in_a_file_that_is_removed(
    store: SqliteStore, path: Path
) -> None:
    directory, private = store.directory, Private(1.0, "bob", "ann", "psst")
    topic = Topic("spring", 7, "ann")
    aside = path.rename(path.with_name("aside"))
    assert not store.check()
    for write in (
        lambda: directory.write_topic("lobby", topic),
        lambda: directory.write_sanctions({"ban": {}, "mute": {}}),
        lambda: directory.keep_privates(7, [private]),
    ):
        with pytest.raises(StoreError, match="it was removed or replaced"):
            write()
    aside.rename(path)
    assert store.check()
    directory.write_topic("lobby", topic)
    assert directory.topic("lobby") == topic
    assert directory.keep_privates(7, [private])
    assert directory.take_privates(7) == [private]


def test_what_is_being_written_while_the_file_is_found_to_be_removed_counts_once(
    company: Company, path: Path, store: SqliteStore, hanging: Hanging
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one", "two")
    wait_until(hanging.begun.is_set, "it is being written")
    aside = path.rename(path.with_name("aside"))
    store._ledger.set_gone(is_gone=True)
    bob.read_lines(2)
    hanging.end()
    wait_until(lambda: store._ledger._unchecked, "it is written")
    assert not store._ledger.owed
    assert store._ledger.owed.lost == 0
    aside.rename(path)
    store._ledger.set_gone(is_gone=False)
    wait_until_written(company)
    assert texts(path) == ["one", "two"]


def test_a_disk_that_does_not_answer_has_not_lost_the_file(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> bool:
        raise OSError

    monkeypatch.setattr(store._lock, "is_under_its_name", fail)
    assert store.check()
    assert not store.trouble


# The end


@pytest.mark.parametrize("kind", ["locked", "hanging", "removed", "full"])
def test_the_end_does_not_wait_for_ever_and_says_what_is_lost(
    kind: str, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(str(path))
    hanging = Hanging(monkeypatch) if kind == "hanging" else None
    with Company(store=store) as company, closing(sqlite3.connect(path)) as other:
        company.start(Recorder(company.hub).run)
        ann = company.join("ann")
        if kind == "locked":
            other.execute("BEGIN IMMEDIATE")
        elif kind == "removed":
            path.unlink()
            store.check()
        patch = fail(full()) if kind == "full" else None
        company.say(ann, "one", "two")
        company.hub.pending_writes.wait_for_all(DEADLINE)
        with gevent.Timeout(DEADLINE):
            store.close(0.05)
        assert caplog.messages[-1].startswith(f"2 messages are not in the history file {path}: ")
        if hanging:
            hanging.end()
        if patch:
            patch.undo()


def test_what_is_owed_at_the_end_is_written_if_it_can_be(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(str(path))
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        ann = company.join("ann")
        with locked(path):
            company.say(ann, "one")
            company.hub.pending_writes.wait_for_all(DEADLINE)
            closing_it = gevent.spawn(store.close, DEADLINE)
            gevent.sleep(0)
        closing_it.get(timeout=DEADLINE)
    assert texts(path) == ["one"]
    assert not any("not in the history file" in message for message in caplog.messages)


# All of it at once


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
