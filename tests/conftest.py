"""Fixtures for all tests. Nothing here patches the standard library."""

import gc
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person
from tests.blackbox.operators import operator
from tests.blackbox.server import Server

StartServer = Callable[..., Server]
"""Takes what `Server` takes."""

TESTS = Path(__file__).parent

SIDE_BY_SIDE = [TESTS / folder for folder in ("unit", "checker", "blackbox", "loadtest")]
"""Folders whose tests mostly wait and measure nothing that others could disturb."""

WORKERS = 6
"""Processes that run them: three for each of two cores, since more than half of the time is
waiting."""

# How long an example takes is up to the machine, and to what else it does.
settings.register_profile("default", deadline=None)
settings.load_profile("default")

for _number in (signal.SIGINT, signal.SIGHUP):
    # Where nohup or a script's & has told this process to ignore a signal, it goes on doing so; but
    # programs that tests start get signals as in a terminal, since handlers are not inherited.
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Choose the number of processes for `-n auto`, which pyproject.toml gives.

    Single files run in this process, which starts faster; so does whatever is in a folder that
    is not in SIDE_BY_SIDE.
    """
    asked = [config.invocation_params.dir / path.partition("::")[0] for path in config.args]
    together = all(
        path.is_dir() and any(path.resolve().is_relative_to(folder) for folder in SIDE_BY_SIDE)
        for path in asked
    )
    return WORKERS if together else 0


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare what collecting the tests makes from garbage collection: half a million objects.

    They stay, and to look through them takes a third of a second each time that all garbage is
    collected, which some tests have done again and again.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)  # when only those are left that will run
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files of each folder evenly over the run.

    Each process begins with a stretch of it, and tests in `unit` compute while others mostly wait.
    Those in `loadtest` measure, and come last: when little else computes.
    """
    folders = [item.path.relative_to(TESTS).parts[0] for item in items]
    sizes, passed = Counter(folders), Counter[str]()
    begins: dict[Path, float] = {}
    for item, folder in zip(items, folders, strict=True):
        begins.setdefault(item.path, passed[folder] / sizes[folder] + (folder == "loadtest"))
        passed[folder] += 1
    items.sort(key=lambda item: begins[item.path])


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts servers with other options; at the end each must be in order (see Server.finish).

    Most are copies of a process that has loaded gchat (see copies.py). A test of how a server
    starts makes a `Server` itself.
    """
    servers: list[Server] = []

    def start(*options: str, **surroundings: object) -> Server:
        servers.append(Server(*options, may_be_copy=True, **surroundings))  # type: ignore[arg-type]
        servers[-1].wait_until_it_listens()
        return servers[-1]

    yield start
    try:
        for server in servers:
            server.finish()
    finally:
        for server in servers:
            server.dispose()


@pytest.fixture
def server(start_server: StartServer, request: pytest.FixtureRequest) -> Server:
    """A server with its default options, but for the port and those that a test is marked with."""
    marker = request.node.get_closest_marker("options")
    return start_server(*marker.args, **marker.kwargs) if marker else start_server()


@pytest.fixture
def op(server: Server) -> Person:
    """An operator of `server`, which has to be one where there can be some."""
    return operator(server)


@pytest.fixture
def bystanders(server: Server) -> Bystanders:
    """Ann and Bob, who are in the room of `server`; they talk in a `with bystanders:`."""
    return Bystanders(server)
