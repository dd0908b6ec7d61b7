"""Newcomers who are announced without much delay, a listener, and connections inside TLS."""

import ssl
from collections.abc import Iterator
from shutil import which
from typing import Any

import pytest

from gchat.doors import opening, visit
from gchat.doors.certificate import Certificate
from gchat.model import presence
from gchat.runtime.self_signed import make_certificate
from tests.unit.doors.tls_peer import Client, Make, TlsPeer
from tests.unit.peers import Company, Peer


@pytest.fixture(autouse=True)
def _names_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "NAME_PATIENCE", 0.05)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in a session takes long: neither its quiet moment nor its end."""
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.02)
    monkeypatch.setattr(visit, "LINGER", 0.2)
    monkeypatch.setattr(presence, "INTERVAL", 0.05)


@pytest.fixture
def listener(company: Company) -> Peer:
    """Somebody called `listener` who is there already."""
    return company.join("listener")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """One that a server has made for itself."""
    if not which("openssl"):
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    make_certificate(path)
    return Certificate(str(path), is_own=True)


@pytest.fixture(scope="session")
def server_context(certificate: Certificate) -> ssl.SSLContext:
    """What a server's connections are made with, for most clients."""
    return certificate.context_for(Client().shake_hands())


@pytest.fixture
def make(server_context: ssl.SSLContext) -> Iterator[Make]:
    peers: list[TlsPeer] = []

    def make(context: ssl.SSLContext | None = None, **more: Any) -> TlsPeer:
        peers.append(TlsPeer(server_context, context, **more))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()
