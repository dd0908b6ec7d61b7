"""doors.http: what a server answers that is not well, that fails, and whom it tells its figures."""

import json
from collections.abc import Callable, Iterator

import pytest

from gchat.doors import http
from gchat.doors.admission import Admission
from gchat.doors.http import HttpDoor
from gchat.doors.newcomer import Newcomer
from gchat.doors.opening import greet
from gchat.doors.reception import Reception
from gchat.hub.connection import Connection
from gchat.hub.hub import Hub
from gchat.protocol.first_bytes import Protocol
from gchat.runtime.watchdog import Delay
from gchat.store.memory import MemoryStore
from gchat.text.addresses import network_of
from tests.unit.peers import Company, Peer, connect, wait_until

GET = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"
TROUBLE = "The history file cannot be written: disk full (3 messages in memory)"


class Troubled(MemoryStore):
    """A store that cannot be written."""

    trouble = TROUBLE
    unwritten = 3


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gchat.doors.admission.LINGER", 0.01)


class Visited:
    """The door, and a hub behind it."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.hub = company.hub
        self.admission = Admission(company.hub)
        self.door = HttpDoor(Reception(company.hub, self.admission))

    def begin(self, path: str, host: str = "127.0.0.1", buffer: int = 0) -> tuple[Connection, Peer]:
        """Have a request for `path` be answered."""
        connection, peer = connect(buffer or None)
        peer.send(GET.format(path).encode())
        greeting = greet(connection)
        assert greeting.protocol == Protocol.HTTP
        newcomer = Newcomer(connection, f"{host}:1", network_of(host.strip("[]")))
        self.company.start(self.door.admit, newcomer, greeting)
        return connection, peer

    def ask(self, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
        """The status and the body of the answer to a request for `path`."""
        connection, peer = self.begin(path, host)
        head, _, body = peer.read_to_end().decode().partition("\r\n\r\n")
        wait_until(lambda: connection._socket.fileno() < 0, "it is closed")
        peer.close()
        return int(head.split(" ")[1]), body


@pytest.fixture
def visited(company: Company) -> Iterator[Visited]:
    visited = Visited(company)
    yield visited
    visited.admission._spare.close()


def be_late_now_and_then(hub: Hub) -> None:
    hub.watchdog.delay = lambda: Delay(2.0, 0.01)  # type: ignore[method-assign]


def be_late(hub: Hub) -> None:
    hub.watchdog.delay = lambda: Delay(1.0, 0.5)  # type: ignore[method-assign]


def be_blocked(hub: Hub) -> None:
    hub.watchdog.delay = lambda: Delay(9.0, 0.0)  # type: ignore[method-assign]


def be_troubled(hub: Hub) -> None:
    hub.store = Troubled()


@pytest.mark.parametrize(
    ("happens", "trouble"),
    [
        (be_late_now_and_then, []),
        (be_late, ["loop"]),
        (be_blocked, ["loop"]),
        (be_troubled, ["history"]),
    ],
)
def test_a_server_that_is_not_well_says_what_is_wrong(
    visited: Visited, happens: Callable[[Hub], None], trouble: list[str]
) -> None:
    happens(visited.hub)
    status, body = visited.ask("/healthz")
    assert status == (503 if trouble else 200)
    assert json.loads(body)["trouble"] == trouble
    assert "disk" not in body


def test_who_asks_a_server_that_ends_is_told_that_it_does(visited: Visited) -> None:
    visited.hub.shutdown.closing = True
    status, body = visited.ask("/healthz")
    assert (status, body) == (503, "The server is going down\n")


def test_the_figures_tell_what_the_file_is_owed(visited: Visited) -> None:
    be_troubled(visited.hub)
    status, body = visited.ask("/metrics")
    assert status == 200
    assert "\ngchat_unwritten_messages 3\n" in body
    assert "\ngchat_history_trouble 1\n" in body


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", 200), ("127.1.2.3", 200), ("[::1]", 200), ("10.1.2.3", 200), ("10.2.0.1", 403)],
)
def test_the_figures_are_for_this_machine_and_those_that_are_named(
    visited: Visited, host: str, expected: int
) -> None:
    visited.hub.settings.metrics_from = (network_of("10.1.2.3"),)
    assert visited.ask("/metrics", host)[0] == expected
    assert visited.ask("/healthz", host)[0] == 200


def test_a_mistake_of_ours_costs_one_request_and_is_reported(
    visited: Visited, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gchat.doors.http_pages.render", lambda _: 1 / 0)
    status, body = visited.ask("/metrics")
    assert (status, body) == (500, "Internal error; details are in the server's log\n")
    assert "cannot answer an HTTP request of 127.0.0.1:1" in caplog.text
    assert visited.ask("/healthz")[0] == 200


@pytest.mark.parametrize("reads", [True, False])
def test_a_long_answer_is_sent_to_the_end_or_given_up(
    visited: Visited, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    monkeypatch.setattr("gchat.doors.http_pages.render", lambda _: "long " * 100_000)
    if not reads:
        monkeypatch.setattr(http, "ANSWER_TIME", 0.05)
    connection, peer = visited.begin("/metrics", buffer=8192)
    if reads:
        assert peer.read_to_end().count(b"long ") == 100_000
    wait_until(lambda: connection._socket.fileno() < 0, "it is closed")
    peer.close()
