"""People for the tests of commands."""

import pytest

from chat import presence
from tests.unit.commands.typing_lines import person
from tests.unit.peers import Company, Peer


@pytest.fixture(autouse=True)
def _tell_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes and leaves is not told later, together with others."""
    monkeypatch.setattr(presence, "INTERVAL", 0.0)


@pytest.fixture
def ann(company: Company) -> Peer:
    return person(company, "ann")


@pytest.fixture
def bob(company: Company) -> Peer:
    return person(company, "bob")


@pytest.fixture
def cy(company: Company) -> Peer:
    return person(company, "cy")
