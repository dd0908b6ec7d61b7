"""Started by a service manager: with its sockets, telling it how it is."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from tests.blackbox.connection import Person
from tests.blackbox.kernel import KEEPALIVE, server_side
from tests.blackbox.server import ROOT, command, environment_with
from tests.blackbox.waiting import DEADLINE, wait_until
from tests.conftest import StartServer

PASS_ON = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_PID=str(os.getpid()), "
    "LISTEN_FDS='1'); os.execv(sys.argv[2], sys.argv[2:])"
)
"""Becomes the program of its arguments, with a socket as descriptor 3, as systemd does."""


class Service:
    """A server on a socket that is somebody else's, which outlasts it."""

    def __init__(self, listener: socket.socket, log: Path) -> None:
        self._log = log
        number = listener.fileno()
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PASS_ON, str(number), *command("--port=1", "--host=::")],
                cwd=ROOT,
                env=environment_with(),
                stdin=subprocess.DEVNULL,
                stderr=file,
                pass_fds=(number,),
            )

    def log(self) -> str:
        return self._log.read_text("utf-8")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE) == 0, self.log()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_who_connects_while_no_server_runs_waits_for_the_next_one(
    listener: socket.socket, tmp_path: Path
) -> None:
    address = listener.getsockname()
    services = []
    for number in range(2):
        person = Person(address)
        service = Service(listener, tmp_path / f"log-{number}")
        services.append(service)
        try:
            person.be_welcomed()
            assert server_side(person).timer == KEEPALIVE  # as if it had come later
            service.stop()
            assert "going down" in "".join(person.rest())
        finally:
            person.close()
            service.process.kill()
            service.process.wait()
    host, port = address
    log = services[-1].log()
    assert f"listens on {host}:{port}, " in log
    assert "--host and --port are not used" in log


@pytest.mark.skipif(not which("systemd-socket-activate"), reason="systemd is not installed")
def test_systemd_starts_it_when_somebody_connects(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = [f"--listen={host}:{port}" for host in ("127.0.0.1", "127.0.0.2")]
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["systemd-socket-activate", *where, *command()],
            cwd=ROOT,
            env=environment_with(),
            stdin=subprocess.DEVNULL,
            stderr=file,
        )
    try:
        wait_until(lambda: log.read_bytes().count(b"Listening on") == 2, "systemd listens")
        first, second = Person(("127.0.0.1", port)), Person(("127.0.0.2", port))
        first.be_welcomed()
        second.be_welcomed()
        second.say("hello")
        assert first.expect("hello") == f"{second.address}: hello"
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0, log.read_text()
        first.close()
        second.close()
    finally:
        process.kill()
        process.wait()


def test_what_is_no_listening_socket_is_one_line_and_no_server(tmp_path: Path) -> None:
    with socket.socket() as idle:
        service = Service(idle, tmp_path / "log")
        assert service.process.wait(DEADLINE) == 1
    (line,) = service.log().splitlines()
    assert line.startswith("gchat: cannot listen on descriptor 3, which the service manager has")


def test_the_service_manager_is_told_how_it_is(start_server: StartServer, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(DEADLINE)
        watched = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"}
        server = start_server(environment=watched)

        def next_but_signs_of_life() -> list[str]:
            while (message := told.recv(4096)) == b"WATCHDOG=1":
                pass
            return [line.partition("=")[0] for line in message.decode().split("\n")]

        assert next_but_signs_of_life() == ["READY"]
        for _ in range(3):
            assert told.recv(4096) == b"WATCHDOG=1"
        server.signal(signal.SIGHUP)
        assert next_but_signs_of_life() == ["RELOADING", "MONOTONIC_USEC"]
        assert next_but_signs_of_life() == ["READY"]
        server.signal(signal.SIGTERM)
        assert next_but_signs_of_life() == ["STOPPING"]
        assert server.wait() == 0
