"""A server with a history file, and two people with a token."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gchat.doors import opening
from gchat.model import presence
from tests.unit.commands.typing_lines import person
from tests.unit.hub.resumption.returning import (
    Server,
    named,
)
from tests.unit.peers import Company, Peer


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comings and goings are told at once, and who is silent is so from the start."""
    monkeypatch.setattr(presence, "INTERVAL", 0.0)
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(str(tmp_path / "chat.db"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def company(server: Server) -> Company:
    return server.company


@pytest.fixture
def bob(company: Company) -> Peer:
    return person(company, "bob")


@pytest.fixture
def ann(company: Company) -> Peer:
    return named(company, "ann")
