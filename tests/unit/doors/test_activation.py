"""doors.activation: listening sockets that the service manager passes."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from gchat.doors import activation
from gchat.doors.activation import VARIABLES, passed_sockets
from gchat.doors.listener import CannotListen, listen

FIRST = 900
"""The first descriptor that is passed here: those below it may be anybody's."""

OPTIONS = [
    (socket.SOL_SOCKET, socket.SO_SNDBUF),
    (socket.SOL_SOCKET, socket.SO_RCVBUF),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
]
MOST_WAITING = slice(28, 32)
"""Where TCP_INFO has the backlog of a listening socket: the field is called tcpi_sacked."""


class Manager:
    """Passes sockets to this process, as systemd does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(activation, "FIRST", FIRST)
        self.descriptors: list[int] = []

    def hand_over(self, *sockets: socket.socket, process: int | None = None) -> None:
        for number, each in enumerate(sockets, FIRST):
            os.dup2(each.fileno(), number, inheritable=True)
            each.close()
            self.descriptors.append(number)
        self.tell(str(process or os.getpid()), str(len(sockets)))

    def tell(self, process: str, count: str) -> None:
        for name, value in zip(VARIABLES, (process, count, "names"), strict=False):
            self._monkeypatch.setenv(name, value)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    manager = Manager(monkeypatch)
    yield manager
    for number in manager.descriptors:
        with suppress(OSError):
            os.close(number)


def a_listener(host: str = "127.0.0.1") -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, 0), family=family, backlog=1)


def settings_of(listener: socket.socket) -> list[int | bytes]:
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, MOST_WAITING.stop)
    return [*(listener.getsockopt(*option) for option in OPTIONS), info[MOST_WAITING]]


def test_a_passed_socket_is_like_one_that_the_server_has_opened(manager: Manager) -> None:
    manager.hand_over(a_listener(), a_listener("::1"))
    passed, _ = passed_sockets(60)
    (own,) = listen("127.0.0.1", 0, 60)
    with own, passed[0], passed[1]:
        assert [each.getsockname()[0] for each in passed] == ["127.0.0.1", "::1"]
        for each in passed:
            assert settings_of(each) == settings_of(own)
            assert not each.get_inheritable()
            with socket.create_connection(each.getsockname()[:2]):
                each.accept()[0].close()


def test_connections_that_have_come_before_get_the_same_options(manager: Manager) -> None:
    listener = a_listener()
    address = listener.getsockname()
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(socket.create_connection(address))
        manager.hand_over(listener)
        (passed,), early = passed_sockets(60)
        stack.enter_context(passed)
        stack.enter_context(socket.create_connection(address))
        assert early
        found = []
        for _ in range(3):
            accepted = stack.enter_context(passed.accept()[0])
            early.equip(passed, accepted)
            found.append([accepted.getsockopt(*option) for option in OPTIONS])
        assert found[0] == found[1] == found[2]
        assert not early


def test_what_told_of_them_is_taken_out_of_the_environment(manager: Manager) -> None:
    manager.hand_over(a_listener())
    for each in passed_sockets(60)[0]:
        each.close()
    assert not os.environ.keys() & {*VARIABLES}
    assert passed_sockets(60)[0] == []


@pytest.mark.parametrize(
    ("process", "count"),
    [("1", "1"), ("", "1"), (str(os.getpid()), "x")],
    ids=["another process", "no process", "no number"],
)
def test_what_is_meant_for_another_process_is_left_alone(
    manager: Manager, process: str, count: str
) -> None:
    manager.tell(process, count)
    assert passed_sockets(60)[0] == []
    assert not os.environ.keys() & {*VARIABLES}


def test_what_is_no_listening_socket_of_tcp_is_refused(manager: Manager, tmp_path: Path) -> None:
    connecting = socket.socket()
    datagrams = socket.socket(type=socket.SOCK_DGRAM)
    local = socket.socket(socket.AF_UNIX)
    local.bind(str(tmp_path / "socket"))
    local.listen()
    for wrong in (connecting, datagrams, local):
        manager.hand_over(wrong)
        with pytest.raises(CannotListen, match="no TCP socket that listens"):
            passed_sockets(60)


def test_a_descriptor_that_is_not_there_is_refused(manager: Manager) -> None:
    manager.tell(str(os.getpid()), "1")
    with pytest.raises(CannotListen, match=f"descriptor {FIRST}, .*: Bad file descriptor"):
        passed_sockets(60)
