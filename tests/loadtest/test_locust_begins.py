"""The load test does not begin where it could not tell anything, or would disturb people."""

import os
import socket
import subprocess
import sys
import threading

import pytest

from tests.blackbox.server import ROOT, Server
from tests.loadtest.locust_runs import DEADLINE, in_processes, run_locust


def told(port: int | None, *options: str) -> tuple[int, str]:
    """The exit status of a run against `port` that must not begin, and the line that says why."""
    line = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", "--headless"]
    line += ["-t", "1s", *options, *(["--host", f"tcp://127.0.0.1:{port}"] if port else [])]
    environment = {name: value for name, value in os.environ.items() if name[:7] != "LOCUST_"}
    run = subprocess.run(
        line,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    lines = [said for said in run.stderr.splitlines() if said.startswith("locustfile.py: ")]
    assert len(lines) == 1, run.stderr
    assert "verdict" not in run.stdout
    return run.returncode, lines[0]


def test_a_run_without_a_host_does_not_begin() -> None:
    status, line = told(None)
    assert (status, "--host is missing" in line) == (1, True)


def test_a_run_against_a_port_where_nobody_listens_does_not_begin() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    status, line = told(port)
    assert (status, f"cannot connect to tcp://127.0.0.1:{port}: " in line) == (1, True)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_server_where_people_are_is_let_alone(server: Server, processes: int) -> None:
    with (
        socket.create_connection(server.address, DEADLINE) as ann,
        ann.makefile("rb") as lines,
    ):
        assert b"Welcome" in lines.readline()
        ann.sendall(b"/join tea\n")  # not where newcomers are
        assert any(b"You are in #tea" in line for line in lines)
        status, line = told(server.address[1], *in_processes(processes))
        assert (status, "1 client is on tcp://" in line, "--anyway" in line) == (1, True, True)
        status, verdict = run_locust(server.address[1], "--anyway")
        assert (status, verdict[1]) == (0, "passed")
        ann.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody has come near her
            ann.recv(1)


def test_what_does_not_answer_as_a_chat_server_is_let_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        threading.Thread(target=answer_nothing, args=[mute], daemon=True).start()
        status, line = told(mute.getsockname()[1])
    assert (status, "does not say who is there" in line) == (1, True)


def answer_nothing(listener: socket.socket) -> None:
    """End the input of one who asks, without a word."""
    asking, _ = listener.accept()
    with asking:
        asking.shutdown(socket.SHUT_WR)
        while asking.recv(100):
            pass
