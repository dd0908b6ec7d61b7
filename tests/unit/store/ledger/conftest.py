"""A hub whose history file is a real one, and is tried again soon when it cannot be written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gchat.jobs.recorder import Recorder
from gchat.store.sqlite import ledger
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import Company, Peer
from tests.unit.store.ledger.failing_file import (
    Hanging,
)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "FAILED_PAUSE", 0.01)
    monkeypatch.setattr(ledger, "LOCKED_PAUSE", 0.01)
    monkeypatch.setattr(ledger, "TELL_AFTER", 0.1)


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


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    hanging = Hanging(monkeypatch)
    yield hanging
    hanging.end()
