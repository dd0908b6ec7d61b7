"""From nc to TLS and back with a token, by readers that are slow and break off: it all adds up.

The checker (tests.checker) judges what the reader has been shown on all its connections.
"""

import json
import re
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from random import Random
from shutil import which

import pytest

from tests.blackbox.connection import Connection
from tests.blackbox.http_clients import curl
from tests.blackbox.kernel import WINDOW_PROBE, server_side
from tests.blackbox.server import Server
from tests.blackbox.tls_clients import any_certificate
from tests.blackbox.waiting import wait_until
from tests.checker.histories import History, Line, Witness, faults
from tests.conftest import StartServer

pytestmark = pytest.mark.skipif(
    not (which("openssl") and which("curl")), reason="openssl or curl is not installed"
)

SMALL = 4096
"""Bytes that a connection takes for one who does not read; the kernel doubles them."""

VISITS, LINES = 6, 2000
LAST = "the end"
SAID = re.compile(r"(?:\[.*?\] )?bob: (.*)")


class Visit:
    """One connection of the reader, which resumes at once."""

    def __init__(self, server: Server, token: str, inside: bool) -> None:
        self.connection = server._add(Connection(server.address, SMALL))
        self.lines: list[str] = []
        self._begun = b""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = any_certificate().wrap_bio(self._incoming, self._outgoing) if inside else None
        if self._tls:
            self._shake_hands(self._tls)
        self._send(f"/resume {token}\n".encode())
        while "Welcome back! You are ann" not in " ".join(self.lines):
            self.read(500)

    def _shake_hands(self, tls: ssl.SSLObject) -> None:
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                self.connection.send(self._outgoing.read())
                self._incoming.write(self.connection.socket.recv(500))
            else:
                return

    def _send(self, data: bytes) -> None:
        if self._tls:
            self._tls.write(data)
            data = self._outgoing.read()
        self.connection.send(data)

    def read(self, size: int, flags: int = 0) -> None:
        """Read at most `size` bytes, and the lines that they end."""
        data = self.connection.socket.recv(size, flags)
        assert data
        if self._tls:
            self._incoming.write(data)
            data = b""
            with suppress(ssl.SSLWantReadError):
                while True:
                    data += self._tls.read(2**16)
        *lines, self._begun = (self._begun + data).split(b"\n")
        self.lines += [line.decode() for line in lines]

    def hang(self) -> None:
        """Read nothing until the kernel takes no more; what it has then has arrived."""
        wait_until(lambda: server_side(self.connection).timer == WINDOW_PROBE, "it takes no more")
        self.read(2**20, socket.MSG_PEEK)

    @property
    def said(self) -> list[str]:
        """What bob has said, of the whole lines."""
        found = map(SAID.fullmatch, self.lines)
        return [match[1] for match in found if match]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_reset", [True, False], ids=["reset", "displaced"])
def test_a_reader_that_changes_between_both_misses_nothing_and_gets_nothing_twice(
    start_server: StartServer, tmp_path: Path, seed: int, is_reset: bool
) -> None:
    random = Random(seed)
    server = start_server("--tls", "--history", str(tmp_path / "chat.db"), "--rate", "0")
    bob = server.program()
    bob.take_name("bob")
    ann = server.person("ann")
    ann.say("/token")
    token = ann.expect("To come back after a lost connection").rpartition("/resume ")[2]
    ann.unread()
    ann.reset()
    ann_shown, bob_witness = Witness(reads_to_the_end=True), Witness()
    texts: list[str] = []
    for number in range(VISITS):
        visit = Visit(server, token, inside=bool((number + seed) % 2))
        said = [
            f"{number}-{line} {'x' * random.choice((1, 40, 100, 300))}" for line in range(LINES)
        ]
        bob.say(*said)
        bob_witness.sent += said
        for _ in range(random.randrange(30)):
            visit.read(random.randrange(1, 4000))
        if number < VISITS - 1:
            visit.hang()
            if is_reset:
                visit.connection.reset()
        else:
            bob.say(LAST)
            bob_witness.sent.append(LAST)
            while LAST not in visit.said[-1:]:
                visit.read(2**16)
        texts += visit.said
    stored = [json.loads(line) for line in curl(server, "/lobby/json?poll=1").body.splitlines()]
    lines = {
        each["text"]: Line(each["place"].rpartition("-")[0], each["id"], each["text"])
        for each in stored
        if each["kind"] == "say"
    }
    ann_shown.shown = [lines.get(text, Line("", 0, text)) for text in texts]
    assert faults(History({"ann": ann_shown, "bob": bob_witness}, [*lines.values()])) == []
