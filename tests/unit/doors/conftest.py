"""Newcomers who take no name, as most do in these tests, are announced without much delay."""

import ssl
from shutil import which

import pytest

from gchat.doors.certificate import Certificate
from gchat.model import presence
from gchat.runtime.self_signed import make_certificate
from tests.unit.doors.tls_peer import Client


@pytest.fixture(autouse=True)
def _names_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "NAME_PATIENCE", 0.05)


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
