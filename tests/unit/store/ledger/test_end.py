"""store.sqlite.ledger: the end waits for a file that cannot be written, but not for ever."""

import sqlite3
from contextlib import closing
from pathlib import Path

import gevent
import pytest

from gchat.jobs.recorder import Recorder
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import DEADLINE, Company
from tests.unit.store.ledger.failing_file import (
    Hanging,
    fail,
    full,
    locked,
    texts,
)


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
