"""The scene of an attack as a fixture, and the table of all attacks at the end of the run."""

import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.attacks.cores import bound_to, split_cores
from tests.attacks.figures import Ordeal, table
from tests.attacks.scene import Scene
from tests.blackbox.test_vanished import network as network
from tests.conftest import StartServer

LARGE_CROWD = 400
"""People who are in the room besides, so that a round has work for send threads (crew.LEAST)."""

StartScene = Callable[..., Scene]
"""Takes a server's options, and what `Scene.gather` takes, by name."""

ORDEALS = pytest.StashKey[list[Ordeal]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what is for attacks alone: `pytest tests/attacks --send-threads 1`."""
    parser.addoption(
        "--send-threads",
        type=int,
        default=0,
        metavar="N",
        help="attack servers with N send threads, on all cores and with a large crowd",
    )


@pytest.fixture
def start_scene(start_server: StartServer, pytestconfig: pytest.Config) -> Iterator[StartScene]:
    """Starts scenes: the server on a core of its own, if there are two, all others elsewhere.

    A server that is to have send threads is on all cores.
    """
    ordeals = pytestconfig.stash.setdefault(ORDEALS, [])
    servers, others = split_cores()
    surrounded, threads = dict[str, Any](), pytestconfig.getoption("send_threads", 0)
    if threads:
        servers, surrounded = servers | others, {"crowd": LARGE_CROWD}
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:

        def start(*options: str, **surroundings: Any) -> Scene:
            with bound_to(servers):
                server = start_server("--send-threads", str(threads), *options)
            if threads:
                server.expect_log(f"sender: uring, {threads} send thread")
            stack.enter_context(bound_to(others))
            scene = Scene(server, ordeals.append)
            stack.callback(scene.dismiss)
            scene.gather(**surrounded | surroundings)
            return scene

        yield start


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what the victim has measured."""
    if ordeals := config.stash.get(ORDEALS, []):
        terminalreporter.section("attacks, as the victim has measured them")
        for line in table(ordeals):
            terminalreporter.write_line(line)
