"""Fixtures for the tests of modules."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gevent
import pytest

from gchat.jobs import recorder
from gchat.jobs.recorder import Recorder
from gchat.store.base import Store
from gchat.store.memory import MemoryStore
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import Company
from tests.unit.stores import FOREIGN_LINES


@pytest.fixture(autouse=True)
def greenlet_errors(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """An exception that ends a greenlet is only printed by gevent; here it fails the test.

    A test that expects one takes it out.
    """
    hub = gevent.get_hub()
    handle_error = hub.handle_error
    errors: list[BaseException] = []

    def keep(context: Any, kind: Any, error: Any, traceback: Any) -> None:
        if not issubclass(kind, hub.NOT_ERROR):
            errors.append(error)
        handle_error(context, kind, error, traceback)

    monkeypatch.setattr(hub, "handle_error", keep)
    yield errors
    assert not errors


@pytest.fixture
def store() -> Store:
    """What the company's hub has as its store, unless a folder or a module has another one."""
    return MemoryStore()


@pytest.fixture
def store_in_file(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store in a history file, for a folder or a module that wants one as `store`."""
    with closing(SqliteStore(str(tmp_path / "chat.db"))) as store:
        yield store


@pytest.fixture
def company(
    store: Store, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Company]:
    """A hub with a broadcaster at work, and a recorder if its store needs one."""
    monkeypatch.setattr(recorder, "RETRY", 0.01)
    with Company(store=store, pass_over=FOREIGN_LINES) as company:
        company.goes_on_when_placed = request.node.get_closest_marker("placed") is not None
        if not company.hub.store.places_at_once:
            company.start(Recorder(company.hub).run)
            company.records = True
        yield company
