"""store.sqlite.ledger: the history file, or what is beside it, is removed, replaced, put back."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gchat.model.message import Private, Topic
from gchat.store.errors import StoreError
from gchat.store.sqlite import threads
from gchat.store.sqlite.ledger import GONE
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import DEADLINE, Company, Peer, wait_until
from tests.unit.store.entries import batches, entries
from tests.unit.store.ledger.failing_file import (
    Hanging,
    texts,
    wait_until_written,
)


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
    directory, private = store.directory, Private(1.0, "bob", "ann", "psst", 1)
    topic = Topic("spring", 7, "ann")
    aside = path.rename(path.with_name("aside"))
    assert not store.check()
    for write in (
        lambda: directory.write_topic("lobby", topic),
        lambda: directory.write_sanctions({"ban": {}, "mute": {}}),
        lambda: directory.keep_private(7, private, 1000),
        lambda: directory.write_privates([(7, private)], []),
    ):
        with pytest.raises(StoreError, match="it was removed or replaced"):
            write()
    aside.rename(path)
    assert store.check()
    directory.write_topic("lobby", topic)
    assert directory.topic("lobby") == topic
    assert directory.keep_private(7, private, 1000)
    assert directory.privates(7) == [private]


def test_what_is_being_written_while_the_file_is_found_to_be_removed_counts_once(
    company: Company, path: Path, store: SqliteStore, hanging: Hanging
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one", "two")
    wait_until(hanging.begun.is_set, "it is being written")
    aside = path.rename(path.with_name("aside"))
    store._ledger.set_gone(GONE)
    bob.read_lines(2)
    hanging.end()
    wait_until(lambda: store._ledger._unchecked, "it is written")
    assert not store._ledger.owed
    assert store._ledger.owed.lost == 0
    aside.rename(path)
    store._ledger.set_gone("")
    wait_until_written(company)
    assert texts(path) == ["one", "two"]


BESIDE = ("-wal", "-shm")


@pytest.mark.parametrize("ends", [BESIDE[:1], BESIDE[1:], BESIDE])
@pytest.mark.parametrize("replaced", [False, True])
def test_what_is_removed_beside_the_file_is_made_anew_and_nothing_is_lost(
    company: Company,
    op: Peer,
    path: Path,
    ends: tuple[str, ...],
    replaced: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "before")
    bob.read_line()
    for end in ends:
        beside = Path(f"{path}{end}")
        beside.unlink()
        if replaced:
            beside.write_bytes(b"rubbish")
    company.say(ann, "just after")
    bob.read_line()
    assert company.hub.store.check()
    assert op.read_until("made it anew")[-1] == (
        f" * {path}{ends[0]} was removed or replaced: gchat has written everything to the history "
        f"file {path} and made it anew."
    )
    assert company.hub.store.trouble == ""
    company.say(ann, "afterwards")
    bob.read_line()
    wait_until_written(company)
    assert Path(f"{path}-wal").stat().st_size
    assert texts(path) == ["before", "just after", "afterwards"]
    assert company.hub.store.check()
    assert len([text for text in caplog.messages if "made it anew" in text]) == 1


def test_a_search_that_takes_long_is_not_broken_off_for_a_file_that_is_removed(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 0.05)
    store.append(batches(*entries(1)))
    end = threading.Event()
    search = store._threads.searcher.submit(
        lambda file: end.wait(DEADLINE) and file.execute("SELECT 7").fetchone()
    )
    wait_until(lambda: search.has_begun, "it has begun")
    Path(f"{path}-wal").unlink()
    assert not store.check()
    assert f"{path}-wal was removed or replaced, and it does not answer" in store.trouble
    end.set()
    search.wait(DEADLINE)
    assert search.result == (7,)
    assert store.check()
    wait_until(lambda: not store.trouble, "it is written again")
    assert texts(path) == ["text 1"]


def test_while_another_program_uses_the_file_what_is_said_is_kept_for_it(
    company: Company, op: Peer, path: Path
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "before")
    bob.read_line()
    with subprocess.Popen(
        [sys.executable, "-c", USE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"open\n"
        Path(f"{path}-wal").unlink()
        for _ in range(2):
            assert not company.hub.store.check()
        assert (
            f"cannot be written: {path}-wal was removed or replaced, and another program has it "
            "open." in op.read_until("cannot be written")[-1]
        )
        company.say(ann, "meanwhile")
        assert bob.read_line() == "ann: meanwhile\n"
        assert "(1 message in memory)" in company.hub.store.trouble
        alone = Path(shutil.copy(path, path.with_name("copy")))
        assert texts(alone) == ["before"]
        other.communicate()
    assert company.hub.store.check()
    op.read_until("written again: 1 message from memory")
    assert texts(path) == ["before", "meanwhile"]


USE = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
file.execute("PRAGMA application_id").fetchone()
print("open", flush=True)
sys.stdin.read()
"""
"""Another program that has the file open, and reads nothing at the moment."""


def test_a_disk_that_does_not_answer_has_not_lost_the_file(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> bool:
        raise OSError

    monkeypatch.setattr(store._lock, "is_under_its_name", fail)
    assert store.check()
    assert not store.trouble
