"""Runs of the load test, against a server or a faulty proxy, and their verdicts."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.blackbox.server import ROOT
from tests.loadtest.faulty_proxy import BEFORE

USERS = 8

DEADLINE = 45.0
"""Seconds for a run of four or five and what belongs to it."""

VERDICT = re.compile(
    r"^verdict: (passed|failed): (\d+) users(?: and \d+ who only send)?, "
    r"(\d+) messages, (\d+) deliveries, (.*)$",
    re.M,
)


def run_locust(port: int, *options: str, seconds: int = 4) -> tuple[int, re.Match[str]]:
    """The exit status of a run against `port`, and its verdict."""
    with start_locust(port, "-t", f"{seconds}s", *options) as run:
        return result(run)


@contextmanager
def start_locust(
    port: int, *options: str, headless: bool = True
) -> Iterator["subprocess.Popen[str]"]:
    """A run against `port`; it is killed if it has not ended with the block."""
    line = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py"]
    line += ["--headless"] if headless else []
    line += ["-u", str(USERS), "-r", str(USERS), "--only-summary"]
    line += ["--host", f"tcp://127.0.0.1:{port}", "--drain", "2", "--think", "0.2", *options]
    with subprocess.Popen(
        line,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        try:
            yield run
        finally:
            run.kill()


def result(run: "subprocess.Popen[str]") -> tuple[int, re.Match[str]]:
    """Wait until `run` has ended; returns its exit status and its verdict."""
    output, _ = run.communicate(timeout=DEADLINE)
    verdict = VERDICT.search(output)
    assert verdict, output
    return run.returncode, verdict


def in_processes(number: int) -> list[str]:
    """The options for users in one process, or in several besides the one that coordinates them.

    That one listens on a port which locust cannot choose itself, and other runs must not share.
    """
    if number == 1:
        return []
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return ["--processes", str(number), "--master-bind-port", port, "--master-port", port]


@contextmanager
def faulty_proxy(
    port: int, fault: str, before: int = BEFORE, *, late: float = 0.0
) -> Iterator[int]:
    """The port of a proxy before `port` that commits `fault`, behind so many messages.

    What a client sends first is `late`, in seconds.
    """
    line = [sys.executable, "-m", "tests.loadtest.faulty_proxy", str(port), fault]
    line += map(str, (before, late))
    with subprocess.Popen(
        line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as proxy:
        assert proxy.stdout
        yield int(proxy.stdout.readline())
        proxy.communicate(timeout=DEADLINE)


def surplus(verdict: re.Match[str]) -> int:
    """Deliveries beyond one of each message to each of the others."""
    users, messages, deliveries = map(int, verdict.groups()[1:4])
    assert users == USERS
    assert messages > 0
    return deliveries - messages * (users - 1)


def assert_passed(status: int, verdict: re.Match[str]) -> None:
    assert (verdict[1], verdict[5]) == ("passed", "0 missing, 0 repeated, 0 out of order")
    assert status == 0
