"""runtime.service_manager: what systemd is told."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import gevent
import pytest
from gevent import monkey

from gchat.runtime.service_manager import ServiceManager

block = monkey.get_original("time", "sleep")
StandardSocket = monkey.get_original("socket", "socket")


class Told:
    """The end of a datagram socket at which systemd listens."""

    def __init__(self, address: str) -> None:
        self._socket = StandardSocket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)

    def messages(self) -> list[str]:
        messages: list[str] = []
        with suppress(BlockingIOError):
            while True:
                messages.append(self._socket.recv(4096).decode())
        return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def told(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Told]:
    name = str(tmp_path / "notify") if request.param == "path" else f"gchat-test-{os.getpid()}"
    is_abstract = request.param == "abstract"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if is_abstract else name)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    told = Told(f"\0{name}" if is_abstract else name)
    yield told
    told.close()


def test_states_are_told_and_the_environment_is_clean(told: Told) -> None:
    manager = ServiceManager()
    manager.tell("READY=1")
    manager.tell_reloading()
    manager.tell("STOPPING=1")
    first, second, third = told.messages()
    assert (first, third) == ("READY=1", "STOPPING=1")
    assert second.startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert manager.watchdog == 0
    assert "NOTIFY_SOCKET" not in os.environ


def test_signs_of_life_come_from_the_loop_and_not_while_it_is_blocked(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    manager = ServiceManager()
    assert manager.watchdog == 0.02
    telling = gevent.spawn(manager.keep_telling)
    with gevent.Timeout(30):
        while not told.messages():
            gevent.sleep(0.001)
    block(0.1)
    assert told.messages() == []
    with gevent.Timeout(30):
        while told.messages()[:1] != ["WATCHDOG=1"]:
            gevent.sleep(0.001)
    telling.kill()
    assert "WATCHDOG_USEC" not in os.environ


def test_a_watchdog_for_another_process_needs_no_signs(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert ServiceManager().watchdog == 0


def test_without_a_service_manager_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceManager().tell("READY=1")


def test_one_that_does_not_listen_costs_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    ServiceManager().tell("READY=1")
    assert caplog.messages == ["cannot tell the service manager READY=1: No such file or directory"]
