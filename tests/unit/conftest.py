"""Fixtures for the tests of modules."""

from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from tests.unit.peers import Company


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
def company() -> Iterator[Company]:
    """A hub with a broadcaster at work."""
    with Company() as company:
        yield company
