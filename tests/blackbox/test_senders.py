"""--sender: many are sent the same by io_uring, or one by one where there is none."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from gchat.runtime.cores import usable_cores
from tests.blackbox.connection import Connection
from tests.blackbox.operators import OPERATORS, operator
from tests.blackbox.server import ROOT, command, environment_with
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

LISTENERS, TALKERS, LINES = 30, 3, 1500

STOPS = 20

WITHOUT = "tests.blackbox.server_without_io_uring"
EAGER = "tests.blackbox.server_with_eager_threads"
REFUSED = "no io_uring here: Operation not permitted"

UNLIMITED = ("--rate", "0", "--max-per-address", "0", "--connect-rate", "0")


@pytest.mark.parametrize(
    ("options", "module", "sender"),
    [
        pytest.param(("--send-threads", "0"), "", "uring", id="auto"),
        pytest.param(("--send-threads", "2"), EAGER, "uring, 2 send threads", id="threads"),
        pytest.param(("--sender", "loop"), "", "loop", id="loop"),
        pytest.param((), WITHOUT, f"loop ({REFUSED})", id="forbidden"),
    ],
)
def test_everybody_gets_all_lines_once_and_in_one_order_with_each_sender(
    start_server: StartServer, options: tuple[str, ...], module: str, sender: str
) -> None:
    server = start_server(*UNLIMITED, *options, module=module, environment=OPERATORS)
    assert f"sender: {sender}\n" in server.log()
    op = operator(server)
    op.say("/stats")
    assert op.expect(" * Sender: ") == f" * Sender: {sender}"
    listeners, talkers = server.people(LISTENERS), server.people(TALKERS)
    with ThreadPoolExecutor(LISTENERS + TALKERS) as pool:
        heard = [pool.submit(listen, each) for each in listeners]
        for number, talker in enumerate(talkers):
            lines = (f"line {number} {count}" for count in range(LINES))
            pool.submit(talker.say, *lines, "over")
        orders = [each.result() for each in heard]
    assert orders == [orders[0]] * LISTENERS
    for number in range(TALKERS):
        of_one = [line.split()[-1] for line in orders[0] if f": line {number} " in line]
        assert of_one == list(map(str, range(LINES)))


def test_the_default_is_a_thread_for_each_core_besides_the_loops(
    start_server: StartServer,
) -> None:
    """As many as there are, of which the system may give us just one."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        server = start_server()
    finally:
        os.sched_setaffinity(0, cores)
    assert "sender: uring\n" in server.log()
    shown = {1: "", 2: ", 1 send thread"}.get(usable_cores())
    if shown is not None:
        assert f"sender: uring{shown}\n" in start_server().log()


def test_a_server_that_is_stopped_while_it_sends_and_goes_on_loses_nothing(
    start_server: StartServer,
) -> None:
    server = start_server(*UNLIMITED, "--send-threads", "2", module=EAGER)
    process = psutil.Process(server.process.pid)
    listeners, (talker,) = server.people(LISTENERS), server.people(1)
    with ThreadPoolExecutor(LISTENERS) as pool:
        heard = [pool.submit(each.messages_until, ": over") for each in listeners]
        for stop in range(STOPS):
            talker.say(*(str(stop * LINES + number) for number in range(LINES)))
            server.signal(signal.SIGSTOP)
            wait_until(lambda: process.status() == psutil.STATUS_STOPPED, "it is stopped")
            server.signal(signal.SIGCONT)
        talker.say("over")
        for each in heard:
            numbers = [int(line.split(": ")[1]) for line in each.result()]
            assert numbers == list(range(STOPS * LINES))


def listen(listener: Connection) -> list[str]:
    """All that is said, until all talkers have said that it is over."""
    found = list[str]()
    for _ in range(TALKERS):
        found += listener.messages_until(": over")
    return found


def test_a_sender_that_is_asked_for_and_cannot_be_had_is_a_reason_not_to_start() -> None:
    ended = subprocess.run(
        command("--port", "0", "--sender", "uring", module=WITHOUT),
        cwd=ROOT,
        env=environment_with(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"gchat: --sender uring: {REFUSED}; --sender auto does without it\n"
