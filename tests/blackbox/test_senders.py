"""--sender: many are sent the same by io_uring, or one by one where there is none."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blackbox.connection import Connection
from tests.blackbox.operators import OPERATORS, operator
from tests.blackbox.server import ROOT, command, environment_with
from tests.conftest import StartServer

LISTENERS, TALKERS, LINES = 30, 3, 1500

WITHOUT = "tests.blackbox.server_without_io_uring"
REFUSED = "no io_uring here: Operation not permitted"

UNLIMITED = ("--rate", "0", "--max-per-address", "0", "--connect-rate", "0")


@pytest.mark.parametrize(
    ("options", "module", "sender"),
    [
        pytest.param((), "", "uring", id="auto"),
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
