"""jobs.recorder: what is said is written before it is sent, and goes on if it cannot be."""

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from gevent.event import Event

from gchat.hub import membership
from gchat.jobs import recorder
from gchat.jobs.recorder import Recorder
from gchat.store.base import Batch, Store
from gchat.store.errors import StoreError
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import Company, Peer, wait_until


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    store = SqliteStore(str(tmp_path / "chat.db"))
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        yield company
    store.close()


@pytest.fixture
def op(company: Company) -> Peer:
    peer = company.join("op")
    peer.client.operator = True
    return peer


def in_the_file(company: Company) -> list[str]:
    """What the lobby's part of it holds."""
    fresh = company.hub.history.open("lobby")
    return [message.text for message in fresh.after(0, 100) if message.is_spoken]


class Disk:
    """What a store writes to, which may be full or slow."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = None
        self.ready = Event()
        self.ready.set()
        self.tried = 0
        append = store.append

        def attempt(batches: list[Batch], *, at_once: bool = False) -> None:
            self.tried += 1
            self.ready.wait()
            if self.error:
                raise self.error
            append(batches, at_once=at_once)

        monkeypatch.setattr(store, "append", attempt)


@pytest.fixture
def disk(company: Company, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(company.hub.store, monkeypatch)


def test_what_is_said_is_heard_and_in_the_file(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one", "two")
    assert bob.read_lines(2) == ["ann: one", "ann: two"]
    assert in_the_file(company) == ["one", "two"]


def test_nothing_is_sent_before_it_is_written(company: Company, disk: Disk) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    disk.ready.clear()
    company.say(ann, "one")
    wait_until(lambda: disk.tried == 1, "it is being written")
    company.hub.tell(bob.client, "an answer comes nevertheless")
    assert bob.read_line() == " * an answer comes nevertheless\n"
    company.say(ann, "two")
    assert company.room.log.end.id == 0
    assert company.room.log.after(0, 10) == []
    disk.ready.set()
    assert bob.read_lines(2) == ["ann: one", "ann: two"]


def test_what_is_said_meanwhile_is_written_together(company: Company, disk: Disk) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    disk.ready.clear()
    for text in "12345":
        company.say(ann, text)
        wait_until(lambda: disk.tried == 1, "the first is being written")
    disk.ready.set()
    bob.read_lines(5)
    assert disk.tried == 2


def test_who_asks_waits_until_what_it_has_said_before_is_written(
    company: Company, disk: Disk
) -> None:
    peer = company.converse()
    peer.read_until("/help lists the commands")
    disk.ready.clear()
    peer.send(b"last\n/history 1\n")
    wait_until(lambda: disk.tried, "it is being written")
    disk.ready.set()
    assert peer.read_until("] ")[-1].endswith(": last")


def test_if_it_cannot_be_written_the_talk_goes_on_and_operators_know_why(
    company: Company, op: Peer, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    disk.error = StoreError("the disk is full")
    for text in ("one", "two", "three"):
        company.say(ann, text)
        assert bob.read_line() == f"ann: {text}\n"
    told = op.read_until("three")
    assert [line for line in told if "Cannot write the history file" in line] == [told[0]]
    assert "kept in memory" in told[0]
    assert sum("Cannot write the history" in message for message in caplog.messages) == 1
    assert in_the_file(company) == []


def test_what_was_not_written_is_as_soon_as_that_is_possible(
    company: Company, op: Peer, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "RETRY", 0.02)
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "before")
    bob.read_line()
    disk.error = StoreError("disk I/O error")
    company.say(ann, "meanwhile")
    bob.read_line()
    failed = disk.tried
    wait_until(lambda: disk.tried > failed + 2, "it is tried again and again")
    company.say(ann, "still")
    bob.read_line()
    disk.error = None
    assert op.read_until("can be written again")[-1].endswith("again")
    company.say(ann, "after")
    bob.read_line()
    assert in_the_file(company) == ["before", "meanwhile", "still", "after"]


def test_what_memory_has_forgotten_meanwhile_is_missing_in_the_file_and_that_is_told(
    company: Company, op: Peer, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "RETRY", 0.02)
    ann = company.join("ann")
    disk.error = StoreError("disk I/O error")
    company.say(ann, *map(str, range(100)))
    op.read_until("99")
    company.room.log._max_messages = 64
    while company.room.log.tidy():
        pass
    disk.error = None
    told = op.read_until("can be written again")[-1]
    kept = len(in_the_file(company))
    assert told.endswith(f"again; {100 - kept} messages could not be saved")


def test_a_room_with_something_unwritten_is_not_closed(company: Company, disk: Disk) -> None:
    ann = company.join("ann")
    disk.ready.clear()
    room = membership.move(company.hub, ann.client, "builds")
    company.say(ann, "one")
    ann_leaves = company.start(membership.move, company.hub, ann.client, "lobby")
    wait_until(lambda: ann_leaves.ready(), "she is in the lobby")
    company.hub.rooms.by_name["builds"].empty_since = -1e9
    company.hub.rooms.close_empty([ann.client])
    assert company.hub.rooms.by_name["builds"] is room
    disk.ready.set()
    wait_until(lambda: room.log.end == room.log.said, "it is written")
    company.hub.rooms.close_empty([ann.client])
    assert "builds" not in company.hub.rooms.by_name
    again = membership.move(company.hub, ann.client, "builds")
    assert again is not room
    assert [message.text for message in again.log.after(0, 9) if message.is_spoken] == ["one"]


def test_two_who_open_a_room_at_once_are_in_the_same(company: Company) -> None:
    peers = [company.join(), company.join()]
    moves = [company.start(membership.move, company.hub, peer.client, "builds") for peer in peers]
    gevent.joinall(moves, raise_error=True, timeout=10)
    assert moves[0].value is moves[1].value
