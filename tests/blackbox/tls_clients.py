"""Clients inside TLS: the same as outside, ncat and openssl, and a bare handshake."""

import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

from tests.blackbox.connection import Connection, JsonProgram, Person, Program
from tests.blackbox.server import Server
from tests.blackbox.waiting import DEADLINE


def any_certificate(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A client's settings that trust whatever comes, perhaps with one `version` only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    return context


class _InsideTls(Connection):
    """A connection that has gone on inside TLS before anything was said."""

    context = any_certificate()

    def __init__(self, *where: Any) -> None:
        super().__init__(*where)
        try:
            # Without an end of TLS, reading is an error.
            self.socket = self.context.wrap_socket(self.socket, suppress_ragged_eofs=False)
        except BaseException:
            self.socket.close()
            raise

    @property
    def inside(self) -> ssl.SSLSocket:
        """The connection's socket."""
        assert isinstance(self.socket, ssl.SSLSocket)
        return self.socket

    def end_input(self) -> None:
        """Say that nothing more will come, as ncat does: TLS itself is not ended."""
        socket.socket.shutdown(self.socket, socket.SHUT_WR)


class TlsConnection(_InsideTls):
    """Somebody inside TLS who has not made up their mind whether to be a person."""


class TlsPerson(_InsideTls, Person):
    """A person inside TLS."""


class TlsProgram(_InsideTls, Program):
    """A program inside TLS."""


class TlsJsonProgram(_InsideTls, JsonProgram):
    """A program that speaks JSON inside TLS."""


def person(server: Server, name: str | None = None, receive_buffer: int | None = None) -> TlsPerson:
    """Somebody inside TLS who has been welcomed, and is called `name` if there is one."""
    newcomer = server._add(TlsPerson(server.address, receive_buffer))
    newcomer.be_welcomed()
    if name:
        newcomer.take_name(name)
    return newcomer


def run(*line: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What a client prints, and its exit status."""
    return subprocess.run(line, input=given, capture_output=True, timeout=DEADLINE, check=False)


def client_hello(context: ssl.SSLContext | None = None) -> bytes:
    """The first bytes of a client."""
    outgoing = ssl.MemoryBIO()
    client = (context or any_certificate()).wrap_bio(ssl.MemoryBIO(), outgoing)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake cannot be over so soon")


def make_pem(folder: Path, name: str, kind: str = "ec") -> tuple[Path, Path]:
    """A new certificate and its key."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    curve = ("-pkeyopt", "ec_paramgen_curve:prime256v1") if kind == "ec" else ()
    ended = run(
        *("openssl", "req", "-x509", "-newkey", kind, *curve, "-nodes", "-days", "2"),
        *("-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate)),
    )
    assert ended.returncode == 0, ended
    return certificate, key


def fingerprint_of(certificate: Path) -> str:
    """What openssl says of a certificate."""
    ended = run("openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(certificate))
    return ended.stdout.decode().strip().rpartition("=")[2]
