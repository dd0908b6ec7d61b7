"""The server's figures are those of the process that listens, and are shown."""

import json
import re
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.blackbox.http_clients import post
from tests.blackbox.server import Server
from tests.loadtest.locust_runs import DEADLINE, start_locust

# Locust looks for the locustfile's modules beside it, so they are in no package.
sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

import server_figures
from server_figures import Figures, NotFound, growth, summary


def test_the_figures_are_those_of_whom_the_port_belongs_to(server: Server) -> None:
    looked_at = server_figures.Server(server.address[1])
    server.person()  # has its loop close what the start has left open
    before = looked_at.display()
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(socket.create_connection(server.address, DEADLINE))
        deadline = time.monotonic() + DEADLINE
        while (now := looked_at.display()).descriptors < before.descriptors + 20:
            assert time.monotonic() < deadline
        assert now.clients == before.clients + 20
    process = psutil.Process(server.process.pid)
    assert abs(now.memory - process.memory_info().rss / 2**20) < 5


def test_a_port_on_which_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotFound, match=f"port {port}"):
        server_figures.Server(port)


def test_a_summary_tells_the_first_the_most_and_the_last() -> None:
    figures = [Figures(1, 10, 30, 9, 0), Figures(2, 50, 42, 29, 20), Figures(3, 0, 31, 9, 0)]
    assert summary(figures) == (
        "CPU 20 % (most 50 %); memory MiB 30 at first, 42 most, 31 last; "
        "descriptors 9 at first, 29 most, 9 last; clients 0 at first, 20 most, 0 last"
    )


def test_what_was_said_is_no_growth(server: Server) -> None:
    looked_at = server_figures.Server(server.address[1])
    before = looked_at.logs()
    for _ in range(10):
        post(server, "/lobby", *["x" * 1000] * 60)
    grown = looked_at.logs() - before
    assert 600_000 < grown * 2**20 < 700_000
    first, last = Figures(1, 0, 30, 9, 0), Figures(2, 0, 45, 9, 0)
    assert growth(first, last, 5.5, 10) == ""
    found = growth(first, last, 4.5, 10)
    assert found == "the server has grown by 10.5 MiB, over 10, and its logs by 4.5"


def test_they_are_beside_the_verdict_and_in_the_report(server: Server, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    with start_locust(server.address[1], "-t", "3s", "--html", str(report)) as run:
        output, _ = run.communicate(timeout=DEADLINE)
    assert re.search(r"^server: CPU .* clients 0 at first, 8 most, 0 last$", output, re.M), output
    drawn = re.search(r"<script>draw\((.*)\)</script>", report.read_text())
    assert drawn
    assert max(moment["clients"] for moment in json.loads(drawn[1])) == 8
    shown = re.search(r'<body><pre id="verdict".*?>(.*?)</pre>', report.read_text(), re.S)
    assert shown
    assert shown[1].startswith("verdict: passed: 8 users")
    assert "\ndelivery: 50% within " in shown[1]


def test_they_are_in_the_web_ui(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--autostart", "--web-host", "127.0.0.1", "--web-port", str(port), "-t", "30s"]
    with start_locust(server.address[1], *options, headless=False) as run:

        def get(path: str, form: bytes | None = None) -> str:
            url = f"http://127.0.0.1:{port}{path}"
            with urllib.request.urlopen(url, form, timeout=30) as answer:
                return str(answer.read().decode())

        deadline = time.monotonic() + DEADLINE
        while True:
            assert time.monotonic() < deadline
            try:
                figures = json.loads(get("/server/figures"))
            except OSError:  # it does not listen yet
                figures = []
            if any(moment["clients"] == 8 for moment in figures):
                break
        assert "follow()" in get("/server")
        assert '"key": "server"' in get("/")
        shown = json.loads(get("/stats/requests"))["extended_stats"][0]["data"]
        assert {row["figure"]: row["most"] for row in shown}["clients"] == "8"
        while True:
            assert time.monotonic() < deadline
            line = json.loads(get("/stats/requests"))["extended_stats"][1]["data"][0]["line"]
            if re.match(r"good so far: 8 users, [1-9]\d* messages, [1-9]\d* deliveries, ", line):
                break
        assert " 0 missing" not in line  # it is not known yet
        get("/stop", b"")
        while not line.startswith("passed: 8 users"):
            assert time.monotonic() < deadline
            line = json.loads(get("/stats/requests"))["extended_stats"][1]["data"][0]["line"]
        assert ">verdict: passed: 8 users" in get("/stats/report")
        run.send_signal(signal.SIGINT)
        output, _ = run.communicate(timeout=DEADLINE)
    assert "verdict: passed" in output


def test_a_server_that_has_grown_fails(server: Server) -> None:
    with start_locust(server.address[1], "-t", "3s", "--max-growth", "100") as run:
        output, _ = run.communicate(timeout=DEADLINE)
        assert (run.returncode, "the server has grown" in output) == (0, False), output
    with (
        start_locust(server.address[1], "-t", "6s", "--max-growth", "100") as run,
        ExitStack() as stack,
    ):
        looked_at = server_figures.Server(server.address[1])
        deadline = time.monotonic() + DEADLINE
        while looked_at.display().clients < 8:  # its first look is before these
            assert time.monotonic() < deadline
        stack.enter_context(socket.create_connection(server.address, DEADLINE))
        output, _ = run.communicate(timeout=DEADLINE)
        assert (run.returncode, "verdict: failed" in output) == (1, True), output
    assert "; the server has grown by 1 descriptors" in output


def test_a_run_is_started_on_the_page_with_chatters_and_not_where_people_are(
    server: Server,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--class-picker", "--web-port", str(port)]
    with start_locust(server.address[1], *options, headless=False) as run:

        def ask(path: str, form: str | None = None) -> str:
            url, data = f"http://127.0.0.1:{port}{path}", form.encode() if form else None
            deadline = time.monotonic() + DEADLINE
            while True:
                try:
                    with urllib.request.urlopen(url, data, timeout=30) as answer:
                        return str(answer.read().decode())
                except urllib.error.URLError:  # it does not listen yet
                    assert time.monotonic() < deadline
                    time.sleep(0.05)

        offered = ask("/")
        assert '"available_user_classes": ["Chatter"]' in offered
        assert '"Flooder": {' in offered  # can be picked
        addresses = {
            connection.laddr[0]
            for connection in psutil.Process(run.pid).net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert addresses == {"127.0.0.1"}
        with (
            socket.create_connection(server.address, DEADLINE) as ann,
            ann.makefile("rb") as lines,
        ):
            assert b"Welcome" in lines.readline()
            refused = json.loads(ask("/swarm", "user_count=2&spawn_rate=2"))
            assert (refused["success"], "1 client is on" in refused["message"]) == (False, True)
        started = json.loads(ask("/swarm", "user_count=2&spawn_rate=2"))
        assert (started["success"], started["user_classes"]) == (True, ["Chatter"])
