"""delivery.lookback: who has fallen behind memory gets it from the file, in its order."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gchat.delivery import backfill
from gchat.hub import membership
from gchat.hub.rooms import EMPTY_TIME
from gchat.jobs.recorder import Recorder
from gchat.model.message import Message
from gchat.model.room_log import Cursor, RoomLog
from gchat.store.history import PAGE
from gchat.store.sqlite.store import SqliteStore
from gchat.text.phrases import counted
from tests.unit.peers import DEADLINE, Company, Peer, wait_until
from tests.unit.store.entries import batches, entries

SMALL = 2048
LINES = 5 * PAGE


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    store = SqliteStore(str(tmp_path / "chat.db"))
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        company.room.log._max_messages = 64
        yield company
    store.close()


def fall_behind(company: Company, count: int = 1, said_before: int = 0) -> list[Peer]:
    """Somebody says LINES lines, and so many do not read; returns these."""
    ann = company.join("ann")
    slow = [company.join(f"slow{number}", SMALL) for number in range(count)]
    for number in range(said_before, said_before + LINES):
        company.say(ann, f"{number} {'x' * 100}")
        if number % 50 == 0:
            wait_until(lambda: not company.room.pending, "it is written")
    wait_until(lambda: not company.room.pending, "all is written")
    start = company.room.log.start
    assert all(peer.client.cursor.id < start.id for peer in slow)
    return slow


def numbers(peer: Peer, count: int) -> list[int]:
    return [int(line.removeprefix("ann: ").split()[0]) for line in peer.read_lines(count)]


def test_who_reads_late_misses_nothing(company: Company) -> None:
    (slow,) = fall_behind(company)
    assert numbers(slow, LINES) == list(range(LINES))
    assert slow.client.missed == 0
    company.say(company.peers[0], "99999 live again")
    assert numbers(slow, 1) == [99999]


def test_who_has_gone_while_it_was_read_is_not_looked_for(company: Company) -> None:
    hub, ann = company.hub, company.join("ann").client
    room = membership.move(hub, ann, "builds")
    reading = backfill.Backfill(hub)
    reading.ask(room, ann)
    membership.part(hub, ann, "quit")
    membership.remove(hub, ann)
    room.visits.clear()
    room.empty_since -= EMPTY_TIME
    hub.pending_writes.wait_for_all(DEADLINE)
    hub.rooms.close_empty(hub.clients.values())
    assert "builds" not in hub.rooms.by_name
    reading._read_next()
    assert not room.visits
    reading._forget_used()
    assert not room.pages


def test_no_more_pages_are_read_than_there_may_be_until_some_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "MOST_PAGES", 2)
    store = SqliteStore(str(tmp_path / "chat.db"))
    with closing(store), Company(store=store, broadcasting=False) as company:
        hub, room, sizes = company.hub, company.room, list[int]()
        store.append(batches(*entries(10)))
        room.log.begin(Cursor(10, 10), 1)  # memory has none of them
        reading, after = backfill.Backfill(hub), hub.history.after

        def note_pages(log: RoomLog, last: int) -> list[Message]:
            sizes.append(len(room.pages))
            return after(log, last)

        monkeypatch.setattr(hub.history, "after", note_pages)
        clients = [company.join(listens=False).client for _ in range(6)]
        for number, client in enumerate(clients):
            client.cursor = Cursor(number, number)
            reading.ask(room, client)
        company.start(reading.run)
        for number, client in enumerate(clients):
            wait_until(lambda: number in room.pages, "its page is read")  # noqa: B023
            assert [message.id for message in room.pages[number]] == [*range(number + 1, 11)]
            room.visits.pop(client.number)
        assert len(sizes) == len(clients)
        assert max(sizes) == 1  # there was space for one more each time


def test_many_who_read_late_share_what_is_read(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "MOST_PAGES", 2)
    slow = fall_behind(company, count=7)
    reading = [company.start(numbers, peer, LINES) for peer in slow]
    for greenlet in reading:
        assert greenlet.get(timeout=20) == list(range(LINES))
    assert len(company.room.pages) <= 2


def test_one_who_leaves_is_still_sent_what_was_said_before(company: Company) -> None:
    (slow,) = fall_behind(company)
    membership.part(company.hub, slow.client, "test")
    company.say(company.peers[0], "99999 after it has left")
    assert numbers(slow, LINES) == list(range(LINES))
    wait_until(lambda: slow.client.has_heard_all, "it has got all up to there")


def test_an_answer_comes_where_it_belongs(company: Company) -> None:
    (slow,) = fall_behind(company)
    company.hub.tell(slow.client, "an answer")
    company.say(company.peers[0], "99999 after it")
    assert numbers(slow, LINES) == list(range(LINES))
    assert slow.read_line() == " * an answer\n"
    assert numbers(slow, 1) == [99999]


@pytest.mark.parametrize(("first", "end"), [(1, 1000), (1, 2), (400, 450), (PAGE + 1, 2 * PAGE)])
def test_what_is_in_the_file_no_more_is_told_to_be_missed(
    company: Company, first: int, end: int
) -> None:
    (slow,) = fall_behind(company)
    got = slow.client.cursor.id
    store = company.hub.store
    assert isinstance(store, SqliteStore)
    store._writer.run(
        lambda file: file.execute("DELETE FROM messages WHERE id >= ? AND id < ?", (first, end))
    )
    missed = max(0, end - max(first, got + 1))
    lines = slow.read_until(f"{LINES - 1} ")
    told = [line for line in lines if line.startswith(" * ")]
    notice = (
        f"You missed {counted(missed, 'message')}: more was said than is kept for a slow reader"
    )
    assert told == ([f" * {notice}"] if missed else [])
    before = lines.index(told[0]) if told else LINES - missed
    assert numbers_in(lines[:before]) == list(range(before))
    assert numbers_in(lines[before + len(told) :]) == list(range(before + missed, LINES))


def numbers_in(lines: list[str]) -> list[int]:
    return [int(line.removeprefix("ann: ").split()[0]) for line in lines]


def test_if_the_file_cannot_be_read_who_needs_it_is_told_what_it_missed(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    (slow,) = fall_behind(company)

    def fail(*_arguments: object) -> None:
        raise sqlite3.DatabaseError("made to fail")

    monkeypatch.setattr("gchat.store.sqlite.store.messages.after", fail)
    lines = slow.read_until(f"{LINES - 1} ")
    assert sum("You missed" in line for line in lines) == 1
    assert company.hub.faults.total == 1
