"""People for the tests of commands."""

import pytest

from gchat.model import presence
from gchat.store.base import Store
from tests.unit.commands.typing_lines import at, person
from tests.unit.peers import Company, Peer
from tests.unit.stores import MEMORY_FIRST


@pytest.fixture(autouse=True)
def _tell_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes and leaves is not told later, together with others."""
    monkeypatch.setattr(presence, "INTERVAL", 0.0)


@pytest.fixture(params=MEMORY_FIRST)
def store(request: pytest.FixtureRequest) -> Store:
    """Each of the stores that commands have to do with."""
    store: Store = request.param()
    return store


@pytest.fixture
def op(company: Company) -> Peer:
    """An operator, called `op`, from another address than the others."""
    op = at(person(company, "op"), "10.0.0.1")
    op.client.operator = True
    return op


@pytest.fixture
def ann(company: Company) -> Peer:
    return at(person(company, "ann"), "10.1.0.1")


@pytest.fixture
def bob(company: Company) -> Peer:
    return at(person(company, "bob"), "10.1.0.2")


@pytest.fixture
def cy(company: Company) -> Peer:
    return person(company, "cy")
