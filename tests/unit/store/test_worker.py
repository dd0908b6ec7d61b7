"""store.sqlite.worker: one thread, the urgent first, and nobody waits longer than they want."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import gevent
import pytest

from gchat.runtime.waited import seconds_waited
from gchat.store.errors import StoreError
from gchat.store.sqlite.schema import open_file, stop_waiting
from gchat.store.sqlite.worker import SILENT, Worker
from tests.unit.peers import DEADLINE, wait_until


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "chat.db")


@pytest.fixture
def worker(path: str) -> Iterator[Worker]:
    with closing(Worker(stop_waiting(open_file(path)), patience=DEADLINE)) as worker:
        yield worker


class Block:
    """A job that ends when a test wants it to."""

    def __init__(self, worker: Worker) -> None:
        self._end = threading.Event()
        self.job = worker.submit(lambda _: self._end.wait(DEADLINE))
        wait_until(lambda: self.job.has_begun, "it has begun")

    def end(self) -> None:
        self._end.set()


@pytest.fixture
def block(worker: Worker) -> Iterator[Block]:
    block = Block(worker)
    yield block
    block.end()


def test_nothing_begins_while_it_is_suspended(worker: Worker, block: Block) -> None:
    waiting = worker.submit(lambda _: 7, urgent=True)
    assert not worker.suspend(0.01)
    block.end()
    assert worker.suspend(DEADLINE)
    later = worker.submit(lambda _: 8, urgent=True)
    assert block.job.wait(0)
    assert not waiting.has_begun
    assert not later.has_begun
    worker.go_on()
    assert later.wait(DEADLINE)
    assert (waiting.result, later.result) == (7, 8)


def test_the_urgent_comes_before_all_that_waits(worker: Worker, block: Block) -> None:
    done: list[str] = []

    def note(what: str) -> Callable[[sqlite3.Connection], None]:
        return lambda _: done.append(what)

    jobs = [worker.submit(note("others"), urgent=False) for _ in range(3)]
    jobs.append(worker.submit(note("talk"), urgent=True))
    block.end()
    assert all(job.wait(DEADLINE) for job in jobs)
    assert done == ["talk", "others", "others", "others"]


def test_what_has_not_begun_can_be_taken_back(worker: Worker, block: Block) -> None:
    done: list[int] = []
    job = worker.submit(lambda _: done.append(1))
    assert not job.wait(0.01)
    assert job.cancel()
    assert not block.job.cancel()
    block.end()
    worker.run(lambda _: None)
    assert not done


def test_one_whose_patience_is_over_is_told_that_nothing_answers(
    worker: Worker, block: Block
) -> None:
    done: list[int] = []
    with pytest.raises(StoreError, match=SILENT) as raised:
        worker.run_within(0.02, lambda _: done.append(1))
    assert not raised.value.is_locked
    block.end()
    worker.run(lambda _: None)
    assert not done  # it was taken back


def test_what_is_waited_for_others_or_a_lock_is_counted_and_the_work_is_not(
    path: str, worker: Worker, block: Block
) -> None:
    with pytest.raises(StoreError, match=SILENT):
        worker.run_within(0.02, sqlite3.Connection.commit)
    waited = seconds_waited()
    assert waited >= 0.02
    block.end()
    with closing(open_file(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as raised:
            worker.run_within(0.05, lambda connection: connection.execute("BEGIN IMMEDIATE"))
    assert raised.value.is_locked
    assert seconds_waited() > waited
    waited, began = seconds_waited(), monotonic()
    worker.run(lambda _: threading.Event().wait(0.05))
    assert seconds_waited() - waited <= monotonic() - began - 0.05


def test_each_search_has_its_patience_for_itself_however_many_are_before_it(path: str) -> None:
    with closing(Worker(open_file(path), 1.0, counts_own_time=True)) as worker:
        jobs = [
            gevent.spawn(worker.run, lambda _, number=number: threading.Event().wait(0.4) or number)
            for number in range(5)
        ]
        gevent.joinall(jobs, timeout=DEADLINE)
        assert [job.get() for job in jobs] == [0, 1, 2, 3, 4]


def test_behind_one_that_hangs_all_searches_give_up(path: str) -> None:
    with closing(Worker(open_file(path), 0.02, counts_own_time=True)) as worker:
        block = Block(worker)
        for _ in range(3):
            with pytest.raises(StoreError, match=SILENT):
                worker.run(lambda _: None)
        block.end()
        worker.run(lambda _: None)


def test_what_was_given_up_takes_no_memory_while_the_disk_hangs(
    worker: Worker, block: Block
) -> None:
    for _ in range(500):
        with pytest.raises(StoreError):
            worker.run_within(0.0, lambda _: None)
    assert not worker._others


def test_what_must_be_known_of_is_waited_for_once_it_has_begun(path: str) -> None:
    with closing(Worker(open_file(path), patience=1.0)) as worker:
        begun, end = threading.Event(), threading.Event()

        def take(_: sqlite3.Connection) -> str:
            begun.set()
            end.wait(DEADLINE)
            return "taken"

        taking = gevent.spawn(worker.run_to_the_end, take)
        wait_until(begun.is_set, "it has begun")
        with pytest.raises(StoreError):  # one that has not begun is given up meanwhile
            worker.run_to_the_end(take)
        assert not taking.ready()
        end.set()
        assert taking.get(timeout=DEADLINE) == "taken"


def test_a_lock_is_waited_for_outside_while_others_are_served(worker: Worker, path: str) -> None:
    sql = "DELETE FROM topics"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [gevent.spawn(worker.run, sqlite3.Connection.execute, sql) for _ in range(6)]
        for _ in range(20):
            assert worker.run(lambda _: "served") == "served"
        assert not any(one.ready() for one in waiting)
        other.execute("ROLLBACK")
    gevent.joinall(waiting, timeout=DEADLINE, raise_error=True)
    assert all(one.ready() for one in waiting)


def test_a_lock_that_stays_is_an_error_in_the_end(worker: Worker, path: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as raised:
            worker.run_within(1.0, lambda file: file.execute("DELETE FROM topics"))
    assert raised.value.is_locked


def test_one_that_hangs_is_left_alone_in_the_end(path: str) -> None:
    worker = Worker(open_file(path))
    block = Block(worker)
    assert not worker.close(0.02)
    block.end()
    assert block.job.wait(DEADLINE)


def test_thousands_of_jobs_are_all_done_in_order(worker: Worker) -> None:
    done: list[int] = []
    jobs = [worker.submit(lambda _, n=number: done.append(n)) for number in range(3000)]  # type: ignore[misc]
    assert jobs[-1].wait(DEADLINE)
    assert done == [*range(3000)]
