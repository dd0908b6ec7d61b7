"""jobs.forgetting: what is too old or too much is deleted from the file, and nothing else."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gchat.hub import membership
from gchat.jobs import upkeep
from gchat.jobs.recorder import Recorder
from gchat.jobs.upkeep import DAY, delete_old_messages
from gchat.model.message import Kind
from gchat.model.room_log import Cursor
from gchat.model.runs import Row
from gchat.runtime import clock
from gchat.store.errors import StoreError
from gchat.store.sqlite import index
from gchat.store.sqlite.store import SqliteStore
from tests.unit.delivery.test_backfill import LINES, fall_behind
from tests.unit.peers import HOME, Company, wait_until
from tests.unit.store.entries import batches, entry


@pytest.fixture(autouse=True)
def _after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "TRIAL", 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(str(tmp_path / "chat.db"))
    yield store
    store.close()


@pytest.fixture
def company(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    monkeypatch.setattr(upkeep, "EXPIRY_INTERVAL", 0.02)
    monkeypatch.setattr(upkeep, "PAUSE", 0.001)
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        yield company


def old(count: int, room: str, days: float, first: int = 1) -> list[Row]:
    said = time.time() - days * DAY
    return [
        entry(number, number, said, room, Kind.SAY, 7, "ann", f"text {number}")
        for number in range(first, first + count)
    ]


def in_the_file(store: SqliteStore, room: str) -> list[int]:
    rows = store._reader.run(
        lambda file: file.execute("SELECT id FROM messages WHERE room = ?", (room,)).fetchall()
    )
    return [number for (number,) in rows]


def unmerged(store: SqliteStore) -> int:
    """How often something was taken out of the index that is still in the file."""
    return store._reader.run(index.unmerged)


def test_what_is_too_old_is_deleted_in_rooms_open_and_closed(
    company: Company, store: SqliteStore
) -> None:
    store.append(
        batches(*old(1000, "builds", 11), *old(500, "cars", 11), *old(5, "builds", 9, 1001))
    )
    while any(store.archive.index(700)):
        pass
    ann = company.join("ann")
    company.say(ann, "now")
    room = membership.find_or_open(company.hub, "builds", HOME)
    assert room.log.start.id < 1000
    company.hub.settings.keep_days = 10
    company.start(delete_old_messages, company.hub)
    wait_until(lambda: not in_the_file(store, "cars"), "what is old is deleted")
    wait_until(lambda: in_the_file(store, "builds") == [*range(1001, 1006)], "also there")
    wait_until(lambda: room.log.start.id == 1000, "it is given up in memory too")
    wait_until(lambda: unmerged(store) == 0, "it is gone from the index")
    assert len(in_the_file(store, "lobby")) == company.room.log.end.id
    cars = membership.find_or_open(company.hub, "cars", HOME)
    assert cars.log.start == cars.log.end == Cursor(500, 500)


def test_all_but_the_last_of_a_room_are_deleted_from_the_file_alone(
    company: Company, store: SqliteStore
) -> None:
    store.append(batches(*old(1000, "builds", 5), *old(30, "cars", 5), *old(100, "dogs", 5)))
    room = membership.find_or_open(company.hub, "builds", HOME)
    start = room.log.start
    company.hub.settings.keep_messages = 30
    company.start(delete_old_messages, company.hub)
    for name, end in (("builds", 1000), ("dogs", 100), ("cars", 30)):
        expected = [*range(end - 29, end + 1)]
        wait_until(lambda: in_the_file(store, name) == expected, f"30 of {name} are left")  # noqa: B023
    assert room.log.start == start


def test_nothing_is_deleted_if_nobody_wants_that(company: Company, store: SqliteStore) -> None:
    store.append(batches(*old(300, "builds", 40_000)))
    ann = company.join("ann")
    company.say(ann, *["x"] * 300)
    company.start(delete_old_messages, company.hub)
    membership.find_or_open(company.hub, "cars", HOME)
    wait_until(lambda: not company.hub.pending_writes.rooms, "all is written")
    store.delete("builds", [5])
    wait_until(lambda: unmerged(store) == 0, "it has been at work")
    assert len(in_the_file(store, "builds")) == 300
    assert company.room.log.start.id == 0


def test_without_a_file_it_is_given_up_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "EXPIRY_INTERVAL", 0.02)
    with Company() as company:
        log = company.room.log
        for days, text in ((11, "old"), (9, "young")):
            log.append(time.time() - days * DAY, Kind.SAY, [text])
        company.hub.settings.keep_days, company.hub.settings.keep_messages = 10, 1
        company.start(delete_old_messages, company.hub)
        wait_until(lambda: log.start.id, "it is given up")
        assert [message.text for message in log.after(0, 10)] == ["young"]


def test_one_who_reads_too_slowly_is_told_how_many_were_deleted(
    company: Company, store: SqliteStore
) -> None:
    company.room.log._max_messages = 64
    (slow,) = fall_behind(company)
    got = slow.client.cursor
    start = company.room.log.start.spoken
    company.hub.settings.keep_messages = 10
    company.start(delete_old_messages, company.hub)
    wait_until(lambda: len(in_the_file(store, "lobby")) == 10, "it is deleted")
    lines = slow.read_until(f"{LINES - 1} ")
    told = [line for line in lines if line.startswith(" * ")]
    # What was read from the file before still comes.
    (notice,) = told
    missed = int(notice.split()[3])
    heard = [int(line.split()[1]) for line in lines if not line.startswith(" * ")]
    assert heard == [*range(start - missed), *range(start, LINES)]
    assert 0 < missed <= start - got.spoken
    assert slow.client.missed == missed


def test_a_file_that_cannot_be_written_to_is_tried_again_and_told_of_once(
    company: Company, store: SqliteStore, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    store.append(batches(*old(10, "builds", 11)))
    company.hub.settings.keep_days = 10
    tried = 0

    def fail(*_arguments: object) -> int:
        nonlocal tried
        tried += 1
        raise StoreError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(store, "trim_old", fail)
        company.start(delete_old_messages, company.hub)
        wait_until(lambda: tried > 2, "it is tried again and again")
    wait_until(lambda: not in_the_file(store, "builds"), "it is deleted")
    assert [each for each in caplog.messages if "cannot delete" in each] == [
        "cannot delete old messages from the history file: disk I/O error"
    ]
    assert company.hub.faults.total == 0


def test_what_is_said_is_heard_while_much_is_deleted(company: Company, store: SqliteStore) -> None:
    store.append(batches(*old(20_000, "builds", 11)))
    while any(store.archive.index(500)):
        pass
    ann, bob = company.join("ann"), company.join("bob")
    company.hub.settings.keep_days = 10
    company.start(delete_old_messages, company.hub)
    wait_until(lambda: len(in_the_file(store, "builds")) < 20_000, "it runs")
    company.say(ann, "hello")
    assert bob.read_line() == "ann: hello\n"
    assert in_the_file(store, "builds")
