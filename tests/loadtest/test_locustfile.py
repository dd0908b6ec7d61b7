"""The load test as it is run: it passes a server that keeps its promise, and fails any other."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.blackbox.server import ROOT, Server
from tests.conftest import StartServer
from tests.loadtest.faulty_proxy import MESSAGE
from tests.loadtest.locust_runs import (
    DEADLINE,
    USERS,
    VERDICT,
    assert_passed,
    faulty_proxy,
    in_processes,
    result,
    run_locust,
    start_locust,
    surplus,
)

SCENARIOS = ROOT / "loadtest/scenarios"

EXPECTED = {
    "drop": (-1, "1 missing, 0 repeated, 0 out of order"),
    "repeat": (0, "0 missing, 1 repeated, 0 out of order"),
    "swap": (0, "0 missing, 0 repeated, 1 out of order"),
    "cut": (-1, "1 missing, 0 repeated, 0 out of order"),
    "leak": (0, "0 missing, 0 repeated, 0 out of order, 1 in a room where they were not said"),
    "garble": (0, "0 missing, 0 repeated, 0 out of order, 1 lines with control characters"),
    "announce": (0, "0 missing, 0 repeated, 0 out of order, 3 announced as missed"),
}
"""By fault, the deliveries beyond those that there should be, and the rest of the verdict."""


@pytest.mark.parametrize("processes", [1, 2])
def test_a_server_that_delivers_everything_passes(server: Server, processes: int) -> None:
    one_by_one = ["-r", str(USERS // 2)]  # nobody may talk before the last one is there
    status, verdict = run_locust(
        server.address[1], *one_by_one, *in_processes(processes), seconds=5
    )
    assert_passed(status, verdict)
    assert surplus(verdict) == 0


def test_what_is_still_under_way_when_the_talk_ends_is_waited_for(server: Server) -> None:
    with (
        faulty_proxy(server.address[1], "stall") as port,
        start_locust(port, "-t", "4s", "--drain", "15") as run,
    ):
        output, _ = run.communicate(timeout=DEADLINE)
    verdict = VERDICT.search(output)
    assert verdict, output
    assert_passed(run.returncode, verdict)
    assert surplus(verdict) == 0
    assert re.search(r"^waiting for [1-9]\d* lines? that", output, re.M), output


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_that_is_interrupted_is_judged_all_the_same(server: Server, processes: int) -> None:
    with (
        start_locust(server.address[1], "--anyway", *in_processes(processes)) as run,
        socket.create_connection(server.address, DEADLINE) as listener,
        listener.makefile("rb") as lines,
    ):
        assert any(MESSAGE.search(line) for line in lines)
        run.send_signal(signal.SIGINT)  # in the middle of a message's deliveries
        assert_passed(*result(run))


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_single_fault_fails_and_is_counted_as_what_it_is(server: Server, fault: str) -> None:
    with faulty_proxy(server.address[1], fault) as port:
        status, verdict = run_locust(port)
    assert (verdict[1], surplus(verdict), verdict[5]) == ("failed", *EXPECTED[fault])
    assert status == 1


def test_each_fault_is_counted_also_with_two_processes(server: Server) -> None:
    assert len(EXPECTED) < USERS  # each meets another one of them
    with faulty_proxy(server.address[1], "+".join(EXPECTED)) as port:
        status, verdict = run_locust(port, *in_processes(2), seconds=5)
    assert (verdict[1], surplus(verdict), counts_in(verdict[5])) == ("failed", *together())
    assert status == 1


def together() -> tuple[int, Counter[str]]:
    """What is expected if a run has all faults of EXPECTED."""
    counts = Counter[str]()
    for _, words in EXPECTED.values():
        counts += counts_in(words)
    return sum(more for more, _ in EXPECTED.values()), counts


def counts_in(words: str) -> Counter[str]:
    """The numbers in `1 missing, 0 repeated`, but for zeros."""
    counts = (part.split(" ", 1) for part in words.split(", "))
    return +Counter({what: int(number) for number, what in counts})


@pytest.mark.parametrize("processes", [1, 2])
def test_two_orders_fail_though_each_sender_is_in_order(server: Server, processes: int) -> None:
    with faulty_proxy(server.address[1], "reorder") as port:
        status, verdict = run_locust(port, *in_processes(processes), seconds=5)
    assert (verdict[1], surplus(verdict)) == ("failed", 0)
    assert re.fullmatch(
        r"0 missing, 0 repeated, 0 out of order, \d+ in another order than others saw", verdict[5]
    )
    assert status == 1


@pytest.mark.parametrize("processes", [1, 2])
def test_a_connection_that_is_closed_fails(server: Server, processes: int) -> None:
    with faulty_proxy(server.address[1], "close") as port:
        status, verdict = run_locust(port, *in_processes(processes), seconds=5)
    assert verdict[1] == "failed"
    assert "1 closed unasked" in verdict[5]
    assert status == 1


@pytest.mark.parametrize("processes", [1, 2])
def test_deliveries_that_take_too_long_fail(server: Server, processes: int) -> None:
    with faulty_proxy(server.address[1], "stall") as port:
        status, verdict = run_locust(
            port, "--drain", "15", "--max-p99", "500", *in_processes(processes), seconds=5
        )
    assert verdict[1] == "failed"
    assert re.fullmatch(r"0 missing, .*; p99 of delivery [\d.]+ s, over 500 ms", verdict[5])
    assert status == 1


def test_who_and_which_is_told(server: Server) -> None:
    with faulty_proxy(server.address[1], "drop") as port, start_locust(port, "-t", "4s") as run:
        output, _ = run.communicate(timeout=DEADLINE)
    assert re.search(
        r"^    Chatter-\d+\.\d/1@lobby misses Chatter-\d+\.\d/1@lobby \d+$", output, re.M
    ), output


@pytest.mark.parametrize(
    "kinds",
    [
        ["Chatter"],
        ["Flooder"],
        ["Churner"],
        ["RoomHopper"],
        ["Bot"],
        ["Bot", "RoomHopper"],
        ["Lurker", "Chatter"],
        ["Pipe", "Lurker"],
        ["Pipe"],
        ["Vandal"],
        ["SlowReader", "Chatter"],
        ["Vandal", "Chatter"],
    ],
)
def test_users_of_each_kind_pass(start_server: StartServer, kinds: list[str]) -> None:
    server = start_server("--rate", "0")
    status, verdict = run_locust(server.address[1], "--stop-timeout", "10", *kinds)
    assert (verdict[1], verdict[5]) == ("passed", "0 missing, 0 repeated, 0 out of order")
    assert (int(verdict[3]) > 0) is (kinds != ["Vandal"])
    assert status == 0


@pytest.mark.parametrize("scenario", sorted(SCENARIOS.glob("*.conf")), ids=lambda path: path.stem)
def test_each_scenario_can_be_read_and_names_users_that_there_are(scenario: Path) -> None:
    read = subprocess.run(
        [sys.executable, "-m", "locust", "--config", str(scenario), "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    users = scenario.with_suffix(".json")
    named = json.loads(users.read_text()) if users.exists() else []
    assert {user["user_class_name"] for user in named} <= set(read.stdout.split())
    mentioned = f"config-users = loadtest/scenarios/{users.name}" in scenario.read_text()
    assert mentioned is users.exists()


def test_deliveries_are_told_by_the_kind_of_user_that_spoke(server: Server) -> None:
    with start_locust(server.address[1], "-t", "4s", "Chatter", "Pipe") as run:
        output, _ = run.communicate(timeout=DEADLINE)
    told = r"50% within [\d.]+ ms, .*, the slowest [\d.]+ m?s$"
    for line in ("delivery: ", "    said by a Chatter: ", "    said by a Pipe: "):
        assert re.search(f"^{line}{told}", output, re.M), output
    numbers = dict(re.findall(r"^DELIVERY +(Chatter|Pipe) +(\d+) +\d+\(", output, re.M))
    verdict = VERDICT.search(output)
    assert verdict
    assert sum(map(int, numbers.values())) == int(verdict[4])
    assert len(numbers) == 2


def test_users_can_be_spread_over_rooms(server: Server) -> None:
    status, verdict = run_locust(server.address[1], "--rooms", "4")
    assert_passed(status, verdict)
    users, messages, deliveries = map(int, verdict.groups()[1:4])
    assert (users, deliveries) == (USERS, messages)  # two in each room: one hears the other


def test_users_that_cannot_join_fail_the_run(start_server: StartServer) -> None:
    server = start_server("--max-clients", str(USERS - 1))
    status, verdict = run_locust(server.address[1])
    expected = "0 missing, 0 repeated, 0 out of order, 1 could not join; 1 requests failed"
    assert (verdict[1], int(verdict[2]), verdict[5]) == ("failed", USERS - 1, expected)
    assert status == 1


def test_a_run_that_ends_before_all_have_joined_fails(server: Server) -> None:
    status, verdict = run_locust(server.address[1], "-r", "1")
    assert (verdict[1], verdict[3]) == ("failed", "0")
    assert "; it ended before all users had joined" in verdict[5]
    assert status == 1


def test_a_run_in_which_nothing_is_delivered_fails(server: Server) -> None:
    status, verdict = run_locust(server.address[1], "-u", "1")
    assert (verdict[1], verdict[4]) == ("failed", "0")
    assert status == 1


@pytest.mark.parametrize("late", [0.0, 0.5])
def test_programs_that_come_back_get_what_was_said_meanwhile_once(
    start_server: StartServer, tmp_path: Path, late: float
) -> None:
    """Also if they are taken for newcomers at first, who are shown what is said by then."""
    server = start_server("--history", str(tmp_path / "chat.db"))
    with faulty_proxy(server.address[1], "close+close", late=late) as port:
        status, verdict = run_locust(port, "Returner")
    assert_passed(status, verdict)
    assert surplus(verdict) == 0
