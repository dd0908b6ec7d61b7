"""A hub with a history file, and a lobby that keeps little in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gchat.jobs.recorder import Recorder
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import Company


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(str(tmp_path / "chat.db"))
    yield store
    store.close()


@pytest.fixture
def company(store: SqliteStore) -> Iterator[Company]:
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        company.room.log._max_messages = 64
        yield company
